"""What judges the events of a service: every indicator of its SLOs, and the rows that events count in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from ...slo import SLI, SLO, SPANS, Attributes
from .automatic import automatic_slos
from .claims import Claims
from .groups import SloGroups
from .rows import SloRows
from .services import Services
from .template_groups import TemplateGroups


class Judge(NamedTuple):
    """An indicator and the row its events are counted in; of a template also who knows the rows of its groups."""

    sli: SLI
    row: int
    groups: TemplateGroups | None = None

    def rows(self, labels: Attributes) -> tuple[int, ...]:
        """The rows that an event with these attributes counts in."""
        return (self.row,) if self.groups is None else (self.row, *self.groups.of(labels))


class Judges:
    """The judges of every service, as the open transaction sees them: made when they are asked for, and the same until told otherwise."""

    def __init__(self, claims: Claims, services: Services, groups: SloGroups, rows: SloRows) -> None:
        self._claims = claims
        self._services = services
        self._groups = groups
        self._rows = rows
        self._known: dict[str, tuple[Judge, ...]] = {}

    def of(self, service: str) -> tuple[Judge, ...]:
        """Every indicator of a service, with the row it counts in."""
        found = self._known.get(service)
        if found is None:
            found = self._known[service] = tuple(self._made(service))
        return found

    def anew(self, services: Iterable[str]) -> None:
        """Something about the SLOs of these services changed."""
        for service in services:
            self._known.pop(service, None)

    def clear(self) -> None:
        """Anything may have changed."""
        self._known.clear()

    def _made(self, service: str) -> Iterator[Judge]:
        yield from map(self._written, self._claims.of(service))
        heard = self._services.get(service)
        if heard is not None:
            yield from self._automatic(service, heard.pinned) if heard.pinned else self._undecided(service)
            if heard.signal == heard.work and not heard.pinned:
                yield from self._automatic(service, heard.work, candidate=heard.work)

    def _written(self, slo: SLO) -> Judge:
        groups = TemplateGroups(slo, self._groups, self._rows, self._claims) if slo.group_by else None
        return Judge(slo.sli, self._rows.of(slo.name), groups)

    def _automatic(self, service: str, signal: str, candidate: str = "") -> Iterator[Judge]:
        """What judges a service by its automatic SLOs of a signal."""
        for slo in automatic_slos(service, signal):
            if not self._claims.is_written(slo.name):
                yield Judge(slo.sli, self._rows.of(slo.name, candidate))

    def _undecided(self, service: str) -> Iterator[Judge]:
        """What judges a service by its automatic SLOs in its first minute: metrics and spans apart."""
        for slo in automatic_slos(service):
            if not self._claims.is_written(slo.name):
                yield Judge(slo.sli, self._rows.of(slo.name))
                yield Judge(replace(slo.sli, signal=SPANS), self._rows.of(slo.name, SPANS))
