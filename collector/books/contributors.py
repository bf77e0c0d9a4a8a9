"""What the bad events of an SLO have in common: the largest causes and the largest instances, per minute and per hour.

Two breakdowns beside one another, of the same sum: by cause (route, status, error type, version) and by instance. Together they would be
as many rows as instances times causes, and an outage of one route would hide behind its hundred instances. The largest of each bucket
are kept by name, all others together as `otel.metric.overflow`, so that the rows of a breakdown add up to the bad events counted.

Of sampled spans they do but for rounding: those of one request that share their attributes, resource and second are rounded together to
whole events, while the count carries on what is left over of them. Each such rounding is off by half an event at most.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from ...slo import DAY, HOUR, MINUTE, Attributes
from ..ledger.bulk import write_rows
from ..ledger.staged import Staged
from ..remembered import Remembered
from .contributor import KEPT, OTHER, Attribution, Breakdown, Contributor

TOP: Final = 10
"""Contributors of a closed bucket that keep their names, in each breakdown."""

MOST_OPEN: Final = 100
"""Those of a bucket that is being filled: it closes by folding the smallest, and is exact in its largest up to so many."""

MOST_NAMES: Final = 20_000
"""Contributors that have a name, and pairs of attribute sets that are remembered with theirs."""

CLOSED_AFTER: Final = 2 * MINUTE


class _Name(NamedTuple):
    """A contributor's number, and the last hour it was blamed in."""

    number: int
    last: int


class _Place(NamedTuple):
    """One bucket of one SLO's breakdown."""

    width: int
    t: int
    slo: int
    breakdown: Breakdown


class _Blamed(NamedTuple):
    """Bad events of one minute that are told together: `finest` is the width of the finest buckets that still keep it."""

    minute: int
    slos: tuple[int, ...]
    told: Attribution
    finest: int


_Row = tuple[int, int, int, int]
"""Where blame is kept: width, start, SLO, contributor's number."""


