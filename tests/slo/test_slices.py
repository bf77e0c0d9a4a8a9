"""Slices of time, held against their definitions in plain fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import (
    DAY,
    HOUR,
    MINUTE,
    PARTS,
    EventCount,
    InvalidValue,
    Method,
    Slices,
    Unit,
    Window,
    bad_slices,
    evaluate,
    slice_parts,
)

NOW = 1_800_000_000.0
COUNTS = st.one_of(st.integers(0, 30), st.integers(0, 9 * 10**12)).flatmap(
    lambda total: st.tuples(st.integers(0, total), st.just(total))
)
MANY = st.lists(COUNTS, max_size=60)
TARGETS = st.one_of(st.just(Decimal(1)), st.decimals(Decimal("0.0001"), 1, places=6), st.just(Decimal("1e-30")))


def arrays(counts):
    return tuple(np.array([count[index] for count in counts], np.int64) for index in (0, 1))


@given(MANY, TARGETS)
def test_a_slice_is_bad_below_its_target(counts, target):
    """Exactly: good / total < target, and one without events is good."""
    expected = [total > 0 and Fraction(good, total) < Fraction(target) for good, total in counts]

    assert bad_slices(*arrays(counts), target).tolist() == expected


@given(st.integers(1, 10**6), st.integers(1, 999_999), st.integers(-1, 1))
def test_a_slice_at_its_target_is_good(times, millionths, more):
    """Equality is no failure, however many events there were; one more bad one is."""
    total, bad = 10**6 * times, (10**6 - millionths) * times + more
    if bad < 0:
        return

    assert bad_slices(*arrays([(total - bad, total)]), Decimal(millionths).scaleb(-6)).tolist() == [more > 0]


@given(MANY)
def test_parts_are_the_share_of_good_rounded_down(counts):
    """floor(good x 10**12 / total) of each slice, exactly; nothing for one without events."""
    expected = [good * PARTS // total if total else 0 for good, total in counts]

    assert slice_parts(*arrays(counts)).tolist() == expected


def test_parts_of_few_events():
    """Of one, of two, of none."""
    assert slice_parts(*arrays([(1, 1), (0, 1), (1, 2), (0, 0), (2, 3)])).tolist() == [
        PARTS,
        0,
        PARTS // 2,
        0,
        666_666_666_666,
    ]


@given(st.lists(COUNTS.filter(lambda count: count[1] > 0), min_size=1, max_size=60))
def test_the_mean_of_slices_is_within_a_trillionth_and_never_in_our_favour(counts):
    """RatioTimeslices is the mean of the slices' ratios; counted in parts it is that, or less by under 1e-12."""
    exact = sum(Fraction(good, total) for good, total in counts) / len(counts)
    counted = Fraction(int(slice_parts(*arrays(counts)).sum()), PARTS * len(counts))

    assert 0 <= exact - counted < Fraction(1, 10**12)


@pytest.mark.parametrize("target", ["0", "-0.1", "1.01", "NaN", "Infinity"])
def test_impossible_targets(target):
    """A slice's target is a share, more than nothing."""
    with pytest.raises(InvalidValue, match=r"between 0 and 1, such as 0\.95"):
        Slices(Decimal(target))


def test_a_slice_is_a_minute_unless_said():
    """And has no target of its own then."""
    assert Slices() == Slices(None, Window(MINUTE))


@given(
    st.lists(COUNTS, min_size=60, max_size=60),
    st.sampled_from(["0.5", "0.9", "0.999"]),
    st.sampled_from(["0.1", "0.9", "0.99", "1"]),
)
def test_timeslices_by_their_definition(make_slo, stated_counts, counts, target, slice_target):
    """60 slices of an hour's window: allowed are (1 - target) x 60, spent those below the slices' target, remaining what that leaves."""
    slices, window = Slices(Decimal(slice_target), Window(MINUTE)), Window(HOUR)
    slo = make_slo(target=target, method=Method.TIMESLICES, slices=slices, window=window, rules=())
    bad = int(bad_slices(*arrays(counts), Decimal(slice_target)).sum())
    source = stated_counts({slo.name: {window: EventCount(60 - bad, 60)}})
    budget = evaluate([slo], source, NOW).status(0).budget
    spent = sum(1 for good, total in counts if total and Fraction(good, total) < Fraction(slice_target))

    assert (budget.spent, budget.allowed) == (spent, (1 - Fraction(target)) * 60)
    assert budget.remaining_seconds == (1 - Fraction(target)) * HOUR - spent * MINUTE


@given(st.integers(1, 720), st.integers(0, 720))
def test_a_window_of_slices_not_yet_covered(make_slo, stated_counts, seen, bad):
    """The slices to come count as good ones: allowed are those of the whole window, whatever part of it was seen."""
    bad = min(bad, seen)
    window, slices = Window(30 * DAY), Slices(Decimal("0.95"), Window(HOUR))
    slo = make_slo(target="0.99", method=Method.TIMESLICES, slices=slices, window=window, rules=())
    source = stated_counts({slo.name: {window: EventCount(seen - bad, seen)}}, since={slo.name: int(NOW) - seen * HOUR})
    status = evaluate([slo], source, NOW).status(0)

    assert status.budget.allowed == Fraction(720, 100)
    assert status.budget.remaining_ratio == 1 - bad / Fraction(720, 100)
    assert status.coverage == Fraction(seen, 720)


def test_ratio_timeslices_by_their_definition(make_slo, stated_counts):
    """Two slices of four half failed are one bad slice of four."""
    slices, window = Slices(None, Window(MINUTE)), Window(4 * MINUTE)
    slo = make_slo(target="0.5", method=Method.RATIO_TIMESLICES, slices=slices, window=window, rules=())
    parts = slice_parts(*arrays([(5, 10), (1, 2), (1000, 1000), (3, 3)]))
    source = stated_counts({slo.name: {window: EventCount(int(parts.sum()), 4 * PARTS)}})
    status = evaluate([slo], source, NOW).status(0)

    assert (slo.unit, status.budget.allowed, status.budget.spent) == (Unit.PARTS, 2, 1)
    assert (status.budget.remaining_ratio, status.burn[window]) == (Fraction(1, 2), Fraction(1, 2))
