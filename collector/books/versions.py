"""The versions of services that are counted apart: few of each service, by number, and who is none of them is the others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter

from ...slo import DAY, HOUR
from ..ledger.staged import Staged
from ..names import VERSIONS_OVERFLOW
from ..senders.service_version import ServiceVersion
from .contributor import as_told

OTHERS: Final = 0
"""The number of all that say no version, that there was no room for, or that were counted apart once and are not any more."""

MOST_OF_A_SERVICE: Final = 20
"""Versions of a service that are counted apart. A new one takes the place of the one that was heard longest ago."""

SILENT: Final = HOUR
"""Seconds a version was not heard for, at least, before a new one may take its place: a flood of names takes nobody's."""

KEPT: Final = 35 * DAY
"""Seconds after which a version that nobody hears is forgotten."""


class KnownVersion(NamedTuple):
    """A version that is counted apart: when its events began, with no day between two of them, and the hour of its last."""

    version: str
    number: int
    since: int
    last: int


_Known = tuple[KnownVersion, ...]


class Versions:
    """Numbers the versions of services. What is staged is written with what is counted under those numbers."""

    def __init__(self, connection: sqlite3.Connection, metrics: CollectorRegistry) -> None:
        found: dict[str, _Known] = {}
        for service, *known in connection.execute("SELECT service, version, id, since, last FROM version ORDER BY id"):
            found[service] = (*found.get(service, ()), KnownVersion(*known))
        self._known: Staged[str, _Known] = Staged(found.items())
        highest = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'version'").fetchone()
        self._next = int(highest[0]) + 1 if highest else 1
        self._overflow = Counter(
            VERSIONS_OVERFLOW, "Look-ups of versions there was no room for, counted with the others", registry=metrics
        )

    def number(self, which: ServiceVersion, t: int) -> int:
        """The number that events of second `t` of a version are counted under, as the open transaction sees it."""
        if not which.version:
            return OTHERS
        name, hour = as_told(which.version), t // HOUR * HOUR
        known = self._known.get(which.service) or ()
        found = next((one for one in known if one.version == name), None)
        if found is None:
            return self._begin(which.service, known, KnownVersion(name, self._next, t, hour))
        if found.last < hour or t < found.since:
            since = t if found.last + HOUR + DAY <= t else min(found.since, t)
            fresh = found._replace(since=since, last=max(found.last, hour))
            self._known.put(which.service, tuple(fresh if one is found else one for one in known))
        return found.number

    def expire(self, now: float) -> None:
        """Stages the forgetting of what nobody heard for long."""
        gone = int(now) - KEPT
        for service, known in list(self._known.items()):
            if any(one.last < gone for one in known):
                self._put(service, tuple(one for one in known if one.last >= gone))

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._known.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the versions of services of which any changed."""
        changes = self._known.changes
        connection.executemany("DELETE FROM version WHERE service = ?", [(service,) for service in changes])
        rows = [
            (one.number, service, one.version, one.since, one.last)
            for service, known in changes.items()
            for one in known or ()
        ]
        connection.executemany("INSERT INTO version (id, service, version, since, last) VALUES (?, ?, ?, ?, ?)", rows)

    def keep(self) -> None:
        """What was staged is true now."""
        self._known.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._known.forget()

    def _begin(self, service: str, known: _Known, new: KnownVersion) -> int:
        if len(known) >= MOST_OF_A_SERVICE:
            oldest = min(known, key=lambda one: one.last)
            if oldest.last + HOUR + SILENT > new.since:
                self._overflow.inc()
                return OTHERS
            known = tuple(one for one in known if one is not oldest)
        self._next += 1
        self._known.put(service, (*known, new))
        return new.number

    def _put(self, service: str, known: _Known) -> None:
        if known:
            self._known.put(service, known)
        else:
            self._known.remove(service)


def known_versions(connection: sqlite3.Connection, service: str) -> list[KnownVersion]:
    """The versions of a service that are counted apart, the newest first."""
    rows: Iterable[tuple[str, int, int, int]] = connection.execute(
        "SELECT version, id, since, last FROM version WHERE service = ? ORDER BY since DESC, id DESC", (service,)
    )
    return [KnownVersion(*row) for row in rows]
