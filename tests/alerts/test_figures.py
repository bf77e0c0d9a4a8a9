"""Numbers as a tired person reads them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from fournines.alerts.figures import duration, exact_percent, percent, requests, times


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (38, "38s"),
        (60, "1m"),
        (158.9, "2m 38s"),
        (11_400, "3h 10m"),
        (86_400, "1d"),
        (187_200, "2d 4h"),
        (-38, "38s"),
    ],
)
def test_durations_have_two_units_at_most(seconds, text):
    """Seconds, minutes, hours, days; cut, not rounded up."""
    assert text == duration(seconds)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [("1", "100 %"), ("0.99999", "99 %"), ("0.6199", "61 %"), ("0.0999", "9.9 %"), ("0.00049", "0 %")],
)
def test_what_is_left_is_never_flattered(ratio, text):
    """A share is rounded down: 99.999 % of a budget is not all of it."""
    assert text == percent(Fraction(ratio))


@pytest.mark.parametrize(
    ("target", "text"),
    [("0.9999", "99.99 %"), ("0.99", "99 %"), ("0.999990", "99.999 %"), ("0.5", "50 %"), ("0.1", "10 %")],
)
def test_an_objective_keeps_every_digit(target, text):
    """99.99 is not 100."""
    assert text == exact_percent(Decimal(target))


@pytest.mark.parametrize(
    ("rate", "text"),
    [(Fraction(21), "21x"), (Fraction(1520, 100), "15.2x"), (Fraction(1, 3), "0.333x"), (Fraction(10_000), "10,000x")],
)
def test_burn_rates_read_as_multiples(rate, text):
    """Three digits are enough, and none is an exponent."""
    assert text == times(rate)


def test_requests_are_whole():
    """Half a request can't fail."""
    assert ["0 requests", "1 request", "1,204 requests"] == [requests(Fraction(n)) for n in ("0.9", "1.5", "1204.9")]
