"""Alerts held against incidents, and the numbers that come of it."""

from __future__ import annotations

import pytest

from fournines.alerts.backtest.incident import Incident
from fournines.alerts.backtest.replay import PastAlert
from fournines.alerts.backtest.score import score
from fournines.alerts.backtest.verdict import judge
from fournines.slo import Severity

PAGE, TICKET = Severity.PAGE, Severity.TICKET


@pytest.fixture
def held(burns, start):
    """Holds alerts (severity, told, over, how far back) against incidents, all in seconds after the start."""
    counts = dict.fromkeys(range(1000, 1100, 10), (0, 10))
    burnt = burns(counts, 20_000, usual=10)

    def hold(alerts, incidents):
        made = [PastAlert(s, start + told, over and start + over, back) for s, told, over, back in alerts]
        return judge(made, [Incident(start + begin, start + end) for begin, end in incidents], burnt)

    return hold


@pytest.mark.parametrize(
    ("told", "about"),
    [(1000, False), (1010, True), (1100, True), (1399, True), (1400, False)],
    ids=["before", "in it", "at its end", "its last failure is in the window", "not any more"],
)
def test_an_alert_is_about_an_incident_whose_failures_made_it(told, about, held):
    """The incident had begun, and its failures were still in every window that burnt."""
    verdict = held([(PAGE, told, told + 300, 300)], [(1000, 1100)])

    assert about == (verdict.alerts[0].incident is not None)
    assert about == (verdict.outcomes[0].alert is not None)


def test_an_incident_is_told_of_by_the_first_alert(held):
    """Its detection is from the first failure, its reset from the last one; what a page adds later is a page."""
    (outcome,) = held([(TICKET, 1040, 1500, 300), (PAGE, 1060, 1900, 300)], [(1000, 1100)]).outcomes

    assert (40, 400, True, False) == (outcome.detection, outcome.reset, outcome.paged, outcome.overlaid)
    assert outcome.spent_before / outcome.spent == pytest.approx(0.4, rel=0.01)


def test_what_happens_under_an_open_alert_is_neither_told_nor_missed(held):
    """Nobody is told anew: somebody is there already."""
    verdict = held([(PAGE, 1010, 9000, 300)], [(1000, 1100), (5000, 5100), (9500, 9600)])
    found = score([verdict])

    assert [False, True, False] == [outcome.overlaid for outcome in verdict.outcomes]
    assert (3, 1, 1, 1, 0.5) == (found.incidents, found.told, found.overlaid, found.missed, found.recall)


def test_an_alert_about_two_incidents_is_about_the_later(held):
    """It is the one that tipped it; both were told of."""
    verdict = held([(PAGE, 2010, None, 2000)], [(1000, 1100), (2000, 2100)])

    assert 2000 == verdict.alerts[0].incident.start - verdict.outcomes[0].incident.start + 1000
    assert [1010, 10] == [outcome.detection for outcome in verdict.outcomes]
    assert [None, None] == [outcome.reset for outcome in verdict.outcomes]


def test_what_fires_at_the_first_tick_is_left_out(held):
    """It began before, nobody knows when."""
    assert () == held([(PAGE, 10, 700, 300)], []).alerts


@pytest.mark.parametrize(
    ("over", "overlaid"), [(None, [True, True]), (1001, [True, True]), (1000, [True, False]), (10, [False, False])]
)
def test_what_fires_at_the_first_tick_overlays_incidents_all_the_same(over, overlaid, held):
    """Somebody was told before: an incident that had begun then, or begins while it is open, is not missed."""
    alert = (PAGE, 10, over, 300)

    assert overlaid == [outcome.overlaid for outcome in held([alert], [(-100, 0), (1000, 1100)]).outcomes]


def test_a_score_sums_slos_up(held):
    """Pages that meant something by all pages; medians and the worst over all incidents that were told."""
    first = held([(PAGE, 1010, 1500, 300), (PAGE, 7000, 7300, 300), (TICKET, 8000, 8100, 60)], [(1000, 1100)])
    second = held([(PAGE, 1050, 2100, 300)], [(1000, 1100), (6000, 6100)])
    found = score([first, second])

    assert (3, 1, 1, 1) == (found.pages, found.pages_for_nothing, found.tickets, found.tickets_for_nothing)
    assert (2 / 3, 3, 2, 2, 1, 2 / 3) == (
        found.precision,
        found.incidents,
        found.told,
        found.paged,
        found.missed,
        found.recall,
    )
    assert (30, 50, 700) == (found.detection_median, found.detection_worst, found.reset_median)


def test_of_nothing_nothing_is_said():
    """No pages have no precision, no incidents no recall."""
    found = score([])

    assert (0, 0, None, None, None, None) == (
        found.pages, found.incidents, found.precision, found.recall, found.detection_median, found.spent_worst,
    )  # fmt: skip
