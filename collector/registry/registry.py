"""Which SLOs there are: those of files, those that services declare of themselves, and the two that every service heard gets by itself.

An SLO's counts stand under its name: a file's SLO takes over those of the declared or automatic one of that name, and hands them back;
so does a declared one with the automatic one of its service. For its
first minute of counting an automatic SLO counts metrics and spans apart, shows metrics if there are any, and is then pinned to one.
Work that is no request stands in for a service that serves none; its first request makes it choose anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, NamedTuple

from ...slo import (
    CLASSIFYING_KEYS,
    DAY,
    MESSAGE_DURATION,
    SLI,
    SLO,
    SPANS,
)
from ..ledger.staged import Staged
from .automatic import CANDIDATES, WORK, Service, automatic_slos
from .declarations import Declaration, Declarations
from .declared_slo import Declared, Refused

MOST_SERVICES: Final = 1_000
LONGEST_NAME: Final = 200
_AUTOMATIC: Final = tuple(slo.name for slo in automatic_slos(""))
"""What the names of automatic SLOs end with."""

PINNED_AFTER: Final = 60.0
"""Seconds from a service's first counted export until its automatic SLOs keep to one signal."""


class RowKey(NamedTuple):
    """Names the counts of an SLO. `candidate` is empty, or one of CANDIDATES: a further count an automatic SLO keeps until it is pinned."""

    name: str
    candidate: str = ""


class Judge(NamedTuple):
    """An indicator and the row its events are counted in."""

    sli: SLI
    row: int


@dataclass(frozen=True)
class Catalogue:
    """The SLOs at one moment, files' first and in their order. `version` changes whenever anything in it does.

    `rows` says in which row an SLO's events are counted. An SLO that is not `settled` may still go over to another row. `declared` is
    what services declare, also where a file has an SLO of that name.
    """

    version: int
    slos: tuple[SLO, ...]
    rows: Mapping[str, int]
    settled: frozenset[str]
    declared: Mapping[str, Declaration] = field(default_factory=dict)

    @cached_property
    def names(self) -> Mapping[int, str]:
        """SLOs by row."""
        return {row: name for name, row in self.rows.items()}

    @cached_property
    def services(self) -> Mapping[str, str]:
        """The service that sends each SLO's events: a caller, where callers measure what another service promised."""
        return {slo.name: slo.sli.service for slo in self.slos}


def _keys(slos: Iterable[SLO]) -> frozenset[str]:
    return CLASSIFYING_KEYS.union(*(slo.sli.keys for slo in slos))


