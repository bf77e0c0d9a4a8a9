"""A promise in words."""

from decimal import Decimal
from fractions import Fraction

import pytest

from fournines.slo import (
    DAY,
    SLI,
    SLO,
    SLOS,
    CalendarWindow,
    Composite,
    Member,
    Method,
    Objective,
    Rule,
    Slices,
    SLIKind,
    Window,
    allowance,
    promise,
)


def test_a_promise_of_availability(make_slo):
    """Which requests, and how many of them."""
    assert promise(make_slo()) == "99.99 % of the requests to payments succeed"


@pytest.mark.parametrize(
    ("threshold", "said"), [("0.25", "250 ms"), ("1", "1 s"), ("2.5", "2.5 s"), ("0.0005", "0.0005 s")]
)
def test_a_promise_of_latency_is_exact(threshold, said):
    """How quick is quick is not rounded: 2.5 s are not 2 s."""
    slo = SLO("a", SLI(SLIKind.LATENCY, "payments", threshold=Decimal(threshold)), Objective.parse("99%"))

    assert promise(slo) == f"99 % of the requests to payments are answered within {said}"


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (Window(30 * DAY), "over any 30d"),
        (CalendarWindow(1, "M"), "in every month of UTC"),
        (CalendarWindow(2, "w", zone="Europe/Berlin"), "in every 2 weeks of Europe/Berlin"),
    ],
)
def test_a_window_in_words(make_slo, window, said):
    """A rolling window is any, a calendar's is each, on whose clocks."""
    assert allowance(make_slo(window=window)).startswith(f"99.99 % of the requests to payments succeed, {said}. That")


def test_an_allowance_in_time(make_slo):
    """What a total outage may take of the whole window."""
    assert allowance(make_slo()).endswith(" over any 30d. That allows 4 min 19 s of total outage.")


@pytest.mark.parametrize(
    ("rule", "weights", "said"),
    [
        (Rule.ALL, (1, 2), "in 99 % of all slices of 1m, all of api, shop keep their promise"),
        (Rule.ANY, (1, 1), "in 99 % of all slices of 1m, any of api, shop keep their promise"),
        (Rule.WEIGHTED, (1, 1), "99 % of what api, shop promise is kept, on the mean by weight"),
        (Rule.WEIGHTED, (2, 1), "99 % of what api (2), shop (1) promise is kept, on the mean by weight"),
    ],
)
def test_a_promise_of_several(rule, weights, said):
    """By which rule, and by which weights where these differ and mean something."""
    members = tuple(Member(name, Fraction(weight)) for name, weight in zip(("api", "shop"), weights, strict=True))
    sli = SLI(SLIKind.AVAILABILITY, "bank", signal=SLOS, composite=Composite(rule, members))
    sliced = {} if rule is Rule.WEIGHTED else {"method": Method.TIMESLICES, "slices": Slices(None)}

    assert said == promise(SLO("bank", sli, Objective.parse("99%"), **sliced))
