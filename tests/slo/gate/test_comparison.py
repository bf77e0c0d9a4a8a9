"""What is held against a version, and what is not."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import EventCount
from fournines.slo.gate.comparison import FEWEST, Comparison

ALLOWED = Fraction(1, 1000)
LIMIT = 0.005
ROWS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 300), st.integers(0, 30), st.integers(0, 300)).map(
        lambda row: (min(row[:2]), row[1], min(row[2:]), row[3])
    ),
    max_size=20,
)


def compared(*rows, allowed=ALLOWED):
    """Rows of canary bad and total, baseline bad and total."""
    return Comparison.of(np.array(rows, dtype=np.int64).reshape(-1, 4), allowed, LIMIT)


def test_it_adds_up_both_sides():
    """Good and total of canary and baseline over all buckets."""
    found = compared((1, 10, 2, 200), (0, 30, 0, 100))

    assert (found.canary, found.baseline) == (EventCount(39, 40), EventCount(298, 300))


def test_nothing_is_held_against_nothing():
    """Without a bucket there is no evidence, and everything is missing that it takes."""
    found = compared()

    assert (found.against_baseline, found.against_objective, found.worse, found.breaks) == (1, 1, False, False)
    assert found.missing == found.needed == 226


def test_forty_good_requests_prove_nothing():
    """0 of 40 is neither against a version nor enough for it."""
    found = compared((0, 40, 0, 400))

    assert (found.worse, found.breaks) == (False, False)
    assert found.missing == 186


def test_it_is_worse_beside_a_baseline_that_does_better():
    """One in twenty, where the others have none."""
    found = compared((25, 500, 0, 4500))

    assert found.worse
    assert found.against_baseline < 1e-9


def test_two_failures_are_no_pattern():
    """Whatever the evidence, fewer than three failures stop nothing, as they page nobody."""
    found, alone = compared((2, 2, 0, 1_000_000)), compared((2, 2, 0, 0))

    assert found.against_baseline < LIMIT
    assert alone.against_objective < LIMIT
    assert (alone.worse, alone.breaks) == (False, False)
    assert (found.worse, found.breaks) == (False, False)


def test_three_failures_may_come_one_by_one():
    """They are counted over all buckets, and so are the requests they are held against."""
    assert compared(*[(1, 50, 0, 4500)] * 3).worse
    assert not compared(*[(1, 50, 0, 4500)] * 2).worse
    assert not compared(*[(1, 2000, 0, 180_000)] * 3).worse


def test_a_hundred_requests_are_the_least():
    """However little harm is to be excluded."""
    assert compared(allowed=Fraction(1, 100)).needed == 100


def test_worse_within_the_objective_is_let_pass():
    """0.05 % where 0.1 % may, beside others that have nearly none: that is what the budget is for."""
    found = compared((500, 1_000_000, 10, 9_000_000))

    assert found.against_baseline < 1e-9
    assert not found.worse


def test_what_the_others_suffer_too_is_not_the_versions_doing():
    """A dependency that fails for everybody is held against nobody, however far beyond the objective."""
    found = compared(*[(50, 1000, 100, 2000)] * 6)

    assert (found.worse, found.breaks, found.against_objective) == (False, False, 1)


@pytest.mark.parametrize("theirs", [0, 5, 11])
def test_without_a_baseline_the_objective_judges(theirs):
    """A version that has nine tenths of the traffic, or all, is held against what was promised."""
    assert compared(*[(5, 100, 0, theirs)] * 6).breaks


def test_without_a_baseline_for_some_seconds_it_is_not_alone():
    """At few requests a bucket often has none of one side: a minute's traffic says who is alone."""
    found = compared(*[(2, 4, 0, 0), (0, 0, 2, 4)] * 20)

    assert found.against_objective == pytest.approx(compared((2, 4, 0, 0)).against_objective)


def test_few_others_are_enough():
    """Of all failures of a version that has 90 % of the traffic too many are its own, though the others made hardly a request."""
    found = compared(*[(25, 500, 0, 60)] * 12)

    assert found.worse
    assert found.against_objective == 1


@given(ROWS, ROWS)
def test_who_was_stopped_stays_stopped(before, after):
    """Whatever comes later, a version is not acquitted: to ask again until it passes is of no use."""
    earlier, later = compared(*before), compared(*before, *after)

    assert later.worse >= earlier.worse
    assert later.breaks >= earlier.breaks
    assert later.against_baseline <= earlier.against_baseline
    assert later.against_objective <= earlier.against_objective


@given(ROWS)
def test_each_failure_takes_more_requests(rows):
    """The more failed, the more it takes; never fewer than a hundred."""
    found, worse = compared(*rows), compared(*rows, (1, 1, 0, 0))

    assert worse.needed > found.needed or found.needed == FEWEST
    assert found.needed >= FEWEST
    assert compared(*rows, allowed=Fraction(9, 10)).needed >= FEWEST
