"""Who had a part in an SLO's bad events, as it is read: over an interval, or in steps of it."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from ...slo import HOUR, MINUTE, Interval
from .contributor import Breakdown, Contributor

_SUMS: Final = """
SELECT contributor, sum(bad) FROM blame WHERE width = ? AND t >= ? AND t < ? AND slo = ? GROUP BY contributor
"""

_SUMS_BY_STEP: Final = """
SELECT t / ?5 * ?5, contributor, sum(bad) FROM blame WHERE width = ?1 AND t >= ?2 AND t < ?3 AND slo = ?4 GROUP BY 1, 2
"""


def contributors(
    connection: sqlite3.Connection, slo: int, interval: Interval, breakdown: Breakdown = Breakdown.CAUSE
) -> list[tuple[Contributor, int]]:
    """Who had a part in an SLO's bad events of an interval of whole minutes, the largest first, and how many.

    They add up to the bad events counted, those of sampled spans but for rounding; events estimated for silence are nobody's. Beyond
    three days the interval is taken in whole hours, beyond 35 days nothing is kept.
    """
    found: dict[int, int] = {}
    for width, start, end in _widths(connection, interval):
        for number, bad in connection.execute(_SUMS, (width, start, end, slo)):
            found[number] = found.get(number, 0) + bad
    known = _known(connection, breakdown)
    named = [(known[number], bad) for number, bad in found.items() if number in known]
    return sorted(named, key=lambda pair: (-pair[1], pair[0]))


class BlamedStep(NamedTuple):
    """Bad events of one step of time that had the same contributor."""

    t: int
    contributor: Contributor
    bad: int


def contributors_by_step(
    connection: sqlite3.Connection, slo: int, interval: Interval, step: int, breakdown: Breakdown
) -> list[BlamedStep]:
    """The same in steps of whole minutes, by time; where only hours are kept, each is told in the step that it begins in."""
    known = _known(connection, breakdown)
    found: dict[tuple[int, int], int] = {}
    for width, start, end in _widths(connection, interval):
        for t, number, bad in connection.execute(_SUMS_BY_STEP, (width, start, end, slo, step)):
            place = max(t, interval.start // step * step), number
            found[place] = found.get(place, 0) + bad
    return [BlamedStep(t, known[number], bad) for (t, number), bad in sorted(found.items()) if number in known]


def _widths(connection: sqlite3.Connection, interval: Interval) -> tuple[tuple[int, int, int], ...]:
    """Of which width an interval's buckets are, from when to when: hours before, and minutes as far back as they are kept."""
    oldest = connection.execute("SELECT min(t) FROM blame WHERE width = ?", (MINUTE,)).fetchone()[0]
    # Minutes go by whole hours: from the oldest one's hour on they are complete.
    cut = interval.end if oldest is None else max(interval.start, oldest // HOUR * HOUR)
    first = interval.start // HOUR * HOUR
    # Where minutes reach back to the start, its hour is theirs.
    hours = min(cut, interval.end) if cut > interval.start else first
    return (HOUR, first, hours), (MINUTE, cut, interval.end)


def _known(connection: sqlite3.Connection, breakdown: Breakdown) -> dict[int, Contributor]:
    query = "SELECT id, route, status, error, version, instance FROM contributor WHERE breakdown = ?"
    return {row[0]: Contributor(breakdown, *row[1:]) for row in connection.execute(query, (breakdown,))}
