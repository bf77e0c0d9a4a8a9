"""What time does to the counts: closed days are packed, what came late is folded into them, and what is kept no more goes.

A little at every tick, so that no commit takes long; each step is one transaction's, so that a crash between two loses nothing and
leaves nothing twice. Pages that become free are used again: the file grows to what is kept, and needs no VACUUM.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

import numpy as np

from ...slo import DAY, HOUR, TIERS, Tier
from ..columns import IntColumn
from .buckets import SPARE, Buckets, kept_from
from .days import Progress, progress
from .packed import pack, parts_of, seconds_of

PACKED_AT_ONCE: Final = 25
"""SLOs of which one part of a day is packed at one tick: 9,000 buckets."""

DELETED_AT_ONCE: Final = 10_000
"""Rows of `bucket` deleted at one tick and width."""

FOLDED_AT_ONCE: Final = 2_000
"""Late rows folded at one tick and width."""

DAYS_AT_ONCE: Final = 500
"""Packed days of single SLOs deleted at one tick and width."""

FOLDED_FROM: Final = 1_000
"""Late rows that are folded at once; fewer wait for up to an hour, so that a day is not packed again for each of them."""


class Upkeep:
    """The ledger's housework, a part of every transaction that does some of it. All it knows stands in the table `tier`."""

    def __init__(self, connection: sqlite3.Connection, buckets: Buckets) -> None:
        self._connection = connection
        self._buckets = buckets
        self._folded_at = 0.0
        self._due: float | None = None

    @property
    def changed(self) -> bool:
        """Whether there is work for the next transaction."""
        return self._due is not None

    def stage(self, now: float) -> None:
        """Stages a little of what is due at `now`, if anything is; to be called every second or so, it keeps up."""
        now = self._buckets.passed(now)
        if any(work.due(fold=self._fold(now)) for work in self._works(now)) or _dropped(self._connection) is not None:
            self._due = now

    def write(self, connection: sqlite3.Connection) -> None:
        """Does what is staged. Comes before `Buckets.write`, which then knows which days are closed."""
        if self._due is None:
            return
        turn = next((work.width for work in self._works(self._due) if work.packing), None)
        for work in self._works(self._due):
            after = work.do(fold=self._fold(self._due), pack=work.width == turn)
            connection.execute(_PROGRESS, (*after, work.width))
        _forget_dropped(connection)

    def keep(self) -> None:
        """What was staged is true now."""
        if self._due is not None and self._fold(self._due) == 1:
            self._folded_at = self._due
        self._due = None

    def forget(self) -> None:
        """What was staged never was."""
        self._due = None

    def _works(self, now: float) -> Iterator[_Work]:
        return (_Work(self._connection, tier, now, self._buckets.newest) for tier in TIERS)

    def _fold(self, now: float) -> int:
        """How many late rows are worth folding now."""
        return 1 if abs(now - self._folded_at) >= HOUR else FOLDED_FROM


