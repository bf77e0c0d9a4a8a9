"""What an SLO counts, in words."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from fournines.slo import SLI, SLO, Method, Objective, Slices, SLIKind
from fournines.slo.measure import amount, amount_failed, is_one, number


def slo(slices=None):
    """An SLO of requests, or of slices."""
    method = Method.OCCURRENCES if slices is None else Method.TIMESLICES
    sli = SLI(SLIKind.AVAILABILITY, "payments")
    return SLO("payments-availability", sli, Objective.parse("0.999"), method=method, slices=slices)


MINUTES = Slices(Decimal("0.99"))


@pytest.mark.parametrize(
    ("slices", "many", "said"),
    [
        (None, 0, "0 requests failed"),
        (None, 1, "1 request failed"),
        (None, Fraction(1, 3), "1 request failed"),
        (None, 1_204, "1,204 requests failed"),
        (MINUTES, 1, "1 slice of 1m was bad"),
        (MINUTES, Fraction(3, 2), "1.5 slices of 1m were bad"),
        (MINUTES, 2, "2 slices of 1m were bad"),
    ],
)
def test_one_is_told_in_the_singular(slices, many, said):
    """Noun and verb go with the number as it is said."""
    assert said == amount_failed(slo(slices), many)


@pytest.mark.parametrize(
    ("slices", "many", "down", "up"), [(None, Fraction(3, 2), "1", "2"), (MINUTES, Fraction(2, 3), "0.666", "0.667")]
)
def test_rounded_down_unless_up_is_asked(slices, many, down, up):
    """What is left is never said to be more than it is; what was spent is asked for rounded up."""
    assert [down, up] == [number(slo(slices), many), number(slo(slices), many, up=True)]
    assert [down, up] == [amount(slo(slices), many).split()[0], amount(slo(slices), many, up=True).split()[0]]


def test_what_failed_is_rounded_up():
    """A part of a slice that was bad is never said to be none."""
    assert amount_failed(slo(MINUTES), Fraction(1, 10_000)) == "0.001 slices of 1m were bad"


def test_one_is_what_is_said_to_be_one():
    """Rounded up, as it is said."""
    assert [is_one(slo(), many) for many in (0, Fraction(1, 3), 1, Fraction(3, 2))] == [False, True, True, False]
