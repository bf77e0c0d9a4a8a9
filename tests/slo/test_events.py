"""Counts of events."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import EventCount

EVENTS = st.lists(st.tuples(st.integers(0, 999), st.booleans()), max_size=50)
CUTS = st.lists(st.integers(0, 1_000), max_size=6).map(lambda cuts: sorted({0, 1_000, *cuts}))


def recount(events, start, end):
    inside = [good for time, good in events if start <= time < end]
    return EventCount(sum(inside), len(inside))


@given(EVENTS, CUTS)
def test_counts_add_over_adjacent_intervals(events, cuts):
    """However time is cut, the counts of the parts add up to the count of the whole."""
    total = EventCount(0, 0)
    for start, end in pairwise(cuts):
        total = total.plus(recount(events, start, end))

    assert total == recount(events, 0, 1_000)


COUNTS = st.integers(0, 10**15).flatmap(lambda total: st.integers(0, total).map(lambda good: EventCount(good, total)))


@given(COUNTS, COUNTS, COUNTS)
def test_adding_is_associative_and_commutative(a, b, c):
    """The order in which counts are added changes nothing, and adding nothing changes nothing."""
    assert a.plus(b).plus(c) == a.plus(c.plus(b))
    assert a.plus(EventCount(0, 0)) == a


@given(COUNTS)
def test_good_and_bad_are_all(count):
    """Good and bad events together are all events."""
    assert count.good + count.bad == count.total
