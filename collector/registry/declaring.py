"""The gauge by which services declare objectives, from an export's points to the registry; what is refused is counted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge

from ...slo import Attributes
from .. import names
from ..columns import PointKind, Points
from ..remembered import Remembered
from ..senders.origin import SenderOrigin
from .declared_slo import DeclarationRefused, Declared
from .registry import Registry

MOST_POINTS: Final = 2_000
"""Points of one export that are read; the others are refused."""

MOST_KNOWN: Final = 2_000
LONGEST_VERSION: Final = 200

_LOG: Final = logging.getLogger("fournines.collector")


class Declaring:
    """Reads what is declared. Used by the writing thread."""

    def __init__(self, registry: Registry, metrics: CollectorRegistry) -> None:
        self._registry = registry
        self._read = Remembered(_read, MOST_KNOWN)
        self._told: set[tuple[str, str]] = set()
        self._refused = Counter(
            names.DECLARATIONS_REFUSED,
            "Objectives declared by services that were refused",
            ("reason",),
            registry=metrics,
        )
        gauge = Gauge(names.DECLARED_SLOS, "SLOs that services declare of themselves", registry=metrics)
        gauge.set_function(lambda: len(registry.catalogue.declared))

    def stage(self, points: Points, origins: Sequence[SenderOrigin], received: float) -> None:
        """Stages the objectives that an export declares."""
        if names.DECLARED not in points.names:
            return
        named = points.name == points.names.index(names.DECLARED)
        rows = np.flatnonzero(named & (points.kind == PointKind.GAUGE) & (points.value > 0))
        if len(rows) > MOST_POINTS:
            self._refuse("", DeclarationRefused("too_many", f"more than {MOST_POINTS} points"), len(rows) - MOST_POINTS)
        by_name: dict[tuple[int, str], list[Declared]] = {}
        for row in rows[:MOST_POINTS].tolist():
            resource = int(points.resource[row])
            found = self._read.of(points.labels[points.label[row]])
            if isinstance(found, DeclarationRefused):
                self._refuse(origins[resource].service, found)
            else:
                by_name.setdefault((resource, found.name), []).append(found)
        for (resource, _), parts in by_name.items():
            self._stage(origins[resource].service, _version(points.resources[resource]), parts, received)

    def _stage(self, service: str, version: str, parts: list[Declared], received: float) -> None:
        try:
            self._registry.promise(service, version, parts[0].joined(parts[1:]), received)
        except DeclarationRefused as refused:
            self._refuse(service, refused)

    def _refuse(self, service: str, refused: DeclarationRefused, count: int = 1) -> None:
        """Counts it, and says it once a service and reason, so that a flood of them is none of lines."""
        self._refused.labels(refused.reason).inc(count)
        if len(self._told) < MOST_KNOWN and (service, refused.reason) not in self._told:
            self._told.add((service, refused.reason))
            _LOG.warning("an objective that %.200r declares is refused (%s): %s", service, refused.reason, refused)


def _read(labels: Attributes) -> Declared | DeclarationRefused:
    try:
        return Declared.read(labels)
    except DeclarationRefused as refused:
        return refused


def _version(resource: Attributes) -> str:
    return str(resource.get(names.SERVICE_VERSION, ""))[:LONGEST_VERSION]
