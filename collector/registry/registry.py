"""Which SLOs there are: those of files, those that services declare of themselves, and the two that every service heard gets by itself.

An SLO's counts stand under its name: a file's SLO takes over those of the declared or automatic one of that name, and hands them back;
so does a declared one with the automatic one of its service. For its
first minute of counting an automatic SLO counts metrics and spans apart, shows metrics if there are any, and is then pinned to one.
Work that is no request stands in for a service that serves none; its first request makes it choose anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from ...slo import CLASSIFYING_KEYS, SLI, SLO, SPANS
from ..ledger.part import Part
from .automatic import automatic_slos
from .catalogue import Catalogue
from .declarations import Declaration, Declarations
from .declared_slo import DeclarationRefused, Declared
from .rows import RowKey, SloRows
from .services import KnownService, Services

_AUTOMATIC: Final = tuple(slo.name for slo in automatic_slos(""))
"""What the names of automatic SLOs end with."""


class Judge(NamedTuple):
    """An indicator and the row its events are counted in."""

    sli: SLI
    row: int


class Registry:
    """All SLOs and the services heard. Changes are staged; `catalogue` and `wanted` are of what is committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._files: dict[str, SLO] = {}
        self._staged_files: dict[str, SLO] | None = None
        self._services = Services(connection)
        self._rows = SloRows(connection)
        self._declared = Declarations(connection)
        self._parts: tuple[Part, ...] = (self._declared, self._services, self._rows)
        self._judges: dict[str, tuple[Judge, ...]] = {}
        self._by_service: dict[str, list[SLO]] = {}
        self.catalogue = Catalogue(0, (), {}, frozenset())
        self.wanted: frozenset[str] = CLASSIFYING_KEYS
        self._publish()

    def __len__(self) -> int:
        """How many services were heard and taken."""
        return len(self._services.kept)

    def declare(self, slos: tuple[SLO, ...]) -> None:
        """Stages the SLOs of files, in place of those declared before."""
        self._staged_files = {slo.name: slo for slo in slos}
        self._judges.clear()
        self._sort(slos)
        for slo in slos:
            if slo.name not in self._files:
                # The count of the signal it is of, which an automatic SLO began and is not pinned to yet, goes over to it.
                self._rows.let_win(slo.name, slo.sli.signal)
            self._rows.of(slo.name)
        # Requests of the same transaction are judged by the new SLOs already.
        self.wanted |= _keys(slos)

    def promise(self, service: str, version: str, declared: Declared, now: float) -> None:
        """Stages that a service declares an objective of its own. Raises `DeclarationRefused`."""
        if self._is_anothers(declared.name, service):
            raise DeclarationRefused("taken", f"{declared.name} is the automatic SLO of another service")
        if not self.hear(service, now):  # it would never retire
            raise DeclarationRefused("too_many", "there is no room for another service")
        if changed := self._declared.hear(service, version, declared, now):
            self._rows.of(declared.name)
            self._judge_anew(changed)
            self.wanted |= _keys([self._declared.holding[declared.name].slo])

    def expire(self, heard: Mapping[str, float], listening: float, now: float) -> None:
        """Stages the going of what services do not declare any more; see `Declarations.expire`."""
        before = self._declared.holding
        if changed := self._declared.expire(heard, listening, now):
            self._let_go(before)
            self._judge_anew(changed)

    def hear(
        self, service: str, now: float, *, metrics: bool = False, spans: bool = False, segments: bool = False
    ) -> bool:
        """Stages that a service sent something, and whether it sent what counts. False when there is no room for a new service."""
        known = self._services.get(service)
        if known is None:
            if not self._services.has_room(service):
                return False
            known = KnownService(service, now, heard=now)
            self._put(known)
            self._oust(service)
        self._services.hear(service, now)
        heard = known.served(now, metrics=metrics, spans=spans, segments=segments)
        if heard is not known:
            self._put(heard)
        return True

    def hear_work(self, service: str, signal: str, now: float) -> None:
        """Stages that a service sent durations of messages or operations."""
        known = self._services.get(service) if self.hear(service, now) else None
        if known is not None and (heard := known.worked(signal, now)) is not known:
            self._put(heard)

    def sends_spans(self, service: str) -> bool:
        """Whether a service ever sent OTLP spans that count, as the open transaction sees it."""
        known = self._services.get(service)
        return known is not None and known.spans

    def settle(self, now: float) -> None:
        """Stages the pinning of every service whose minute is over: all its counts but one go."""
        for service in self._services:
            if (settled := service.settled(now)) is not service:
                self._put(settled)
                for slo in automatic_slos(service.name):
                    if not self._is_written(slo.name):
                        self._rows.let_win(slo.name, settled.signal)
                    self._rows.remove_candidates(slo.name)

    def retire(self, heard: Mapping[str, float], before: float, now: float) -> list[str]:
        """Stages the going of all services last heard before that second, and returns their names; `heard` knows of further signs of life.

        Their automatic SLOs go, and the counts of these that no SLO of a file shows.
        """
        self._services.date(heard, now)
        gone = self._services.unheard(before)
        holding = self._declared.holding
        for name in gone:
            self._services.remove(name)
            self._judge_anew([name, *self._declared.retire(name)])
            for slo in automatic_slos(name):
                self._rows.remove_candidates(slo.name)
                if slo.name not in self._in_files:
                    self._rows.remove(slo.name)
        self._let_go(holding)
        return gone

    def judges(self, service: str) -> tuple[Judge, ...]:
        """Every indicator of a service, with the row it counts in, as the open transaction sees it."""
        found = self._judges.get(service)
        if found is None:
            found = self._judges[service] = tuple(self._judges_of(service))
        return found

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return self._staged_files is not None or any(part.changed for part in self._parts)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes services, what they declare and the names of rows."""
        for part in self._parts:
            part.write(connection)

    def keep(self) -> None:
        """What was staged is true now."""
        if self.changed:
            self._files = self._in_files
            self._staged_files = None
            for part in self._parts:
                part.keep()
            self._publish()

    def forget(self) -> None:
        """What was staged never was."""
        if self.changed:
            self._staged_files = None
            for part in self._parts:
                part.forget()
            self._judges.clear()
            self._sort(self._files.values())
            self.wanted = self._keys_of_all()

    @property
    def _in_files(self) -> dict[str, SLO]:
        return self._files if self._staged_files is None else self._staged_files

    def _is_written(self, name: str) -> bool:
        """Whether somebody wrote down an SLO of that name, in a file or in a service's code."""
        return name in self._in_files or name in self._declared.holding

    def _is_anothers(self, name: str, service: str) -> bool:
        """Whether a name is that of the automatic SLO of another service that was heard."""
        owner = next((name[: -len(end)] for end in _AUTOMATIC if name.endswith(end)), None)
        return owner is not None and owner != service and self._services.get(owner) is not None

    def _oust(self, service: str) -> None:
        """What others declared under the names of a new service's automatic SLOs goes, with its counts."""
        names = {slo.name for slo in automatic_slos(service)} & self._declared.holding.keys()
        self._judge_anew(self._declared.oust(names, service))
        for name in names:
            if not self._is_written(name):
                self._rows.remove(name)

    def _judge_anew(self, services: Iterable[str]) -> None:
        for service in services:
            self._judges.pop(service, None)

    def _put(self, service: KnownService) -> None:
        self._services.put(service)
        self._judge_anew([service.name])

    def _let_go(self, before: Mapping[str, Declaration]) -> None:
        """Counts that no SLO shows any more go; an automatic SLO that was replaced has its own again."""
        for name, one in before.items():
            service = one.slo.sli.service
            automatic = self._services.get(service) is not None and name in {
                slo.name for slo in automatic_slos(service)
            }
            if not (self._is_written(name) or automatic):
                self._rows.remove(name)

    def _judges_of(self, service: str) -> list[Judge]:
        declared = [slo for slo in self._declared.of(service) if slo.name not in self._in_files]
        judges = [Judge(slo.sli, self._rows.of(slo.name)) for slo in (*self._by_service.get(service, ()), *declared)]
        heard = self._services.get(service)
        if heard is None:
            return judges
        judges += self._automatic(service, heard.pinned) if heard.pinned else self._undecided(service)
        if heard.signal == heard.work and not heard.pinned:
            judges += self._automatic(service, heard.work, candidate=heard.work)
        return judges

    def _automatic(self, service: str, signal: str, candidate: str = "") -> list[Judge]:
        """What judges a service by its automatic SLOs of a signal."""
        slos = [slo for slo in automatic_slos(service, signal) if not self._is_written(slo.name)]
        return [Judge(slo.sli, self._rows.of(slo.name, candidate)) for slo in slos]

    def _undecided(self, service: str) -> list[Judge]:
        """What judges a service by its automatic SLOs in its first minute: metrics and spans apart."""
        metrics = [slo for slo in automatic_slos(service) if not self._is_written(slo.name)]
        return [
            judge
            for slo in metrics
            for judge in (
                Judge(slo.sli, self._rows.of(slo.name)),
                Judge(replace(slo.sli, signal=SPANS), self._rows.of(slo.name, SPANS)),
            )
        ]

    def _sort(self, slos: Iterable[SLO]) -> None:
        self._by_service = {}
        for slo in slos:
            self._by_service.setdefault(slo.sli.service, []).append(slo)

    def _publish(self) -> None:
        """What everybody may know: SLOs of files, those declared, and automatic ones whose names nobody else took."""
        kept = self._rows.kept
        slos = list(self._files.values())
        slos += [
            one.slo for name, one in self._declared.holding.items() if name not in self._files and RowKey(name) in kept
        ]
        rows = {slo.name: kept[RowKey(slo.name)] for slo in slos}
        settled = set(rows)
        for service in self._services.kept.values():
            for slo in automatic_slos(service.name, service.signal):
                row = None if slo.name in rows else self._shown(slo.name, service)
                if row is not None:
                    slos.append(slo)
                    rows[slo.name] = row
                    if service.pinned or service.metrics:
                        settled.add(slo.name)
        self.catalogue = Catalogue(
            self.catalogue.version + 1, tuple(slos), rows, frozenset(settled), dict(self._declared.holding)
        )
        self.wanted = self._keys_of_all()

    def _keys_of_all(self) -> frozenset[str]:
        return _keys([*self._files.values(), *(one.slo for one in self._declared.holding.values())])

    def _shown(self, name: str, service: KnownService) -> int | None:
        """The row an automatic SLO shows: until it is pinned, that of the candidate it would be pinned to."""
        candidate = None if service.pinned else self._rows.kept.get(RowKey(name, service.signal))
        return self._rows.kept.get(RowKey(name)) if candidate is None else candidate


def _keys(slos: Iterable[SLO]) -> frozenset[str]:
    return CLASSIFYING_KEYS.union(*(slo.sli.keys for slo in slos))
