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
from .packed import PART, pack, parts_of, seconds_of

PACKED_AT_ONCE: Final = 9_000
"""Buckets packed at one tick, of one width: a part of the day of so many SLOs."""

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
        self._closed = int(min(now, newest)) - SPARE

    def due(self, *, fold: int) -> bool:
        """Whether there is anything to do."""
        oldest, at = self._oldest(), self._at
        rows = oldest is not None and (oldest < max(at.packed, self._kept) or oldest // DAY * DAY + DAY <= self._closed)
        return rows or self.packing or self._surplus() or self._late(fold)

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
        day = oldest // DAY * DAY
        if oldest < max(at.packed, self._kept):
            return self._emptied()
        return at._replace(open=day + DAY, packed=day, next=0) if day + DAY <= self._closed else at

    def _oldest(self) -> int | None:
        row = self._connection.execute("SELECT min(t) FROM bucket WHERE width = ?", (self.width,)).fetchone()
        return None if row[0] is None else int(row[0])

    def _surplus(self) -> bool:
        oldest = self._connection.execute("SELECT min(day) FROM day WHERE width = ?", (self.width,)).fetchone()[0]
        return oldest is not None and oldest + DAY <= self._kept

    def _late(self, fold: int) -> bool:
        rows = self._connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM late WHERE width = ? AND t < ? LIMIT ?)",
            (self.width, self._at.packed, fold),
        )
        return int(rows.fetchone()[0]) >= fold

    def _packed(self) -> Progress:
        """Packs one part of the day of some SLOs, so that neighbouring rows are read; after the last part the day is read packed."""
        at, width = self._at, self.width
        part, first = divmod(at.next, _SLOS)
        if part == parts_of(width):
            return at._replace(packed=at.open, next=0)
        most = max(1, PACKED_AT_ONCE // PART)
        slos = self._connection.execute(
            "SELECT id FROM slo WHERE id >= ? ORDER BY id LIMIT ?", (first, most)
        ).fetchall()
        if not slos:
            return at._replace(next=(part + 1) * _SLOS)
        following = part * _SLOS + slos[-1][0] + 1 if len(slos) == most else (part + 1) * _SLOS
        start = at.packed + part * seconds_of(width)
        times = start, width, min(start + seconds_of(width), at.open)
        found = self._connection.execute(_GROUP, (*times, slos[0][0], slos[-1][0])).fetchall()
        rows = np.array(found, np.int64).reshape(-1, 5)
        alive = {slo for (slo,) in slos}
        for slo, one in _by_slo(rows[:, 0], _indexed(rows[:, 1:], at.packed, width)):
            if slo in alive:
                self._add(at.packed, slo, one)
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
        late = np.array(
            self._connection.execute(
                "SELECT t, slo, good, total, estimated FROM late WHERE width = ? AND t < ? ORDER BY t, slo LIMIT ?",
                (width, at.packed, FOLDED_AT_ONCE),
            ).fetchall(),
            np.int64,
        )
        alive = {slo for (slo,) in self._connection.execute("SELECT id FROM slo")}
        for day in np.unique(late[:, 0] // DAY * DAY).tolist():
            of_day = late[(late[:, 0] >= day) & (late[:, 0] < day + DAY)]
            for slo, rows in _by_slo(of_day[:, 1], _indexed(of_day[:, [0, 2, 3, 4]], day, width)):
                if slo in alive:
                    self._add(day, slo, rows)
        t, slo = late[-1, :2].tolist()
        self._connection.execute("DELETE FROM late WHERE width = ? AND (t, slo) <= (?, ?)", (width, t, slo))
        return at._replace(folded=at.folded + 1)

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

_ENDS: Final = "SELECT (SELECT min(day) FROM day WHERE width = ?1), (SELECT max(day) FROM day WHERE width = ?1)"


def _indexed(rows: IntColumn, day: int, width: int) -> IntColumn:
    """Rows with the time turned into the bucket's index in the day."""
    rows = rows.copy()
    rows[:, 0] = (rows[:, 0] - day) // width
    return rows


def _by_slo(slos: IntColumn, rows: IntColumn) -> Iterator[tuple[int, IntColumn]]:
    order = np.argsort(slos, kind="stable")
    found, starts = np.unique(slos[order], return_index=True)
    return zip(found.tolist(), np.split(rows[order], starts)[1:], strict=True)


def _dropped(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT slo FROM dropped LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def _forget_dropped(connection: sqlite3.Connection) -> None:
    """Deletes the packed days of one SLO that is no more; rows of it go when their day closes."""
    slo = _dropped(connection)
    if slo is None:
        return
    for tier in TIERS:
        first, last = connection.execute(_ENDS, (tier.width,)).fetchone()
        if first is not None:
            days = ((tier.width, day, slo) for day in range(first, last + 1, DAY))
            connection.executemany("DELETE FROM day WHERE width = ? AND day = ? AND slo = ?", days)
    connection.execute("DELETE FROM dropped WHERE slo = ?", (slo,))
