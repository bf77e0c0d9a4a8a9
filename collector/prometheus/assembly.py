"""Scrapes put together again: what one scrape said about one metric of one target is counted at once, however it arrives.

Over remote write the buckets of a histogram, and the good and the bad of a counter, are series of their own, and a sender with several
shards brings them in different requests. Counted one by one they would tell of failures and of slow requests that never were. The law:

1. Whatever is acknowledged is counted or stands in the ledger's table `prometheus_pending`, in the same transaction.
2. A *family* (one metric of one target) at one time is counted in one transaction once every series the family had before has come for
   that time or has gone stale, and each histogram that came has all its buckets.
3. What is still not whole after WAIT seconds is counted as far as it goes: whole histograms and counters are, the others are left to the
   next scrape, whose increase holds theirs. A bucket that stays away twice is not waited for any more.
4. An older sample never undoes a newer one; one that comes again changes nothing.

A family that was never counted (after a restart, say) is not known, so its first scrape waits WAIT seconds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, Final

from ...slo import HOUR
from ..books.taps import Arrival
from ..columns import Points
from ..ledger.staged import Staged
from ..registry.registry import Registry
from .family import CLASSIC, Family, Member, PendingScrape, Settled
from .layout import ScrapeLayout
from .native import Distribution
from .rows import PartSample, Row, Value
from .samples import Samples
from .translation import SeriesKind, TranslatedSeries, Translation

WAIT: Final = 15.0
"""Seconds; Prometheus' shards send after 5 s at the latest (`batch_send_deadline`)."""

MOST_PENDING: Final = 200_000
"""Samples that may wait; with more, requests are refused until some are dealt with."""

MOST_MEMBERS: Final = 30_000
"""Histograms and counters remembered between scrapes; beyond, families longest unheard are forgotten, and wait WAIT seconds once more."""

IDLE: Final = float(HOUR)


class SampleOutcome(Enum):
    """What a sample turned out to be."""

    TAKEN = "taken"
    REPEATED = "repeated"
    LATE = "late"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"


