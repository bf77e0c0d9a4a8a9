"""Who was asleep has seen nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts.watch.awake import SLEPT_SECONDS, Awake


def looked(*pauses):
    """Looks after each of these pauses."""
    awake, moment = Awake(0.0), 0.0
    for pause in pauses:
        moment += pause
        awake.look(moment)
    return awake


@given(st.lists(st.floats(0.01, SLEPT_SECONDS), min_size=1, max_size=50), st.floats(0, 300))
def test_who_is_never_held_up_sees_everything_since_the_beginning(pauses, age):
    """And nothing from before."""
    assert pytest.approx(min(age, sum(pauses))) == looked(*pauses).seen(age)


@given(
    st.lists(st.floats(0.01, 1), min_size=1, max_size=50),
    st.floats(SLEPT_SECONDS, 1e6),
    st.lists(st.floats(0.01, 1), max_size=50),
)
def test_of_a_sleep_a_moment_counts(before, slept, after):
    """What stands still since it began has stood still for as long as somebody was awake."""
    since = looked(*before, slept, *after).seen(slept + sum(after))

    assert pytest.approx(SLEPT_SECONDS + sum(after)) == since


@given(st.integers(10, 2_000))
def test_who_is_always_held_up_sees_all_the_same_that_something_stands_still(looks):
    """A machine without free CPU is no machine that sleeps."""
    assert looked(*[6.0] * looks).seen(60.0) >= 50.0 - 1e-6


def test_a_sleep_of_long_ago_changes_nothing():
    """It may look for years."""
    assert 60.0 == looked(1e6, *[1.0] * 5_000).seen(60.0)
