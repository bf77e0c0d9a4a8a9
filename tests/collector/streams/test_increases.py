"""What points turn out to be: each by itself, whatever stands beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import product
from random import Random
from typing import NamedTuple

import numpy as np
import pytest

from fournines.collector.ledger.pages import Pages
from fournines.collector.ledger.schema import migrate
from fournines.collector.streams.families import Heard
from fournines.collector.streams.growth import UNKNOWN
from fournines.collector.streams.increases import Increases, PointOutcome, increases
from fournines.collector.streams.points import KEY_SIZE, CumulativePoints
from fournines.collector.streams.shelves import LEAD, Last

LEVELS = [(count, bound, buckets) for count in range(3) for bound in (0, 1) for buckets in ((0, 2), (1, 1), (1, 2))]
AFTER = LEVELS[-1]


class Point(NamedTuple):
    """A point: its times, what it says and what its stream said before; what its family says of it."""

    start: int
    time: int
    since: int
    says: tuple[int, int, tuple[int, int]]
    said: tuple[int, int, tuple[int, int]] | None
    heard: Heard


KNOWN = [Point(1, 9, 1, says, said, Heard(7, 2, 0)) for says, said in product(LEVELS, LEVELS)]
NEW = [
    Point(start, time, since, AFTER, None, Heard(before, first, horizon))
    for start, time, since, before, first, horizon in product(
        range(-1, 4), range(1, 4), range(-1, 3), range(-1, 3), range(3), range(-1, 3)
    )
]
LAST = 5


class Outcome(NamedTuple):
    """What a point turned out to be: how many events, since when, as what, beside which boundaries of before."""

    events: int
    start: int
    kind: int
    before: int


def outcome(point):
    """By the words of the rules, one at a time."""
    count, bound, buckets = point.says
    if point.said is not None:
        old_count, old_bound, old_buckets = point.said
        shrank = bound == old_bound and any(new < old for new, old in zip(buckets, old_buckets, strict=True))
        if count < old_count or shrank:
            return Outcome(count, LAST, 1, UNKNOWN)
        return Outcome(count - old_count, LAST, 0, old_bound)
    before, first, horizon = point.heard
    is_said = 0 < point.start < point.time
    if is_said and point.start >= horizon and point.start >= point.since:
        return Outcome(count, point.start, 0, UNKNOWN)
    if before > 0 and point.start < point.time and first > horizon:
        return Outcome(count, before, 0, UNKNOWN)
    return Outcome(0, before, 2, UNKNOWN)


def row(level):
    """A stream's row of what it says, `LAST` being when; all zeroes where it says nothing."""
    count, bound, buckets = level or (0, UNKNOWN, (0, 0))
    return [LAST if level else 0, count, 0, bound, *buckets]


def found_of(points):
    """What these points turn out to be, all in one request."""
    columns = np.array([point[:3] for point in points], np.int64).reshape(-1, 3)
    rows = np.array([row(point.says) for point in points], np.int64).reshape(-1, LEAD + 2)
    before = np.array([row(point.said) for point in points], np.int64).reshape(-1, LEAD + 2)
    where = np.arange(len(points))
    sent = CumulativePoints(
        [(), (0.1,)], where, np.zeros((len(points), 2), np.uint64), where, columns[:, 0], columns[:, 1], rows[:, 1],
        columns[:, 2], rows[:, 3], rows[:, LEAD:],
    )  # fmt: skip
    heard = Heard(*np.array([point.heard for point in points], np.int64).reshape(-1, 3).T)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        return increases(sent, rows, Last(Pages(connection, 1, KEY_SIZE, LEAD, 1), where, before), heard)


def outcomes(found):
    """One row a point."""
    return [Outcome(*map(int, values)) for values in zip(*found, strict=True)]


@pytest.mark.parametrize(
    "points", [[], KNOWN, NEW, Random(4).sample(KNOWN + NEW, 500)], ids=["none", "known", "new", "both"]
)
def test_every_point_is_what_it_would_be_alone(points):
    """Of a known stream what it says more, or all of it where it fell in all or in a bucket of the same boundaries; of a new one all
    of it where it began in sight or the export before had not got it, and else nothing.
    """
    found = found_of(points)

    assert outcomes(found) == [outcome(point) for point in points]
    assert list(found.seen()) == [PointOutcome.INCREASE, PointOutcome.RESET, PointOutcome.BASELINE]
    assert list(found.seen().values()) == [sum(outcome(point).kind == kind for point in points) for kind in range(3)]


def test_some_of_them():
    """In the order asked for."""
    found = Increases(*np.arange(12).reshape(4, 3))

    assert outcomes(found.only(np.array([2, 0]))) == [Outcome(2, 5, 8, 11), Outcome(0, 3, 6, 9)]
