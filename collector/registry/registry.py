"""Which SLOs there are: those of files, those that services declare of themselves, and the two that every service heard gets by itself.

An SLO's counts stand under its name: a file's SLO takes over those of the declared or automatic one of that name, and hands them back;
so does a declared one with the automatic one of its service. For its
first minute of counting an automatic SLO counts metrics and spans apart, shows metrics if there are any, and is then pinned to one.
Work that is no request stands in for a service that serves none; its first request makes it choose anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from ...slo import CLASSIFYING_KEYS, SLO
from ..columns import IntColumn
from ..ledger.part import Part
from ..records.corrections import Corrections
from .automatic import automatic_slos
from .catalogue import Catalogue
from .claims import Claims
from .declarations import Declarations
from .declared_slo import DeclarationRefused, Declared
from .groups import SloGroups
from .judges import Judge, Judges
from .rows import RowKey, SloRows
from .services import KnownService, Services


class Registry:
    """All SLOs and the services heard. Changes are staged; `catalogue` and `wanted` are of what is committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._services = Services(connection)
        self._rows = SloRows(connection)
        self._declared = Declarations(connection)
        self.groups = SloGroups(connection)
        self.corrections = Corrections(connection)
        self._parts: tuple[Part, ...] = (self._declared, self._services, self.groups, self._rows, self.corrections)
        self._claims = Claims(self.groups, self._declared, self._services)
        self._judges = Judges(self._claims, self._services, self.groups, self._rows)
        self.catalogue = Catalogue(0, (), {}, frozenset())
        self.wanted: frozenset[str] = CLASSIFYING_KEYS
        self._publish()

    def __len__(self) -> int:
        """How many services were heard and taken."""
        return len(self._services.kept)

    def declare(self, slos: tuple[SLO, ...]) -> None:
        """Stages the SLOs of files, in place of those declared before."""
        self._claims.declare(slos)
        self._judges.clear()
        for slo in slos:
            if slo.name not in self._claims.kept:
                # The count of the signal it is of, which an automatic SLO began and is not pinned to yet, goes over to it.
                self._rows.let_win(slo.name, slo.sli.signal)
            self._rows.of(slo.name)
        # Requests of the same transaction are judged by the new SLOs already.
        self.wanted |= _keys(slos)

    def promise(self, service: str, version: str, declared: Declared, now: float) -> None:
        """Stages that a service declares an objective of its own. Raises `DeclarationRefused`."""
        if self._claims.is_automatic(declared.name, but=service):
            raise DeclarationRefused("taken", f"{declared.name} is the automatic SLO of another service")
        if not self.hear(service, now):  # it would never retire
            raise DeclarationRefused("too_many", "there is no room for another service")
        if changed := self._declared.hear(service, version, declared, now):
            self._rows.of(declared.name)
            self._judges.anew(changed)
            self.wanted |= _keys([self._declared.holding[declared.name].slo])

    def expire(self, heard: Mapping[str, float], listening: float, now: float) -> None:
        """Stages the going of what services do not declare any more; see `Declarations.expire`."""
        before = self._declared.holding
        if changed := self._declared.expire(heard, listening, now):
            self._let_go(before)
            self._judges.anew(changed)

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
                    if not self._claims.is_written(slo.name):
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
            self._judges.anew([name, *self._declared.retire(name)])
            for slo in automatic_slos(name):
                self._rows.remove_candidates(slo.name)
                if not self._claims.is_in_files(slo.name):
                    self._rows.remove(slo.name)
        self._let_go(holding)
        return gone

    def retire_groups(self, events: IntColumn, before: float, least: int, now: float) -> list[str]:
        """Stages the going of groups that nothing counts of any more, and returns their names; see `SloGroups.date` and `unheard`."""
        self.groups.date({key.name: row for key, row in self._rows.kept.items() if not key.candidate}, events, now)
        gone = self.groups.unheard(self._claims.files, before, least)
        for name in gone:
            self.groups.remove(name)
        self._let_go(gone)
        if gone:  # what found no room may find some now
            self._judges.clear()
        return gone

    def judges(self, service: str) -> tuple[Judge, ...]:
        """Every indicator of a service, with the row it counts in, as the open transaction sees it."""
        return self._judges.of(service)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return self._claims.changed or any(part.changed for part in self._parts)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes services, what they declare and the names of rows."""
        for part in self._parts:
            part.write(connection)

    def keep(self) -> None:
        """What was staged is true now."""
        if self.changed:
            self._claims.keep()
            for part in self._parts:
                part.keep()
            self._publish()

    def forget(self) -> None:
        """What was staged never was."""
        if self.changed:
            self._claims.forget()
            for part in self._parts:
                part.forget()
            self._judges.clear()
            self.wanted = self._keys_of_all()

    def _oust(self, service: str) -> None:
        """What others declared under the names of a new service's automatic SLOs goes, with its counts."""
        names = {slo.name for slo in automatic_slos(service)} & self._declared.holding.keys()
        self._judges.anew(self._declared.oust(names, service))
        for name in names:
            if not self._claims.is_written(name):
                self._rows.remove(name)

    def _put(self, service: KnownService) -> None:
        self._services.put(service)
        self._judges.anew([service.name])

    def _let_go(self, names: Iterable[str]) -> None:
        """Counts that no SLO shows any more go; an automatic SLO that was replaced has its own again."""
        for name in names:
            if not (self._claims.is_written(name) or self._claims.is_automatic(name)):
                self._rows.remove(name)

    def _publish(self) -> None:
        """What everybody may know: SLOs of files, those declared, and automatic ones whose names nobody else took."""
        kept = self._rows.kept
        slos = list(self.groups.published(self._claims.kept))
        names = {slo.name for slo in slos}
        slos += [one.slo for name, one in self._declared.holding.items() if name not in names and RowKey(name) in kept]
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
            self.catalogue.version + 1,
            tuple(map(self.corrections.corrected, slos)),
            rows,
            frozenset(settled),
            dict(self._declared.holding),
            self.corrections.kept,
        )
        self.wanted = self._keys_of_all()

    def _keys_of_all(self) -> frozenset[str]:
        return _keys([*self._claims.kept.values(), *(one.slo for one in self._declared.holding.values())])

    def _shown(self, name: str, service: KnownService) -> int | None:
        """The row an automatic SLO shows: until it is pinned, that of the candidate it would be pinned to."""
        candidate = None if service.pinned else self._rows.kept.get(RowKey(name, service.signal))
        return self._rows.kept.get(RowKey(name)) if candidate is None else candidate


def _keys(slos: Iterable[SLO]) -> frozenset[str]:
    return CLASSIFYING_KEYS.union(*(slo.keys for slo in slos))
