"""What points add, and how much of it was quick: as read row by row."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.collector.streams.growth import NO_BOUNDS, UNKNOWN, Growth, Levels, distinct

TABLE = [(), (0.1, 0.2), (0.1, 0.4), (0.1, 0.2, 0.4), (0.2,)]
EDGES = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 1.0]
MANY = 30


def some(random, *others):
    """Rows, (number of boundaries, buckets) each: of those in the table, or of these."""
    numbers = [*range(len(TABLE)), *others]
    return [(random.choice(numbers), random.choices(range(9), k=5)) for _ in range(random.choice((0, 1, 2, 8)))]


def alike(random, rows):
    """The same rows, or all of the first one's boundaries."""
    return [(rows[0][0], buckets) for _, buckets in rows] if random.choice((True, False)) else rows


def levels(said):
    """Levels of rows, (number of boundaries, buckets) each."""
    buckets = np.array([buckets for _, buckets in said], np.int64).reshape(len(said), 5)
    return Levels(TABLE, np.array([number for number, _ in said], np.int64), buckets)


def bounds_of(number):
    """The boundaries of a number."""
    return TABLE[number] if number >= 0 else ()


def within(said, edge):
    """The events of one row at or below an edge."""
    number, buckets = said
    return sum(
        count for bound, count in zip(bounds_of(number), buckets, strict=False) if edge is not None and bound <= edge
    )


def is_told(said):
    """Whether a row can be told by."""
    return said[0] == UNKNOWN or bool(bounds_of(said[0]))


@pytest.mark.parametrize("threshold", EDGES)
@pytest.mark.parametrize("seed", range(MANY))
def test_what_was_said_first_is_all_new(seed, threshold):
    """Without anything before, quick are the events in buckets at or below the threshold; it can be told where there are buckets."""
    random = Random(seed)
    said = alike(random, some(random, NO_BOUNDS))
    count = np.array([sum(buckets) for _, buckets in said], np.int64)
    quick, told = Growth(np.arange(len(said)), count, count, levels(said)).within(threshold)

    assert told.tolist() == [is_told(one) for one in said]
    assert quick.tolist() == [within(one, threshold) for one in said]


def edge(after, before, threshold):
    """The highest boundary at or below the threshold that both have; the threshold where there is no difference."""
    new, old = bounds_of(after[0]), bounds_of(before[0])
    if before[0] == UNKNOWN or new == old:
        return threshold
    return max((bound for bound in new if bound in old and bound <= threshold), default=None)


@pytest.mark.parametrize("threshold", EDGES)
@pytest.mark.parametrize("seed", range(MANY))
def test_what_was_said_again_is_compared_where_both_can_be(seed, threshold):
    """Quick is what the highest common boundary at or below the threshold says more than before; never below nothing, or all there is."""
    random = Random(seed)
    said = alike(random, some(random, NO_BOUNDS))
    earlier = [(random.choice((number, UNKNOWN, 0, 1, 2, 3, 4)), random.choices(range(9), k=5)) for number, _ in said]
    earlier = alike(random, [(max(number, UNKNOWN), buckets) for number, buckets in earlier])
    rows = list(zip(said, earlier, strict=True))
    count = [max(0, sum(after[1]) - sum(before[1])) for after, before in rows]
    columns = np.arange(len(rows)), np.array(count, np.int64), np.zeros(len(rows), np.int64)
    quick, told = Growth(*columns, levels(said), levels(earlier)).within(threshold)

    assert told.tolist() == [is_told(after) and is_told(before) for after, before in rows]
    for (after, before), most, found, sure in zip(rows, count, quick.tolist(), told.tolist(), strict=True):
        at = edge(after, before, threshold)
        if sure:
            assert found == min(max(0, within(after, at) - within(before, at)), most)


@pytest.mark.parametrize("seed", range(3 * MANY))
def test_what_is_added_in_each_bucket_is_told_of_boundaries_that_stayed(seed):
    """Each row with boundaries that has the same before, or none, once: what its buckets, the last open one too, hold more than then."""
    random = Random(seed)
    said = alike(random, some(random, UNKNOWN, NO_BOUNDS))
    known = random.choice((True, False))
    earlier = [
        (random.choice((number, number, UNKNOWN, NO_BOUNDS, 2)) if known else UNKNOWN, random.choices(range(9), k=5))
        for number, _ in said
    ]
    columns = np.arange(len(said)), np.zeros(len(said), np.int64), np.zeros(len(said), np.int64)
    growth = Growth(*columns, levels(said), levels(earlier) if known else None)

    assert {
        row: (bounds, counts)
        for rows, bounds, added in growth.buckets()
        for row, counts in zip(columns[0][rows].tolist(), added.tolist(), strict=True)
    } == {
        row: (bounds_of(number), added_by(number, now, then))
        for row, ((number, now), then) in enumerate(zip(said, earlier, strict=True))
        if bounds_of(number) and (then[0] == UNKNOWN or bounds_of(then[0]) == bounds_of(number))
    }


def added_by(number, now, before):
    """What each bucket of boundaries of that number holds more than before, never less than nothing."""
    then = before[1] if before[0] != UNKNOWN else [0] * 5
    return [max(0, new - old) for new, old in zip(now, then, strict=True)][: len(bounds_of(number)) + 1]


@pytest.mark.parametrize("threshold", EDGES)
@pytest.mark.parametrize("seed", range(MANY))
def test_the_boundary_a_threshold_is_told_by(seed, threshold):
    """Of every distinct set of boundaries the highest at or below it; None where there is none."""
    random = Random(seed)
    said = some(random, UNKNOWN, NO_BOUNDS)
    expected = [
        max((bound for bound in bounds_of(number) if bound <= threshold), default=None)
        for number in sorted({number for number, _ in said})
    ]

    assert levels(said).boundaries(slice(None), threshold) == expected


@pytest.mark.parametrize("number", [0, UNKNOWN, NO_BOUNDS])
def test_without_boundaries_nothing_is_quick(number):
    """Whatever stands in buckets whose boundaries nobody knows."""
    assert levels([(number, [1, 2, 3, 4, 5])]).within(slice(None), number, 1.0).tolist() == [0]
    assert levels([(1, [1, 2, 3, 4, 5])]).within(slice(None), 1, None).tolist() == [0]


@given(st.lists(st.integers(-2, 3)))
def test_distinct_numbers(numbers):
    """Each once, in order."""
    assert list(distinct(np.array(numbers, np.int64))) == sorted(set(numbers))


def test_what_stands_in_place_of_boundaries():
    """Is the number of none, and neither the other."""
    assert max(UNKNOWN, NO_BOUNDS) < 0
    assert UNKNOWN != NO_BOUNDS
