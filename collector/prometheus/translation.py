"""From Prometheus' names to the metrics and attributes that SLOs name.

An SLO may name a metric as Prometheus has it (`orders_total`) or as OpenTelemetry has it (`http.server.request.duration`,
`orders`): the name is looked for as it stands, and as OpenTelemetry's exporters write it: dots and the like become underscores, a unit
and `_total` may follow. Source: OpenTelemetry, "Prometheus and OpenMetrics compatibility".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import xxhash

from ..columns import Wanted
from ..names import HEARTBEAT
from .labels import BOUNDARY, INSTANCE, JOB, NAME, REPLICAS, Labels, target_resource

BUCKET: Final = "_bucket"
TOTAL: Final = "_total"
UP: Final = "up"
MILLISECONDS: Final = "_milliseconds"
UNITS: Final = ("", "_seconds", MILLISECONDS, "_bytes", "_ratio")

_NATIVE: Final = b"native"
_THOUSAND: Final = 1000.0
_NOT_IN_NAMES: Final = re.compile(r"[^a-zA-Z0-9_:]+")


class SeriesKind(Enum):
    """What a series' values are: a counter, one bucket of a classic histogram, native histograms, a gauge, a target's health."""

    COUNTER = "counter"
    BUCKET = "bucket"
    NATIVE = "native"
    GAUGE = "gauge"
    UP = "up"


@dataclass(frozen=True, slots=True, eq=False)
class TranslatedSeries:
    """One series that matters, in this house's words. All buckets of one histogram are parts of one `member`, told apart by `boundary`.

    A native histogram's member begins with the same 16 bytes as that of the classic one it may be sent beside.

    `family` is the same for all series of one metric of one target; `milliseconds` says that boundaries are to become seconds.
    """

    labels: Labels
    kind: SeriesKind
    name: str
    resource: Mapping[str, str]
    attributes: Mapping[str, str]
    family: bytes
    member: bytes
    boundary: float = 0.0
    milliseconds: bool = False
    replicated: bool = False

    @property
    def stream(self) -> int:
        """The number of its member's stream."""
        return int.from_bytes(self.member[:8], signed=True)

    def in_seconds(self, bounds: tuple[float, ...]) -> tuple[float, ...]:
        """Boundaries of its histograms as SLOs have them."""
        return tuple(bound / _THOUSAND for bound in bounds) if self.milliseconds else bounds


class Translation:
    """Finds the series that `wanted` asks for. The same wanted gives the same answers."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._metrics = _spelled(wanted.metrics)
        self._attributes: dict[str, list[str]] = {}
        for attribute in sorted(wanted.attributes):
            for label in {attribute, _spell(attribute)}:
                self._attributes.setdefault(label, []).append(attribute)

    def asks(self, name: str) -> bool:
        """Whether any series of that name matters."""
        return name in self._metrics or name.removesuffix(BUCKET) in self._metrics

    def series(self, labels: Labels, *, native: bool = False, gauge: bool = False) -> TranslatedSeries | None:
        """The series with these labels, `native` where it holds native histograms; None where nobody asks for it."""
        told = dict(labels)
        spelled, kind = told[NAME], SeriesKind.NATIVE if native else SeriesKind.COUNTER
        if spelled == UP and JOB in told:
            return self._made(labels, told, SeriesKind.UP, HEARTBEAT, "")
        name = self._metrics.get(spelled)
        if name == HEARTBEAT:
            kind = SeriesKind.GAUGE
        elif name is None and spelled.endswith(BUCKET) and BOUNDARY in told:
            spelled, kind = spelled.removesuffix(BUCKET), SeriesKind.BUCKET
            name = self._metrics.get(spelled)
        if name is None or (gauge and name != HEARTBEAT):
            return None
        return self._made(labels, told, kind, name, spelled)

    def _made(
        self, labels: Labels, told: Mapping[str, str], kind: SeriesKind, name: str, spelled: str
    ) -> TranslatedSeries | None:
        boundary = _boundary(told[BOUNDARY]) if kind is SeriesKind.BUCKET else 0.0
        if boundary is None:
            return None
        resource = target_resource(told.get(JOB, ""), told.get(INSTANCE, ""))
        of_family = (NAME, spelled), *sorted(resource.items())
        apart = {BOUNDARY, *REPLICAS} if kind is SeriesKind.BUCKET else REPLICAS
        of_member = (
            *((label, value) for label, value in labels if label not in apart and label != NAME),
            (NAME, spelled),
        )
        return TranslatedSeries(
            labels,
            kind,
            name,
            resource,
            {attribute: value for label, value in labels for attribute in self._attributes.get(label, ())},
            _digest(of_family),
            _digest(of_member) + (_NATIVE if kind is SeriesKind.NATIVE else b""),
            boundary,
            spelled.endswith(MILLISECONDS),
            not REPLICAS.isdisjoint(told),
        )


def _spelled(metrics: Iterable[str]) -> dict[str, str]:
    """The metrics by every name Prometheus may have for them; a name that is asked for as it stands means itself."""
    found: dict[str, str] = {}
    for metric in sorted(metrics):
        for unit in UNITS:
            spelled = _spell(metric)
            found.setdefault(f"{spelled}{unit}", metric)
            if not spelled.endswith(TOTAL):
                found.setdefault(f"{spelled}{unit}{TOTAL}", metric)
    return found | {metric: metric for metric in metrics}


def _spell(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name)


def _boundary(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _digest(pairs: Iterable[tuple[str, str]]) -> bytes:
    return xxhash.xxh3_128_digest(repr(tuple(pairs)).encode("utf-8", "surrogatepass"))
