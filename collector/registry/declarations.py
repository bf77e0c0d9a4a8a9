"""What services declare of themselves, and which of it holds: of each name what was declared last, as long as anybody says it.

A version that is rolled out says something new while the old one still says the old: the newer holds. A version that is rolled back
is silent after a while, and what is still said holds again. Nobody need compare versions for that, or clocks.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from ...slo import DAY, HOUR, SLO
from ..ledger.staged import Staged
from .declared_slo import DeclarationRefused, Declared

MOST: Final = 1_000
MOST_OF_A_SERVICE: Final = 100
MOST_WAYS: Final = 4
"""SLOs in all and of one service, and ways in which one name is declared at a time."""

UNSAID: Final = 180.0
"""Seconds after which a way that nobody says any more gives place to one that is said. Ours say theirs every minute."""

WITHDRAWN: Final = DAY
"""Seconds after which an SLO goes that its service, heard all along, does not say any more."""

SAVED_EVERY: Final = 6 * HOUR

_LOG: Final = logging.getLogger("fournines.collector")


class DeclarationKey(NamedTuple):
    """One way in which a name is declared: by whom, and how (see `Declared.text`)."""

    name: str
    service: str
    text: str


@dataclass(frozen=True, slots=True)
class Mention:
    """Which version said it first, when, and when it was said last, to six hours."""

    version: str
    since: float
    last: float


class Declaration(NamedTuple):
    """What holds: an SLO, the version that declared it, and since when. `ways` is how many there are at the moment."""

    slo: SLO
    version: str
    since: float
    ways: int


class _Index(NamedTuple):
    """What holds by name, all ways of each name, and what holds of each service."""

    holding: dict[str, Declaration]
    ways: dict[str, list[DeclarationKey]]
    slos: dict[str, list[SLO]]

    def add(self, way: DeclarationKey, slo: SLO, version: str, since: float) -> None:
        """Puts the newest way of a name in."""
        before = self.holding.get(way.name)
        if before is not None:
            self.slos[before.slo.sli.service].remove(before.slo)
        ways = self.ways.setdefault(way.name, [])
        ways.append(way)
        self.holding[way.name] = Declaration(slo, version, since, len(ways))
        self.slos.setdefault(way.service, []).append(slo)


class Declarations:
    """All that is declared, in the ledger's table `declaration`. A part of the registry, which decides what becomes of it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT name, service, text, version, since, last FROM declaration").fetchall()
        self._said: Staged[DeclarationKey, Mention] = Staged(
            (DeclarationKey(*way), Mention(*said))
            for *way, version, since, last in rows
            for said in [(version, since, last)]
        )
        self._last: dict[DeclarationKey, float] = {}
        """When each was said last, since the start."""
        self._known: _Index | None = None

    @property
    def holding(self) -> Mapping[str, Declaration]:
        """What holds, by name, as the open transaction sees it."""
        return self._index.holding

    def of(self, service: str) -> Sequence[SLO]:
        """What holds of one service."""
        return self._index.slos.get(service, ())

    def hear(self, service: str, version: str, declared: Declared, now: float) -> set[str]:
        """Stages that a service declares something, and gives the services whose SLOs change by it. Raises `DeclarationRefused`."""
        way = DeclarationKey(declared.name, service, declared.text)
        known = self._said.get(way)
        if known is not None:
            self._last[way] = now
            if abs(now - known.last) >= SAVED_EVERY:
                self._said.put(way, replace(known, last=now))
            return set()
        self._make_sure_of_room(way)
        before = self.holding.get(declared.name)
        # A clock that was set back does not make what is new older than what was there.
        since = now if before is None else max(now, before.since + 0.001)
        slo = declared.slo(service)
        self._said.put(way, Mention(version, since, now))
        self._last[way] = now
        self._index.add(way, slo, version, since)
        _tell(before, service, slo)
        return {service} if before is None else {service, before.slo.sli.service}

    def expire(self, heard: Mapping[str, float], listening: float, now: float) -> set[str]:
        """Stages the going of what nobody says any more, and gives the services whose SLOs change by it.

        `heard` is when services were heard last, `listening` since when this collector could hear them.
        """
        if now - listening < UNSAID or not len(self._said):
            return set()
        changed = self._without_unsaid(now)
        if now - listening >= HOUR:
            changed |= self._without_withdrawn(heard, now)
        return changed

    def oust(self, names: Iterable[str], service: str) -> set[str]:
        """Stages the going of what others than `service` declare under some names, and gives the services whose SLOs change by it."""
        taken = set(names)
        return self._remove([way for way, _ in self._said.items() if way.name in taken and way.service != service])

    def retire(self, service: str) -> set[str]:
        """Stages the going of all that a service declared, and gives the services whose SLOs change by it."""
        return self._remove([way for way, _ in self._said.items() if way.service == service])

    def __len__(self) -> int:
        return len(self.holding)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._said.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what is new, and removes what goes."""
        changes = self._said.changes
        connection.executemany(
            "DELETE FROM declaration WHERE name = ? AND service = ? AND text = ?",
            [way for way, said in changes.items() if said is None],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO declaration VALUES (?, ?, ?, ?, ?, ?)",
            [(*way, said.version, said.since, said.last) for way, said in changes.items() if said is not None],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        self._said.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._said.forget()
        self._known = None

    def _remove(self, ways: Iterable[DeclarationKey]) -> set[str]:
        before = self.holding
        names = set()
        for way in ways:
            names.add(way.name)
            self._said.remove(way)
            self._last.pop(way, None)
        if not names:
            return set()
        self._known = None
        changed = set()
        for name in names:
            old, new = before.get(name), self.holding.get(name)
            if old is None or new is None or old.slo != new.slo:
                changed |= {one.slo.sli.service for one in (old, new) if one is not None}
                _LOG.info(
                    "the SLO %s %s",
                    name,
                    "goes: nobody declares it any more" if new is None else f"is as {_said_by(new)} declares it again",
                )
        return changed

    def _make_sure_of_room(self, way: DeclarationKey) -> None:
        ways = self._index.ways.get(way.name, ())
        if len(ways) >= MOST_WAYS:
            raise DeclarationRefused("too_many", f"{way.name} is declared in {MOST_WAYS} ways at once")
        if not ways and len(self.holding) >= MOST:
            raise DeclarationRefused("too_many", f"more than {MOST} SLOs are declared by services")
        if not any(each.service == way.service for each in ways) and len(self.of(way.service)) >= MOST_OF_A_SERVICE:
            raise DeclarationRefused(
                "too_many", f"more than {MOST_OF_A_SERVICE} SLOs are declared by {way.service:.80}"
            )

    def _without_unsaid(self, now: float) -> set[str]:
        alive = {way for way, said in self._said.items() if abs(now - self._last.get(way, said.last)) < UNSAID}
        said = {way.name for way in alive}
        return self._remove([way for way, _ in self._said.items() if way.name in said and way not in alive])

    def _without_withdrawn(self, heard: Mapping[str, float], now: float) -> set[str]:
        return self._remove(
            [
                way
                for way, said in self._said.items()
                if now - self._last.get(way, said.last) >= WITHDRAWN and now - heard.get(way.service, 0.0) < UNSAID
            ]
        )

    @property
    def _index(self) -> _Index:
        if self._known is None:
            self._known = _indexed(self._said.items())
        return self._known


def _indexed(said: Iterable[tuple[DeclarationKey, Mention]]) -> _Index:
    index = _Index({}, {}, {})
    for way, one in sorted(said, key=lambda each: (each[0].name, each[1].since, each[0])):
        slo = _slo(way)
        if slo is not None:
            index.add(way, slo, one.version, one.since)
    return index


@lru_cache(MOST * MOST_WAYS)
def _slo(way: DeclarationKey) -> SLO | None:
    """The SLO; None for what was written down by another version of this program and is not taken by this one."""
    try:
        return Declared.of_text(way.text).slo(way.service)
    except DeclarationRefused as error:
        _LOG.warning("the SLO %s, as %s declared it, is not taken any more: %s", way.name, way.service, error)
        return None


def _said_by(one: Declaration) -> str:
    version = f" {one.version}" if one.version else ""
    return f"{one.slo.sli.service}{version}"


def _tell(before: Declaration | None, service: str, slo: SLO) -> None:
    if before is None:
        _LOG.info("%s declares the SLO %s: %s over %s", service, slo.name, slo.objective, slo.window)
    elif before.slo.sli.service != service:
        _LOG.warning(
            "%s declares the SLO %s, as %s does in another way: what was declared last holds (%s over %s)",
            service,
            slo.name,
            before.slo.sli.service,
            slo.objective,
            slo.window,
        )
    else:
        _LOG.info("%s declares the SLO %s anew: %s over %s", service, slo.name, slo.objective, slo.window)
