"""A clock that was set back, by a day: pages go out, are told again and end as they would have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts import Acknowledgement, AlertKey, AlertKind, Reason

PAYMENTS = "payments-availability"
PAGE = AlertKey(AlertKind.PAGE, PAYMENTS)
DAY = 86_400


@pytest.fixture
def judged(engines, slo, at, start):
    """Evaluates so many seconds after the start; what the page's machine and its receivers were told: (reason, wakes)."""
    engine = engines()

    def judge(seconds):
        changes = engine.evaluate(at([slo()], seconds), start + seconds)
        return [(change.reason, change.notice.wakes) for change in changes if change.alert.key == PAGE]

    judge.engine = engine
    return judge


def test_calm_is_counted_anew_from_the_new_time(judged, world):
    """An alert that cleared a moment before is over five minutes later, not a day and five minutes."""
    world.failing[PAYMENTS] = 0.01
    judged(0)
    world.failing.clear()
    judged(10)
    judged(-DAY)
    assert [(Reason.RESOLVED, False)] == judged(300 - DAY)


def test_a_page_is_told_again_within_the_hour(judged, world):
    """Once: then the next hour begins. A step of some seconds is none to be told of."""
    world.failing[PAYMENTS] = 0.01
    judged(0)
    assert [] == judged(-30)
    assert [(Reason.STILL_MET, True)] == judged(-DAY)
    assert [] == judged(5 - DAY)


def test_who_had_it_taken_on_for_half_an_hour_has_it_no_day_longer(judged, world, start):
    """Nobody else is woken for as long as was said, twice that at most; then it is told again."""
    world.failing[PAYMENTS] = 0.01
    judged(0)
    judged.engine.acknowledge(PAGE, "ann", start + 1_800, "", start)
    assert [] == judged(-1_800)
    assert [(Reason.STILL_MET, True)] == judged(-DAY)


@given(at=st.integers(0, 10**6), seconds=st.integers(1, 7 * DAY), now=st.integers(-(10**6), 2 * 10**6))
def test_an_acknowledgement_holds_twice_as_long_as_was_said_at_most(at, seconds, now):
    """Up to its end, on whichever way the clock gets there."""
    taken = Acknowledgement("ann", at, at + seconds)
    assert taken.holds(now) == (at - seconds <= now < at + seconds)
