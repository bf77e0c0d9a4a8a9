"""Comparison of counts with rational limits: exact, whatever floats would say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import WORKBOOK, Objective, Window
from fournines.slo.arithmetic import Limits, compare, exceeds

HUGE = 2**62
ROWS = st.lists(
    st.tuples(
        st.integers(0, HUGE),
        st.fractions(Fraction(1, 10**9), 1000, max_denominator=10**12),
        st.integers(1, 400 * 86_400),
        st.floats(0, 1),
        st.integers(-2, 2),
    ),
    min_size=1,
    max_size=6,
)


def signs(rows):
    """What `compare` says of (bad, total, limit, stretch, covered) rows."""
    bad, total, limits, stretch, covered = zip(*rows, strict=True)
    ints = (np.array(column, dtype=np.int64) for column in (bad, total, stretch, covered))
    bad_array, total_array, stretch_array, covered_array = ints
    return compare(bad_array, total_array, Limits(limits), stretch_array, covered_array).tolist()


def oracle(bad, total, limit, stretch, covered):
    difference = bad - limit * total * Fraction(stretch, covered)
    return (difference > 0) - (difference < 0)


@given(ROWS)
def test_agrees_with_fractions(drawn):
    """Near a limit, far from it and beyond 2^53, the sign is the one rational arithmetic gives."""
    rows = []
    for total, limit, stretch, part, off in drawn:
        covered = max(1, int(stretch * part))
        at_limit = int(limit * total * Fraction(stretch, covered))
        rows.append((min(HUGE, max(0, at_limit + off)), total, limit, stretch, covered))

    assert signs(rows) == [oracle(*row) for row in rows]


@pytest.mark.parametrize("rule", WORKBOOK, ids=str)
@pytest.mark.parametrize("target", ["0.999", "0.9995", "0.9999", "0.99995", "0.99999"])
@given(times=st.integers(1, 10**9))
def test_equality_is_not_above(target, rule, times):
    """Exactly at the threshold is not above it; one bad event more is, and one less is below."""
    limit = rule.factor(Window.parse("30d")) * Objective.parse(target).allowed
    total, bad = limit.denominator * times, limit.numerator * times

    assert signs([(bad + off, total, limit, 3600, 3600) for off in (-1, 0, 1)]) == [-1, 0, 1]


@given(total=st.integers(10**13, 10**15), limit=st.fractions(Fraction(1, 10**6), 1, max_denominator=10**9))
def test_less_than_one_event_is_seen(total, limit):
    """Counts so large that floats can't tell are told apart by less than one event, above the limit and below."""
    below = int(limit * total)
    rows = [(bad, total, limit, 1, 1) for bad in (below, below + 1)]

    assert signs(rows) == [oracle(*row) for row in rows]


def test_nothing_equals_nothing():
    """Without traffic nothing is above or below any limit."""
    assert signs([(0, 0, Fraction(1, 10_000), 10, 10)]) == [0]


@given(ROWS, st.data())
def test_changed_limits_count_where_they_changed(drawn, data):
    """In the rows named, and nowhere else; the limits that were are left as they are."""
    limits = [limit for _, limit, *_ in drawn]
    other = data.draw(st.dictionaries(st.integers(0, len(drawn) - 1), st.fractions(0, 10, max_denominator=10**9)))
    before = Limits(limits)
    after = before.changed(other)
    expected = [other.get(row, limit) for row, limit in enumerate(limits)]

    assert list(after.exact) == expected
    assert after.floats.tolist() == [float(limit) for limit in expected]
    assert (list(before.exact), before.floats.tolist()) == (limits, [float(limit) for limit in limits])


@given(
    st.lists(st.tuples(st.one_of(st.integers(0, 50), st.integers(0, HUGE)), st.integers(-2, 2)), max_size=6),
    st.fractions(0, 1, max_denominator=10**12),
)
def test_exceeding_a_share_is_exact(drawn, share):
    """Bad > share x total, at the limit and beside it, for totals that floats can't hold."""
    counts = [(min(total, max(0, int(share * total) + off)), total) for total, off in drawn]
    bad, total = (np.array([count[index] for count in counts], np.int64) for index in (0, 1))

    assert exceeds(bad, total, share).tolist() == [bad > share * total for bad, total in counts]
