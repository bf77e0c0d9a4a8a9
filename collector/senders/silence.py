"""What a silent service's unseen events are: those expected from the hour before, booked bucket by bucket.

The expected events are spread in whole numbers without losing one: where E events were seen
in S seconds, bucket k gets floor(10 E (k + 1) / S) - floor(10 E k / S).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from ...slo import BUCKET, HOUR, SLO, Interval, NoData
from ..ledger.buckets import Booked, Buckets
from ..ledger.days import events_of
from ..ledger.staged import Staged
from ..ledger.tallies import NEVER, Tallies
from .senders import Senders

AT_ONCE: Final = 360
"""Buckets booked at most at one tick."""


@dataclass(frozen=True, slots=True)
class Silence:
    """One SLO's unseen time: from `start` on, `events` are expected every `seconds`; buckets before `booked` are dealt with."""

    start: int
    events: int
    seconds: int
    booked: int

    def expected(self, t: int) -> int:
        """Events expected in the bucket of second `t`."""
        passed = t - self.start
        return self.events * (passed + BUCKET) // self.seconds - self.events * passed // self.seconds


class Silences:
    """The silences that go on, in the ledger's table `silence`. Estimates stand apart: the truth, if it still comes, is added to them."""

    def __init__(self, connection: sqlite3.Connection, buckets: Buckets, tallies: Tallies) -> None:
        self._connection = connection
        self._buckets = buckets
        self._tallies = tallies
        self._open: Staged[int, Silence] = Staged(
            (slo, Silence(start, events, seconds, booked))
            for slo, start, events, seconds, booked in connection.execute("SELECT * FROM silence")
        )
        self._services: frozenset[str] = frozenset()
        self._staged_services: frozenset[str] | None = None

    def is_silent(self, service: str) -> bool:
        """Whether a service stopped reporting, as of the last tick and of all that was heard since."""
        return service in self._services

    def heard(self, services: Iterable[str]) -> None:
        """Stages that services were heard: they are silent no more."""
        staged = self._services if self._staged_services is None else self._staged_services
        if not staged.isdisjoint(services):
            self._staged_services = staged.difference(services)

    def go_on(self, senders: Senders, slos: Iterable[tuple[int, SLO]], now: float) -> None:
        """Stages what silence means at `now`: for every SLO of a silent service the unseen events of the buckets that closed.

        A silence ends when its service is heard. Across a restart it stays open until that is known, and what this collector did
        not see itself is not booked.
        """
        silent = senders.silences(now)
        if self._services != silent.keys():
            self._staged_services = frozenset(silent)
        if not silent and not len(self._open):
            return
        open_still = set()
        for row, slo in slos:
            if slo.no_data is not NoData.IGNORE and slo.sli.service in silent:
                self._book(row, slo.no_data, silent[slo.sli.service], senders.listening, now)
                open_still.add(row)
            elif senders.unsure(slo.sli.service, now):
                open_still.add(row)
        for row in [row for row, _ in self._open.items() if row not in open_still]:
            self._open.remove(row)

    def _book(self, slo: int, no_data: NoData, last: float, listening: float, now: float) -> None:
        known = self._open.get(slo)
        silence = known or self._begun(slo, -int(-last // BUCKET) * BUCKET)
        start = max(silence.booked, -int(-listening // BUCKET) * BUCKET)
        end = min(int(now) // BUCKET * BUCKET, start + AT_ONCE * BUCKET)
        for t in range(start, end, BUCKET):
            unseen = silence.expected(t)
            if unseen:
                self._buckets.book((slo,), t, _unseen(no_data, unseen), now)
        if known is None or end > silence.booked:
            self._open.put(slo, replace(silence, booked=max(end, silence.booked)))

    def _begun(self, slo: int, start: int) -> Silence:
        since = self._tallies.since_of(slo)
        first = start - HOUR if since == NEVER else max(start - HOUR, since)
        seen = events_of(self._connection, slo, Interval(first // BUCKET * BUCKET, start))
        return Silence(start, seen.total - seen.estimated, max(BUCKET, start - first), start)

    @property
    def changed(self) -> bool:
        """Whether a silence begins, goes on or ends."""
        return bool(self._open.changes) or self._staged_services is not None

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes how far each silence is booked."""
        changes = self._open.changes
        connection.executemany("DELETE FROM silence WHERE slo = ?", [(slo,) for slo, s in changes.items() if s is None])
        connection.executemany(
            "INSERT OR REPLACE INTO silence VALUES (?, ?, ?, ?, ?)",
            [(slo, s.start, s.events, s.seconds, s.booked) for slo, s in changes.items() if s is not None],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        self._open.keep()
        if self._staged_services is not None:
            self._services, self._staged_services = self._staged_services, None

    def forget(self) -> None:
        """What was staged never was."""
        self._open.forget()
        self._staged_services = None


def _unseen(no_data: NoData, events: int) -> Booked:
    return Booked(0, events, events) if no_data is NoData.BAD else Booked(events, events, 0)
