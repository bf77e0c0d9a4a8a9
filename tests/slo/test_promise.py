"""A promise in words."""

from decimal import Decimal

import pytest

from fournines.slo import DAY, SLI, SLO, CalendarWindow, Objective, SLIKind, Window, allowance, promise


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
