"""Counts of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import EventCount

COUNTS = st.integers(0, 10**15).flatmap(lambda total: st.integers(0, total).map(lambda good: EventCount(good, total)))


@given(COUNTS)
def test_good_and_bad_are_all(count):
    """Good and bad events together are all events."""
    assert count.good + count.bad == count.total