class Contributors:
    """Books who had a part in bad events, in the transaction that counts them. A part of the books."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._names: Staged[Contributor, _Name] = Staged(
            (Contributor(Breakdown(row[1]), *row[2:7]), _Name(row[0], row[7]))
            for row in connection.execute("SELECT * FROM contributor")
        )
        self._next = 1 + max((name.number for name in self._names.kept.values()), default=0)
        self._staged: dict[_Blamed, int] = {}
        # Where what is blamed again and again was kept last; true as long as nobody is renamed.
        self._rows: dict[_Blamed, tuple[_Row, ...]] = {}
        self._told = Remembered(Attribution.under, MOST_NAMES)
        self._named: dict[_Place, set[int]] = _open_places(connection)
        self._touched: dict[_Place, set[int]] = {}
        self._folded: list[_Place] = []
        self._tidy: float | None = None

    def blame(
        self, slos: tuple[int, ...], t: int, bad: int, labels: Attributes, resource: Attributes, received: float
    ) -> None:
        """Stages that `bad` events of second `t`, bad for each of `slos`, had these attributes."""
        if not slos or bad <= 0 or t < received - KEPT[HOUR]:
            return
        minute = t // MINUTE * MINUTE
        # Minutes go by whole hours: one alone, in an hour whose others are gone, would stand for all of them.
        finest = MINUTE if minute >= int(received - KEPT[MINUTE]) // HOUR * HOUR else HOUR
        key = _Blamed(minute, slos, self._told.of(labels, resource), finest)
        self._staged[key] = self._staged.get(key, 0) + bad

    def expire(self, now: float) -> None:
        """Stages the closing of buckets, and the forgetting of a little of what is kept no more; to be called every second."""
        closed = any(place.t + place.width + CLOSED_AFTER <= now for place in self._named)
        if closed or any(_surplus(self._connection, width, now) is not None for width in KEPT):
            self._tidy = now

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._staged) or self._tidy is not None

    def write(self, connection: sqlite3.Connection) -> None:
        """Adds what is staged to the minutes and hours that are kept, each contributor under its name while there is room."""
        rows: dict[_Row, int] = {}
        for blamed, bad in self._staged.items():
            for row in self._rows_of(blamed):
                rows[row] = rows.get(row, 0) + bad
        changes = self._names.changes.items()
        connection.executemany(
            "INSERT OR REPLACE INTO contributor VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(name.number, *contributor, name.last) for contributor, name in changes if name],
        )
        _add(connection, rows)
        if self._tidy is not None:
            self._close(connection, self._tidy)
            self._expire(connection, self._tidy)

    def keep(self) -> None:
        """What was staged is true now."""
        self._names.keep()
        self._named |= self._touched
        for place in self._folded:
            self._named.pop(place, None)
        if self._tidy is not None or len(self._rows) > MOST_NAMES:
            self._rows.clear()
        self._clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._names.forget()
        self._rows.clear()
        self._clear()

    def _clear(self) -> None:
        self._staged.clear()
        self._touched.clear()
        self._folded.clear()
        self._tidy = None

    def _rows_of(self, blamed: _Blamed) -> tuple[_Row, ...]:
        rows = self._rows.get(blamed)
        if rows is None:
            rows = self._rows[blamed] = tuple(
                (*place[:3], self._number(place, contributor))
                for contributor in blamed.told.contributors
                for place in _places(blamed, contributor.breakdown)
            )
        return rows

    def _number(self, place: _Place, contributor: Contributor) -> int:
        """The number to book under: the contributor's own, or the others' where the bucket or the dictionary is full."""
        named = self._touched.get(place)
        if named is None:
            found = self._named.get(place)
            named = self._touched[place] = set(self._read(place) if found is None else found)
        name = self._name(contributor, place)
        if name is None or (name.number not in named and len(named) >= MOST_OPEN):
            name = self._name(OTHER[place.breakdown], place)
            assert name is not None, "the others always have a name"
        named.add(name.number)
        return name.number

    def _name(self, contributor: Contributor, place: _Place) -> _Name | None:
        hour = place.t // HOUR * HOUR
        name = self._names.get(contributor)
        if name is None:
            if len(self._names.kept) + len(self._names.changes) >= MOST_NAMES and not contributor.is_other:
                return None
            name = _Name(self._next, hour)
            self._next += 1
            self._names.put(contributor, name)
        elif name.last < hour:
            name = name._replace(last=hour)
            self._names.put(contributor, name)
        return name

    def _read(self, place: _Place) -> Iterator[int]:
        """Who is named in a bucket already: after a restart, or when events come late."""
        return (number for (number,) in self._connection.execute(_NAMED, place))

    def _close(self, connection: sqlite3.Connection, now: float) -> None:
        """Folds what is beyond the largest of each bucket that is full into the others."""
        for place in {**self._named, **self._touched}:
            if place.t + place.width + CLOSED_AFTER > now:
                continue
            self._folded.append(place)
            named = self._touched.get(place) or self._named[place]
            if len(named) > TOP:
                self._fold(connection, place)

    def _fold(self, connection: sqlite3.Connection, place: _Place) -> None:
        other = self._name(OTHER[place.breakdown], place)
        assert other is not None, "the others always have a name"
        connection.execute(
            "INSERT OR REPLACE INTO contributor VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (other.number, *OTHER[place.breakdown], other.last),
        )
        small = connection.execute(_BY_SIZE, (*place, other.number)).fetchall()[TOP:]
        if not small:
            return
        _add(connection, {(*place[:3], other.number): sum(bad for _, bad in small)})
        connection.executemany(
            "DELETE FROM blame WHERE width = ? AND t = ? AND slo = ? AND contributor = ?",
            [(*place[:3], number) for number, _ in small],
        )

    def _expire(self, connection: sqlite3.Connection, now: float) -> None:
        for width, kept in KEPT.items():
            oldest = _surplus(connection, width, now)
            if oldest is not None:
                until = min(int(now - kept) // HOUR * HOUR, oldest // HOUR * HOUR + HOUR)
                connection.execute("DELETE FROM blame WHERE width = ? AND t < ?", (width, until))
        gone = int(now - KEPT[HOUR]) - DAY
        for contributor, name in self._names.kept.items():
            if name.last < gone and contributor not in self._names.changes:
                self._names.remove(contributor)
        connection.execute("DELETE FROM contributor WHERE last < ?", (gone,))


def _open_places(connection: sqlite3.Connection) -> dict[_Place, set[int]]:
    """The buckets that were being filled when the ledger was closed."""
    found: dict[_Place, set[int]] = {}
    for width in KEPT:
        newest = connection.execute("SELECT max(t) FROM blame WHERE width = ?", (width,)).fetchone()[0] or 0
        for t, slo, breakdown, number in connection.execute(_RECENT, (width, newest - 2 * width)):
            found.setdefault(_Place(width, t, slo, Breakdown(breakdown)), set()).add(number)
    return found


def _add(connection: sqlite3.Connection, rows: dict[_Row, int]) -> None:
    """Adds to what is kept; in key order, so that neighbours are written together."""
    write_rows(connection, _UPSERT, 5, [value for row, bad in sorted(rows.items()) for value in (*row, bad)])


_UPSERT: Final = "INSERT INTO blame VALUES {} ON CONFLICT DO UPDATE SET bad = bad + excluded.bad"
_NAMED: Final = """
SELECT contributor FROM blame JOIN contributor ON id = contributor WHERE width = ? AND t = ? AND slo = ? AND breakdown = ?
"""
_RECENT: Final = (
    "SELECT t, slo, breakdown, id FROM blame JOIN contributor ON id = contributor WHERE width = ? AND t >= ?"
)
_BY_SIZE: Final = """
SELECT contributor, bad FROM blame JOIN contributor ON id = contributor
WHERE width = ? AND t = ? AND slo = ? AND breakdown = ? AND id != ? ORDER BY bad DESC, id
"""


def _surplus(connection: sqlite3.Connection, width: int, now: float) -> int | None:
    """The start of the oldest bucket of a width, if it is kept no more."""
    oldest: int | None = connection.execute("SELECT min(t) FROM blame WHERE width = ?", (width,)).fetchone()[0]
    return oldest if oldest is not None and oldest < int(now - KEPT[width]) // HOUR * HOUR else None


def _places(blamed: _Blamed, breakdown: Breakdown) -> Iterator[_Place]:
    for slo in blamed.slos:
        for width in (width for width in KEPT if width >= blamed.finest):
            yield _Place(width, blamed.minute // width * width, slo, breakdown)
