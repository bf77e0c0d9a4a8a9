"""What an SLO counts, in words."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from fournines.slo import SLI, SLO, Method, Objective, Slices, SLIKind
from fournines.slo.measure import amount_failed


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