class ScrapeAssembly:
    """All families that come by remote write; a part of the books.

    `dropped` counts histograms left to their next scrape, `forgotten` those there was no room to remember.
    """

    def __init__(self, wait: float = WAIT) -> None:
        self._wait = wait
        self._families: Staged[bytes, Family | Settled] = Staged()
        self._pending = 0
        self.loaded = False
        self.dropped = 0
        self.forgotten = 0

    def load(self, connection: sqlite3.Connection, translation: Translation) -> None:
        """Takes up, once, what is in the ledger and still waits; what no SLO asks for any more is left."""
        if self.loaded:
            return
        self.loaded = True
        orphans: dict[bytes, set[int]] = {}
        for key, time, labels, native, start, value, since in connection.execute(
            'SELECT family, time, labels, native, "start", value, since FROM prometheus_pending ORDER BY time'
        ):
            series = translation.series(tuple((k, v) for k, v in json.loads(labels)), native=bool(native))
            if series is None or series.family != key:
                orphans.setdefault(key, set()).add(time)
            else:
                self.put(series, time, PartSample(series, _value(json.loads(value)), start), since)
        self._pending = sum(map(_waiting, self._changed()))
        self.keep()
        for key, times in orphans.items():
            self._family(key, 0.0).stored |= times

    def put_whole(self, samples: Samples, received: float) -> Points | None:
        """Stages samples of one family if they are a whole scrape of it and nothing else of it waits, and gives what they say.

        None, and nothing is staged, where they are to be put one by one.
        """
        key = samples.first.family
        settled = self._settled(key, samples)
        at = None if settled is None else settled.layout.arranged(samples.identity)
        time = int(samples.time[0])
        if settled is None or at is None or time <= settled.time or (samples.time != time).any():
            return None
        values = samples.value[at]
        self._families.put(key, Settled(settled.layout, time, values, received))
        return settled.layout.points(time, values, samples.start[at])

    def _settled(self, key: bytes, samples: Samples) -> Settled | None:
        """A family that may be told as a whole, if these samples can be all its series."""
        family = self._families.get(key)
        if not isinstance(family, Family):
            return family
        if not family.is_settled(len(samples.number)):
            return None
        series = samples.series()
        layout = ScrapeLayout.of(series) if family.has_all(series) else None
        return None if layout is None else Settled(layout, family.counted, samples.value, family.heard)

    def put(self, series: TranslatedSeries, time: int, told: PartSample, received: float) -> SampleOutcome:
        """Stages a sample, its time in milliseconds."""
        family = self._family(series.family, received)
        member = family.members.setdefault(series.member, Member())
        last = member.parts.get(series.boundary)
        if last is not None and time <= last[0]:
            if time < last[0]:
                return SampleOutcome.OUT_OF_ORDER
            return SampleOutcome.REPEATED if _same(last[1], told.value) else SampleOutcome.DUPLICATE
        member.parts[series.boundary] = time, told.value
        if time <= member.dealt:
            return SampleOutcome.LATE
        member.first = member.first or time
        scrape = family.scrapes.setdefault(time, PendingScrape(received))
        parts = scrape.parts.setdefault(series.member, {})
        self._pending += series.boundary not in parts
        parts[series.boundary] = told
        family.added.append((time, told))
        return SampleOutcome.TAKEN

    def gone(self, series: TranslatedSeries, received: float) -> None:
        """Stages that a series went stale: it is not expected any more."""
        family = self._family(series.family, received)
        member = family.members.get(series.member)
        if member is not None:
            member.parts.pop(series.boundary, None)
            waits = any(series.member in scrape.parts for scrape in family.scrapes.values())
            if not member.parts and not waits:
                del family.members[series.member]

    def whole(self) -> list[Row]:
        """Stages the end of all scrapes that this transaction made whole, and of those before them; gives what they say, oldest first."""
        rows: list[Row] = []
        for family in self._changed():
            newest = max((time for time in family.scrapes if family.is_whole(time)), default=None)
            if newest is not None:
                for time in sorted(time for time in family.scrapes if time <= newest):
                    rows.extend(self._ended(family, time, family.close(time)))
        return rows

    def overdue(self, now: float) -> list[Row]:
        """The same for scrapes that have waited long enough, or were dated by a clock that was ahead. Forgets families long unheard."""
        rows: list[Row] = []
        for key, known in list(self._families.items()):
            if any(self._is_overdue(scrape, now) for scrape in known.scrapes.values()):
                family = self._family(key, known.heard)
                for time in sorted(time for time, scrape in family.scrapes.items() if self._is_overdue(scrape, now)):
                    rows.extend(self._ended(family, time, family.give_up(time)))
            elif not (known.scrapes or known.changed) and now - known.heard > IDLE:
                self._families.remove(key)
        self._make_room()
        return rows

    def _make_room(self) -> None:
        """Stages the forgetting of what is beyond `MOST_MEMBERS`: a flood of targets must not fill the memory."""
        known = list(self._families.items())
        surplus = sum(len(family.members) for _, family in known) - MOST_MEMBERS
        idle = [
            (family.heard, key, len(family.members)) for key, family in known if not (family.scrapes or family.changed)
        ]
        for _, key, members in sorted(idle) if surplus > 0 else ():
            self._families.remove(key)
            self.forgotten += members
            surplus -= members
            if surplus <= 0:
                return

    def __len__(self) -> int:
        """Samples that wait."""
        return self._pending

    @property
    def is_full(self) -> bool:
        """Whether so much waits that no more is to be taken in."""
        return self._pending >= MOST_PENDING

    def stage(self, arrival: Arrival, registry: Registry) -> None:
        """What comes by OTLP is none of its business."""

    def _ended(self, family: Family, time: int, rows: Iterable[Row]) -> list[Row]:
        members = family.scrapes[time].parts
        self._pending -= sum(map(len, members.values()))
        whole = list(rows)
        told = {row.parts[0].series.member[:CLASSIC] for row in whole}
        self.dropped += sum(key[:CLASSIC] not in told for key in members)
        return whole

    def _is_overdue(self, scrape: PendingScrape, now: float) -> bool:
        return not 0 <= now - scrape.since < self._wait

    def _family(self, key: bytes, received: float) -> Family:
        """A family as the open transaction may change it."""
        family = self._families.changes.get(key)
        if not isinstance(family, Family):
            kept = self._families.get(key)
            family = Family() if kept is None else kept.copy()
            self._families.put(key, family)
        family.heard = received
        return family

    def _changed(self) -> list[Family]:
        return [family for family in self._families.changes.values() if isinstance(family, Family)]

    @property
    def changed(self) -> bool:
        """Whether anything is to be written."""
        return any(family.changed for family in self._changed())

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what began to wait, and removes what is dealt with."""
        for key, family in self._families.changes.items():
            if isinstance(family, Family) and family.changed:
                connection.executemany(
                    "DELETE FROM prometheus_pending WHERE family = ? AND time = ?",
                    [(key, time) for time in family.stored - family.scrapes.keys()],
                )
                connection.executemany(
                    "INSERT OR REPLACE INTO prometheus_pending VALUES (?, ?, ?, ?, ?, ?, ?)", list(_stored(key, family))
                )

    def keep(self) -> None:
        """What was staged is true now."""
        for family in self._changed():
            family.stored, family.added = frozenset(family.scrapes), []
        self._families.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._families.forget()
        self._pending = sum(map(_waiting, self._families.kept.values()))


def _waiting(family: Family | Settled) -> int:
    return sum(len(parts) for scrape in family.scrapes.values() for parts in scrape.parts.values())


def _same(one: Value, other: Value) -> bool:
    return one == other or (one != one and other != other)


def _stored(key: bytes, family: Family) -> Iterator[tuple[Any, ...]]:
    for time, told in family.added:
        scrape, series = family.scrapes.get(time), told.series
        if scrape is not None:
            labels, native = json.dumps(series.labels), int(series.kind is SeriesKind.NATIVE)
            yield key, time, labels, native, told.start, json.dumps(told.value), scrape.since


def _value(stored: Any) -> Value:
    if isinstance(stored, list):
        count, bounds, buckets = stored
        return Distribution(count, tuple(bounds), tuple(buckets))
    return float(stored)
