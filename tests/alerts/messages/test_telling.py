"""What a page says."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from fournines.alerts import AlertKind, Firing
from fournines.alerts.alert import Alert, AlertKey
from fournines.alerts.messages.telling import budget_left
from fournines.slo import CalendarWindow, NoData

PAYMENTS = "payments-availability"


def summary(notification):
    """The line on the lock screen."""
    return notification.annotations["summary"]


def description(notification):
    """The paragraph behind it."""
    return notification.annotations["description"]


def test_a_whole_budget_and_one_over_spent(status, world):
    """What is left is rounded down, what is over-spent up; never a minus sign."""
    assert "100 % of the budget left (4m 19s of outage, 2,592 requests)" == budget_left(status())
    world.failing[PAYMENTS, "30d"] = 0.000115
    assert "over-spent by 39s of outage (388 requests)" == budget_left(status())


def test_figures_are_rounded_against_us(status, world, triggered):
    """An hour and a second too much are an hour and a minute; a rate above its limit is not said to be the limit."""
    world.failing[PAYMENTS, "30d"] = 0.0015
    assert "over-spent by 1h 1m of outage" in budget_left(status())
    world.rate, world.failing = 10_000.0, {PAYMENTS: 0.001441}
    assert "it burns 14.5x over 1h and 14.5x over 5m, above 14.4x" in description(triggered(status()))


def test_the_lock_screen_says_how_fast_what_is_left_and_how_long(status, world, triggered):
    """The summary is one line that can be acted upon."""
    world.failing = {PAYMENTS: 0.01, (PAYMENTS, "30d"): 0.00005}
    assert (
        "payments-availability burns 100x, 50 % of the budget left (2m 9s of outage, 1,296 requests), empty in 3h 36m"
        == summary(triggered(status()))
    )


def test_nothing_is_empty_soon_that_is_empty(status, world, triggered):
    """An over-spent budget has no time to exhaustion."""
    world.failing = {PAYMENTS: 0.01}
    told = triggered(status())

    assert "empty" not in summary(told)
    assert "empty in" not in told.details


def test_a_calendars_page_speaks_of_the_period_it_is_in(status, world, triggered):
    """The limit is this February's, and an hour before March nothing is empty in three."""
    world.failing = {PAYMENTS: 0.01, (PAYMENTS, "1M"): 0.00005}
    pages = status(window=CalendarWindow(1, "M"))
    february, its_end = (datetime(2027, 2, day, 23, tzinfo=UTC).timestamp() for day in (10, 28))
    begun, ending = (triggered(dataclasses.replace(pages, now=now)) for now in (february, its_end))

    assert "above 13.44x." in description(begun)
    assert ("empty in" in summary(begun), "empty in" in summary(ending)) == (True, False)


@pytest.mark.parametrize(
    ("estimated", "said"),
    [(1_204, "1,204 requests of a silent service are estimated."), (1, "1 request of a silent service is estimated.")],
)
def test_what_is_not_known_is_said(status, world, start, triggered, estimated, said):
    """A young SLO's page says how much of its window is observed, a silent one's what is estimated."""
    world.since = start - 600
    world.failing = {PAYMENTS: 0.5}
    young = status()
    assert "Only 10m of the 30d are observed yet" in triggered(young).details["caveats"]
    told = triggered(dataclasses.replace(young, estimated_bad=estimated, coverage=Fraction(1)))
    assert description(told).endswith(said)


@pytest.mark.parametrize(
    ("no_data", "words"),
    [(NoData.BAD, "booked as failed"), (NoData.GOOD, "booked as good"), (NoData.IGNORE, "stand still")],
)
def test_silence_says_what_it_does_to_the_budget(status, world, triggered, no_data, words):
    """The on-call learns whether the silence itself burns."""
    world.silent = {PAYMENTS}
    told = triggered(status(no_data=no_data), AlertKind.NO_DATA)

    assert "payments stopped reporting for 1m 30s: no data" == summary(told)
    assert words in description(told)
    assert description(told) == told.details["what"]


def ended(since):
    """An alert that is about to end."""
    key = AlertKey(AlertKind.PAGE, PAYMENTS)
    return Alert(key, PAYMENTS, "payments", {}, "because", "a burns", Firing(since))


def test_the_end_says_how_long_it_was_and_what_is_left(status, start, writer):
    """How long it fired, and what is left now."""
    told = writer().resolves(ended(start - 400), status(), start)

    assert "Over: a burns" == summary(told)
    assert "It fired for 6m 40s. Over 30d: 100 % of the budget left (4m 19s of outage, 2,592 requests)." == description(
        told
    )
    gone = writer().resolves(ended(start - 400), None, start)
    assert "Its SLO is no longer there. It fired for 6m 40s." == description(gone)


def test_the_end_says_what_it_cost(status, start, writer, known):
    """How many failed from when on, as share of the budget, and in time of outage: what was spent is rounded up."""
    told = writer(known).resolves(ended(start - 400), status(), start)

    assert "1,254 requests failed since 07:55:00 UTC: 49 % of the budget (2m 6s of outage)" == told.details["cost"]
    assert "1,254 requests failed since 07:55:00 UTC: 49 % of the budget" in description(told)


def test_what_becomes_of_it_is_said(status, world, start, triggered):
    """That it was a ticket before, that it fires again, and who has taken it on."""
    world.failing = {PAYMENTS: 0.01}
    more = {"escalated_since": start - 3_600, "opened_again": 2, "first": start - 2_400}
    told = triggered(status(), news="It still fires", **more)

    assert summary(told).startswith("Again: payments-availability burns 100x")
    assert description(told).startswith("It still fires. The promise: ")
    assert "Escalated: its ticket fires since 2027-01-15T07:00:00Z." in description(told)
    assert "Again: it fires for the 3rd time since 2027-01-15T07:20:00Z." in description(told)
