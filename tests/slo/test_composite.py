"""Composites, held against naive definitions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import PARTS, Composite, EventCount, InvalidValue, Member, Rule, combine_bad_slices, weigh

COUNTS = st.one_of(st.integers(0, 9), st.integers(0, 10**15)).flatmap(
    lambda total: st.integers(0, total).map(lambda good: EventCount(good, total))
)
WEIGHTS = st.fractions(Fraction(1, 1000), 1000, max_denominator=1000)
ALLOWED = st.fractions(Fraction(1, 10**6), Fraction(1, 2), max_denominator=10**6)
SLICES = st.sets(st.integers(0, 40).map(lambda number: 1_800_000_000 + 60 * number))
WEIGHTED = st.lists(st.tuples(WEIGHTS, ALLOWED, COUNTS), min_size=1, max_size=6)


def composite(weights, allowed=None):
    pairs = zip(weights, allowed or [None] * len(weights), strict=True)
    return Composite(Rule.WEIGHTED, tuple(Member(f"m{n}", weight, share) for n, (weight, share) in enumerate(pairs)))


def share(count):
    """The share of failures that was counted."""
    return Fraction(count.bad, PARTS) if count.total else None


@given(WEIGHTED)
def test_weighted_is_the_mean_of_the_shares_of_failures(drawn):
    """By weight, of the members with traffic, rounded up to a part; nothing where none has any."""
    weights, _, counts = zip(*drawn, strict=True)
    found = weigh(composite(weights), counts)
    seen = [
        (weight, Fraction(count.bad, count.total)) for weight, count in zip(weights, counts, strict=True) if count.total
    ]

    if not seen:
        assert found == EventCount(0, 0)
        return
    exact = sum(weight * bad for weight, bad in seen) / sum(weight for weight, _ in seen)
    assert found.total == PARTS
    assert exact <= share(found) < exact + Fraction(1, PARTS)


@given(WEIGHTED)
def test_weighted_by_their_own_objectives(drawn):
    """Each share of failures is taken relative to what its objective allows, and the mean is on the strictest's scale."""
    weights, allowed, counts = zip(*drawn, strict=True)
    made = composite(weights, allowed)
    seen = [each for each in drawn if each[2].total]
    found = weigh(made, counts)

    assert made.strictest == min(allowed)
    if seen:
        relative = sum(weight * Fraction(count.bad, count.total) / own for weight, own, count in seen)
        exact = min(allowed) * relative / sum(weight for weight, _, _ in seen)
        assert exact <= share(found) < exact + Fraction(1, PARTS)
    else:
        assert found == EventCount(0, 0)


@given(st.lists(st.tuples(WEIGHTS, ALLOWED), min_size=1, max_size=5), st.fractions(0, 2, max_denominator=100))
def test_a_composite_of_members_that_burn_alike_burns_like_them(drawn, burn):
    """Members that all burn at one rate, by objectives of their own, make a composite that burns at that rate."""
    counts = []
    for _, allowed in drawn:
        bad = burn * allowed
        counts.append(EventCount(bad.denominator - bad.numerator, bad.denominator))
    found = weigh(composite(*map(list, zip(*drawn, strict=True))), counts)
    exact = burn * min(allowed for _, allowed in drawn)

    assert exact <= share(found) < exact + Fraction(1, PARTS)


@given(st.lists(SLICES, min_size=1, max_size=5))
def test_slices_of_all_and_any(members):
    """With all a slice is bad in which any member is bad, with any one in which every member is; sorted, each once."""
    every = sorted(set().union(*members))
    starts = [np.array(sorted(each), np.int64) for each in members]

    assert combine_bad_slices(Rule.ALL, starts).tolist() == every
    assert combine_bad_slices(Rule.ANY, starts).tolist() == [at for at in every if all(at in each for each in members)]


@given(SLICES, SLICES, SLICES)
def test_nested_composites(first, second, third):
    """All of (any of two) and a third, slice by slice."""
    a, b, c = (np.array(sorted(each), np.int64) for each in (first, second, third))
    found = combine_bad_slices(Rule.ALL, [combine_bad_slices(Rule.ANY, [a, b]), c])

    assert set(found.tolist()) == (first & second) | third


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ((), "has members, each of them once"),
        ((Member("a"), Member("a", Fraction(2))), "each of them once"),
        ((Member("a", allowed=Fraction(1, 10)), Member("b")), "either every member"),
    ],
)
def test_impossible_composites(members, message):
    """Without members, with one twice, or with only some that say what they allow."""
    with pytest.raises(InvalidValue, match=message):
        Composite(Rule.WEIGHTED, members)


@pytest.mark.parametrize(
    "said",
    [
        *({"weight": Fraction(weight)} for weight in (0, -1)),
        *({"allowed": Fraction(share)} for share in (-1, 0, 1, 2)),
    ],
)
def test_impossible_members(said):
    """Weights are more than nothing, and what an objective allows is a share."""
    with pytest.raises(InvalidValue):
        Member("a", **said)


def test_a_member_weighs_one_unless_said():
    """And says nothing of what its own objective allows."""
    assert Member("a") == Member("a", Fraction(1), None)


def test_without_objectives_of_their_own_none_is_the_strictest():
    """Then the composite's own is all there is."""
    assert composite([Fraction(1)]).strictest is None