class _Work:
    """The housework of one width at one moment."""

    def __init__(self, connection: sqlite3.Connection, tier: Tier, now: float, newest: float) -> None:
        self._connection = connection
        self.width = tier.width
        self._at = progress(connection, tier.width)
        self._kept = kept_from(tier, now)
        self._closed = (int(min(now, newest)) - SPARE) // DAY * DAY

    def due(self, *, fold: int) -> bool:
        """Whether there is anything to do."""
        return self._oldest() is not None or self._surplus() or self._late(fold)

    @property
    def packing(self) -> bool:
        """Whether a day is being packed."""
        return self._at.packed < self._at.open

    def do(self, *, fold: int, pack: bool) -> Progress:
        """Does one step of each kind that is due, and returns how far things are then."""
        if self._surplus():
            self._let_go()
        at = self._at
        if self.packing:
            return self._packed() if pack else at
        if self._late(fold):
            at = self._at = self._folded()
        oldest = self._oldest()
        if oldest is None:
            return at
        if oldest < max(at.packed, self._kept):
            return self._emptied()
        day = oldest // DAY * DAY
        return at._replace(open=day + DAY, packed=day, next=0)

    def _oldest(self) -> int | None:
        """The first bucket that has rows, if its day is over."""
        query = "SELECT min(t) FROM bucket WHERE width = ? AND t < ?"
        oldest: int | None
        (oldest,) = self._connection.execute(query, (self.width, self._closed)).fetchone()
        return oldest

    def _surplus(self) -> bool:
        query = "SELECT 1 FROM day WHERE width = ? AND day <= ? LIMIT 1"
        return self._connection.execute(query, (self.width, self._kept - DAY)).fetchone() is not None

    def _late(self, fold: int) -> bool:
        query = "SELECT count(*) >= ?3 FROM (SELECT 1 FROM late WHERE width = ?1 AND t < ?2 LIMIT ?3)"
        (enough,) = self._connection.execute(query, (self.width, self._at.packed, fold)).fetchone()
        return bool(enough)

    def _packed(self) -> Progress:
        """Packs one part of the day of some SLOs, so that neighbouring rows are read; after the last part the day is read packed."""
        at, width = self._at, self.width
        part, first = divmod(at.next, _SLOS)
        if part == parts_of(width):
            return at._replace(packed=at.open)
        query = "SELECT id FROM slo WHERE id >= ? ORDER BY id LIMIT ?"
        slos = {slo for (slo,) in self._connection.execute(query, (first, PACKED_AT_ONCE))}
        if not slos:
            return at._replace(next=(part + 1) * _SLOS)
        start = at.packed + part * seconds_of(width)
        times = start, width, start + seconds_of(width)
        found = self._connection.execute(_GROUP, (*times, min(slos), max(slos))).fetchall()
        self._add_all(at.packed, np.array(found, np.int64).reshape(-1, 5), slos)
        following = part * _SLOS + max(slos) + 1 if len(slos) == PACKED_AT_ONCE else (part + 1) * _SLOS
        return at._replace(next=following)

    def _emptied(self) -> Progress:
        """Deletes rows that are packed, or kept no more."""
        at, width = self._at, self.width
        until = max(at.packed, self._kept)
        end = self._connection.execute(
            "SELECT t, slo FROM bucket WHERE width = ? AND t < ? ORDER BY t, slo LIMIT 1 OFFSET ?",
            (width, until, DELETED_AT_ONCE),
        ).fetchone() or (until, 0)
        self._connection.execute("DELETE FROM bucket WHERE width = ? AND (t, slo) < (?, ?)", (width, *end))
        return at._replace(complete=max(at.complete, self._kept)) if until > at.packed else at

    def _folded(self) -> Progress:
        """Adds late rows to the packed days they belong to. Those of SLOs that are no more go."""
        at, width = self._at, self.width
        found = self._connection.execute(_LATE, (width, at.packed, FOLDED_AT_ONCE)).fetchall()
        late = np.array(found, np.int64)
        slos = {slo for (slo,) in self._connection.execute("SELECT id FROM slo")}
        for day, rows in _grouped(late[:, 1] // DAY * DAY, late):
            self._add_all(day, rows, slos)
        last_slo, last_t = found[-1][:2]
        self._connection.execute("DELETE FROM late WHERE width = ? AND (t, slo) <= (?, ?)", (width, last_t, last_slo))
        return at._replace(folded=at.folded + 1)

    def _add_all(self, day: int, rows: IntColumn, slos: set[int]) -> None:
        """Adds rows of (slo, t, good, total, estimated) to the packed day they are all of; those of other SLOs go."""
        index = (rows[:, 1] - day) // self.width
        for slo, one in _grouped(rows[:, 0], np.column_stack([index, rows[:, 2:]])):
            if slo in slos:
                self._add(day, slo, one)

    def _add(self, day: int, slo: int, rows: IntColumn) -> None:
        key = (self.width, day, slo)
        old = self._connection.execute(
            "SELECT buckets FROM day WHERE width = ? AND day = ? AND slo = ?", key
        ).fetchone()
        self._connection.execute(
            _ADD, (*key, *rows[:, 1:].sum(axis=0).tolist(), pack(self.width, rows, old[0] if old else b""))
        )

    def _let_go(self) -> None:
        """Deletes packed days that are kept no more."""
        end = self._connection.execute(
            "SELECT day, slo FROM day WHERE width = ? AND day <= ? ORDER BY day, slo LIMIT 1 OFFSET ?",
            (self.width, self._kept - DAY, DAYS_AT_ONCE),
        ).fetchone() or (self._kept - DAY + 1, 0)
        self._connection.execute("DELETE FROM day WHERE width = ? AND (day, slo) < (?, ?)", (self.width, *end))
        self._at = self._at._replace(complete=max(self._at.complete, self._kept))


_SLOS: Final = 2**32
"""More rows than there will ever be: `next` is a part's number times this, plus the row of the SLO that is next."""

_PROGRESS: Final = "UPDATE tier SET packed = ?, open = ?, next = ?, folded = ?, complete = ? WHERE width = ?"

_GROUP: Final = """
WITH RECURSIVE step(t) AS (SELECT ?1 UNION ALL SELECT t + ?2 FROM step WHERE t + ?2 < ?3)
SELECT b.slo, b.t, b.good, b.total, b.estimated
FROM step CROSS JOIN bucket b ON b.width = ?2 AND b.t = step.t AND b.slo BETWEEN ?4 AND ?5
"""

_ADD: Final = """
INSERT INTO day VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
good = good + excluded.good, total = total + excluded.total, estimated = estimated + excluded.estimated, buckets = excluded.buckets
"""

_LATE: Final = "SELECT slo, t, good, total, estimated FROM late WHERE width = ? AND t < ? ORDER BY t, slo LIMIT ?"

_ENDS: Final = "SELECT (SELECT min(day) FROM day WHERE width = ?1), (SELECT max(day) FROM day WHERE width = ?1)"


def _grouped(numbers: IntColumn, rows: IntColumn) -> Iterator[tuple[int, IntColumn]]:
    """Each number, with its rows."""
    order = np.argsort(numbers, kind="stable")
    found, starts = np.unique(numbers[order], return_index=True)
    return zip(found.tolist(), np.split(rows[order], starts)[1:], strict=True)


def _dropped(connection: sqlite3.Connection) -> int | None:
    dropped: int | None
    (dropped,) = connection.execute("SELECT min(slo) FROM dropped").fetchone()
    return dropped


def _forget_dropped(connection: sqlite3.Connection) -> None:
    """Deletes the packed days of one SLO that is no more; rows of it go when their day closes."""
    slo = _dropped(connection)
    if slo is None:
        return
    for tier in TIERS:
        first, last = connection.execute(_ENDS, (tier.width,)).fetchone()
        if first is not None:
            days = ((tier.width, day, slo) for day in range(first, last + DAY, DAY))
            connection.executemany("DELETE FROM day WHERE width = ? AND day = ? AND slo = ?", days)
    connection.execute("DELETE FROM dropped WHERE slo = ?", (slo,))