class Registry:
    """All SLOs and the services heard. Changes are staged; `catalogue` and `wanted` are of what is committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._files: dict[str, SLO] = {}
        self._staged_files: dict[str, SLO] | None = None
        self._services: Staged[str, Service] = Staged(
            (name, Service(name, first, counted, bool(metrics), bool(spans), pinned, bool(segments), heard, work))
            for name, first, counted, metrics, spans, pinned, segments, heard, work in connection.execute(
                "SELECT * FROM service"
            )
        )
        self._rows: Staged[RowKey, int] = Staged(
            (RowKey(name, candidate), row)
            for row, name, candidate in connection.execute("SELECT id, name, candidate FROM slo")
        )
        highest = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'slo'").fetchone()
        self._next = int(highest[0]) + 1 if highest else 1
        self.declared = Declarations(connection)
        self._judges: dict[str, tuple[Judge, ...]] = {}
        self._heard: dict[str, float] = {}
        """When each service was heard last, as the open transaction sees it, since the start."""
        self._by_service: dict[str, list[SLO]] = {}
        self.catalogue = Catalogue(0, (), {}, frozenset())
        self.wanted: frozenset[str] = CLASSIFYING_KEYS
        self._publish()

    def names(self, rows: Iterable[int]) -> frozenset[str]:
        """The SLOs whose events are counted in these rows."""
        names = self.catalogue.names
        return frozenset(names[row] for row in rows if row in names)

    def __len__(self) -> int:
        """How many services were heard and taken."""
        return len(self._services.kept)

    def declare(self, slos: tuple[SLO, ...]) -> None:
        """Stages the SLOs of files, in place of those declared before."""
        self._staged_files = {slo.name: slo for slo in slos}
        self._judges.clear()
        self._sort(slos)
        for slo in slos:
            self._take_over(slo)
            self._row(RowKey(slo.name))
        # Requests of the same transaction are judged by the new SLOs already.
        self.wanted |= _keys(slos)

    def promise(self, service: str, version: str, declared: Declared, now: float) -> None:
        """Stages that a service declares an objective of its own. Raises `Refused`."""
        if self._is_anothers(declared.name, service):
            raise Refused("taken", f"{declared.name} is the automatic SLO of another service")
        if not self.hear(service, metrics=False, spans=False, now=now):  # it would never retire
            raise Refused("too_many", "there is no room for another service")
        if changed := self.declared.hear(service, version, declared, now):
            self._row(RowKey(declared.name))
            self._redeclared(changed)
            self.wanted |= _keys([self.declared.holding[declared.name].slo])

    def expire(self, heard: Mapping[str, float], listening: float, now: float) -> None:
        """Stages the going of what services do not declare any more; see `Declarations.expire`."""
        before = self.declared.holding
        if changed := self.declared.expire(heard, listening, now):
            self._let_go(before)
            self._redeclared(changed)

    def hear(self, service: str, *, metrics: bool, spans: bool, now: float, segments: bool = False) -> bool:
        """Stages that a service sent something, and whether it sent what counts. False when there is no room for a new service."""
        known = self._services.get(service)
        if known is None:
            if len(self._services) >= MOST_SERVICES or len(service) > LONGEST_NAME:
                return False
            known = Service(service, now, heard=now)
            self._services.put(service, known)
            self._judges.pop(service, None)
            self._oust(service)
        self._heard[service] = now
        if known.metrics >= metrics and known.spans >= spans and known.segments >= segments:
            return True
        counted, pinned = now if known.counted is None else known.counted, known.pinned
        if pinned in WORK:  # it does serve requests
            counted, pinned = now, None
        heard = replace(known, metrics=known.metrics or metrics, spans=known.spans or spans)
        self._put(replace(heard, counted=counted, pinned=pinned, segments=known.segments or segments))
        return True

    def hear_work(self, service: str, signal: str, now: float) -> None:
        """Stages that a service sent durations of messages or operations. Messages stand above operations."""
        if not self.hear(service, metrics=False, spans=False, now=now):
            return
        known = self._services.get(service)
        if known is not None and known.pinned is None and known.work not in (signal, MESSAGE_DURATION):
            self._put(replace(known, work=signal, counted=now if known.counted is None else known.counted))

    def sends_spans(self, service: str) -> bool:
        """Whether a service ever sent OTLP spans that count, as the open transaction sees it."""
        known = self._services.get(service)
        return known is not None and known.spans

    def settle(self, now: float) -> None:
        """Stages the pinning of every service whose minute is over."""
        for _, service in list(self._services.items()):
            if service.pinned is None and service.counted is not None and now >= service.counted + PINNED_AFTER:
                self._put(replace(service, pinned=service.signal))
                for slo in automatic_slos(service.name):
                    self._pin(slo.name, service.signal)

    def date(self, heard: Mapping[str, float], now: float) -> None:
        """Stages when services were heard last, where the ledger is a day behind or more. `heard` knows of further signs of life."""
        for name, service in list(self._services.items()):
            last = max(service.heard, self._heard.get(name, 0.0), heard.get(name, 0.0)) or now
            last = min(last, now)  # a clock that was ahead does not keep it
            if abs(last - service.heard) >= DAY:
                self._services.put(name, replace(service, heard=last))

    def retire(self, before: float) -> list[str]:
        """Stages the going of all services last heard before that second, and returns their names; call `date` first.

        Their automatic SLOs go, and the counts of these that no SLO of a file shows.
        """
        gone = [
            name for name, service in self._services.items() if max(service.heard, self._heard.get(name, 0.0)) < before
        ]
        holding = self.declared.holding
        for name in gone:
            self._services.remove(name)
            self._judges.pop(name, None)
            self._heard.pop(name, None)
            self._redeclared(self.declared.retire(name))
            for slo in automatic_slos(name):
                for candidate in CANDIDATES:
                    self._rows.remove(RowKey(slo.name, candidate))
                if slo.name not in self._in_files:
                    self._rows.remove(RowKey(slo.name))
        self._let_go(holding)
        return gone

    def judges(self, service: str) -> tuple[Judge, ...]:
        """Every indicator of a service, with the row it counts in, as the open transaction sees it."""
        found = self._judges.get(service)
        if found is None:
            found = self._judges[service] = tuple(self._judges_of(service))
        return found

    @property
    def _in_files(self) -> dict[str, SLO]:
        return self._files if self._staged_files is None else self._staged_files

    def _is_written(self, name: str) -> bool:
        """Whether somebody wrote down an SLO of that name, in a file or in a service's code."""
        return name in self._in_files or name in self.declared.holding

    def _is_anothers(self, name: str, service: str) -> bool:
        """Whether a name is that of the automatic SLO of another service that was heard."""
        owner = next((name[: -len(end)] for end in _AUTOMATIC if name.endswith(end)), None)
        return owner is not None and owner != service and self._services.get(owner) is not None

    def _oust(self, service: str) -> None:
        """What others declared under the names of a new service's automatic SLOs goes, with its counts."""
        names = {slo.name for slo in automatic_slos(service)} & self.declared.holding.keys()
        self._redeclared(self.declared.oust(names, service))
        for name in names:
            if not self._is_written(name):
                self._rows.remove(RowKey(name))

    def _redeclared(self, services: Iterable[str]) -> None:
        for service in services:
            self._judges.pop(service, None)

    def _let_go(self, before: Mapping[str, Declaration]) -> None:
        """Counts that no SLO shows any more go; an automatic SLO that was replaced has its own again."""
        for name, one in before.items():
            service = one.slo.sli.service
            automatic = self._services.get(service) is not None and name in {
                slo.name for slo in automatic_slos(service)
            }
            if not (self._is_written(name) or automatic):
                self._rows.remove(RowKey(name))

    def _judges_of(self, service: str) -> list[Judge]:
        judges = [Judge(slo.sli, self._row(RowKey(slo.name))) for slo in self._by_service.get(service, ())]
        declared = [slo for slo in self.declared.of(service) if slo.name not in self._in_files]
        judges += [Judge(slo.sli, self._row(RowKey(slo.name))) for slo in declared]
        heard = self._services.get(service)
        if heard is None:
            return judges
        for slo in automatic_slos(service, heard.pinned) if heard.pinned else automatic_slos(service):
            if self._is_written(slo.name):
                continue
            judges.append(Judge(slo.sli, self._row(RowKey(slo.name))))
            if not heard.pinned:
                judges.append(Judge(replace(slo.sli, signal=SPANS), self._row(RowKey(slo.name, SPANS))))
        if heard.signal == heard.work and not heard.pinned:
            judges += [
                Judge(slo.sli, self._row(RowKey(slo.name, heard.work)))
                for slo in automatic_slos(service, heard.work)
                if not self._is_written(slo.name)
            ]
        return judges

    def _put(self, service: Service) -> None:
        self._services.put(service.name, service)
        self._judges.pop(service.name, None)

    def _pin(self, name: str, signal: str) -> None:
        """Lets all counts but one go; that of a candidate moves to the name's own row when it won."""
        won = self._rows.get(RowKey(name, signal)) if signal in CANDIDATES else None
        if won is not None and not self._is_written(name):
            self._rows.put(RowKey(name), won)
        for candidate in CANDIDATES:
            self._rows.remove(RowKey(name, candidate))

    def _take_over(self, slo: SLO) -> None:
        """The count a candidate began, to which an automatic SLO is not pinned yet, goes over to a file's SLO of that signal."""
        signal = slo.sli.signal
        row = self._rows.get(RowKey(slo.name, signal)) if signal in CANDIDATES else None
        if row is not None and slo.name not in self._files:
            self._rows.put(RowKey(slo.name), row)
            self._rows.remove(RowKey(slo.name, signal))

    def _row(self, key: RowKey) -> int:
        row = self._rows.get(key)
        if row is None:
            row = self._next
            self._next += 1
            self._rows.put(key, row)
        return row

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        staged = self._services.changes or self._rows.changes or self.declared.changed
        return bool(self._staged_files is not None or staged)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes services, what they declare and the names of rows; rows that lost their name go."""
        self.declared.write(connection)
        services = self._services.changes
        connection.executemany(
            "DELETE FROM service WHERE name = ?", [(name,) for name, service in services.items() if service is None]
        )
        connection.executemany(
            "INSERT OR REPLACE INTO service VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (s.name, s.first, s.counted, s.metrics, s.spans, s.pinned, s.segments, s.heard, s.work)
                for s in services.values()
                if s
            ],
        )
        changes = self._rows.changes
        taken = {row for row in changes.values() if row is not None}
        lost = [old for key in changes if (old := self._rows.kept.get(key)) is not None and old not in taken]
        connection.executemany("DELETE FROM slo WHERE id = ?", [(row,) for row in lost])
        connection.executemany(
            "INSERT INTO slo (id, name, candidate) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, candidate = excluded.candidate",
            [(row, *key) for key, row in changes.items() if row is not None],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        if not self.changed:
            return
        if self._staged_files is not None:
            self._files, self._staged_files = self._staged_files, None
        self._services.keep()
        self._rows.keep()
        self.declared.keep()
        self._publish()

    def forget(self) -> None:
        """What was staged never was."""
        if self.changed:
            self._staged_files = None
            self._services.forget()
            self._rows.forget()
            self.declared.forget()
            self._judges.clear()
            self._sort(self._files.values())
            self.wanted = self._keys_of_all()

    def _sort(self, slos: Iterable[SLO]) -> None:
        self._by_service = {}
        for slo in slos:
            self._by_service.setdefault(slo.sli.service, []).append(slo)

    def _publish(self) -> None:
        slos, rows = list(self._files.values()), {}
        shown = self._rows.kept.keys() - {RowKey(name) for name in self._files}
        slos += [one.slo for name, one in self.declared.holding.items() if RowKey(name) in shown]
        for slo in slos:
            rows[slo.name] = self._rows.kept[RowKey(slo.name)]
        settled = set(rows)
        for service in self._services.kept.values():
            for slo in automatic_slos(service.name, service.signal):
                if slo.name in rows:
                    continue
                row = self._shown(slo.name, service)
                if row is not None:
                    slos.append(slo)
                    rows[slo.name] = row
                    if service.pinned or service.metrics:
                        settled.add(slo.name)
        self.catalogue = Catalogue(
            self.catalogue.version + 1, tuple(slos), rows, frozenset(settled), dict(self.declared.holding)
        )
        self.wanted = self._keys_of_all()

    def _keys_of_all(self) -> frozenset[str]:
        return _keys([*self._files.values(), *(one.slo for one in self.declared.holding.values())])

    def _shown(self, name: str, service: Service) -> int | None:
        candidate = self._rows.kept.get(RowKey(name, service.signal)) if service.signal in CANDIDATES else None
        if service.pinned is None and candidate is not None:
            return candidate
        return self._rows.kept.get(RowKey(name))
