"""What a page says."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from fournines.alerts.messages.message import budget_left, burning, resolved, silent
from fournines.slo import CalendarWindow, NoData, Severity

PAYMENTS = "payments-availability"


@pytest.fixture
def status(at, slo):
    """The status of the payments SLO in the world as it is."""
    return lambda **more: at([slo(**more)]).status(0)


def test_a_whole_budget_and_one_over_spent(status, world):
    """What is left is rounded down, what is over-spent up; never a minus sign."""
    assert "100 % of the budget left (4m 19s of outage, 2,592 requests)" == budget_left(status())
    world.failing[PAYMENTS, "30d"] = 0.000115
    assert "over-spent by 39s of outage (388 requests)" == budget_left(status())


def test_figures_are_rounded_against_us(status, world, start):
    """An hour and a second too much are an hour and a minute; a rate above its limit is not said to be the limit."""
    world.failing[PAYMENTS, "30d"] = 0.0015
    assert "over-spent by 1h 1m of outage" in budget_left(status())
    world.rate, world.failing = 10_000.0, {PAYMENTS: 0.001441}
    assert (
        "it burns 14.5x over 1h and 14.5x over 5m, above 14.4x" in burning(status(), Severity.PAGE, start).description
    )


def test_the_lock_screen_says_how_fast_what_is_left_and_how_long(status, world, start):
    """The summary is one line that can be acted upon."""
    world.failing = {PAYMENTS: 0.01, (PAYMENTS, "30d"): 0.00005}
    message = burning(status(), Severity.PAGE, start)
    assert (
        "payments-availability burns 100x, 50 % of the budget left (2m 9s of outage, 1,296 requests), empty in 3h 36m"
        == message.summary
    )


def test_nothing_is_empty_soon_that_is_empty(status, world, start):
    """An over-spent budget has no time to exhaustion."""
    world.failing = {PAYMENTS: 0.01}
    assert "empty" not in burning(status(), Severity.PAGE, start).summary


def test_a_calendars_page_speaks_of_the_period_it_is_in(status, world, start):
    """The limit is this February's, and an hour before March nothing is empty in three."""
    world.failing = {PAYMENTS: 0.01, (PAYMENTS, "1M"): 0.00005}
    pages = status(window=CalendarWindow(1, "M"))
    february, its_end = (datetime(2027, 2, day, 23, tzinfo=UTC).timestamp() for day in (10, 28))
    begun, ending = (burning(dataclasses.replace(pages, now=now), Severity.PAGE, start) for now in (february, its_end))

    assert "above 13.44x." in begun.description
    assert ("empty in" in begun.summary, "empty in" in ending.summary) == (True, False)


def test_what_is_not_known_is_said(status, world, start):
    """A young SLO's page says how much of its window is observed, a silent one's what is estimated."""
    world.since = start - 600
    world.failing = {PAYMENTS: 0.5}
    young = status()
    assert "Only 10m of the 30d are observed yet" in burning(young, Severity.PAGE, start).description
    estimated = dataclasses.replace(young, estimated_bad=1_204, coverage=Fraction(1))
    assert burning(estimated, Severity.PAGE, start).description.endswith(
        "1,204 requests of a silent service are estimated."
    )


@pytest.mark.parametrize(
    ("no_data", "words"),
    [(NoData.BAD, "booked as failed"), (NoData.GOOD, "booked as good"), (NoData.IGNORE, "stand still")],
)
def test_silence_says_what_it_does_to_the_budget(status, world, start, no_data, words):
    """The on-call learns whether the silence itself burns."""
    world.silent = {PAYMENTS}
    message = silent(status(no_data=no_data), start)
    assert "payments stopped reporting for 1m 30s: no data" == message.summary
    assert words in message.description


def test_the_end_says_what_it_cost(status, start):
    """How long it fired, and what is left now."""
    message = resolved("a burns", status(), start - 400, start)
    assert "Over: a burns" == message.summary
    assert (
        "It fired for 6m 40s. Over 30d: 100 % of the budget left (4m 19s of outage, 2,592 requests)."
        == message.description
    )
    assert "no longer there" in resolved("a burns", None, start - 400, start).description
