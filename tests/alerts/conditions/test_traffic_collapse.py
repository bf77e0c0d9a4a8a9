"""A service that reports, and to which nobody comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fournines.alerts import AlertKey, AlertKind
from fournines.alerts.conditions.traffic_collapse import MOST_AT_ONCE, MOST_READ, FakeTraffic, TrafficCollapse
from fournines.alerts.state import ConditionState
from fournines.slo import DAY, MINUTE, Correction

TICKET = AlertKey(AlertKind.TRAFFIC_COLLAPSE, "payments")
PAGE = AlertKey(AlertKind.TRAFFIC_COLLAPSE_PAGE, "payments")


class Past(FakeTraffic):
    """100 events a minute for everybody, and `now` as the test says from `start` on."""

    def __init__(self, start, elsewhere=()):
        super().__init__(lambda t: self.now if t >= start else 100, elsewhere)
        self.now = 100


@pytest.fixture
def past(start):
    return Past(start - 20 * MINUTE)


@pytest.fixture
def condition(past):
    return TrafficCollapse(past)


def found(condition, evaluation, *open_):
    """What is judged after a look, by key."""
    condition.look(evaluation)
    judged = condition.judgements(evaluation, dict.fromkeys(open_))
    return {judgement.key: judgement.condition for judgement in judged}


def test_ever_as_many_is_nothing(condition, slo, at):
    """A service as it ever was has no judgement."""
    assert {} == found(condition, at([slo()]))


def test_a_collapse_says_what_came_and_what_is_usual(condition, past, slo, at):
    """A ticket, in words with both numbers."""
    past.now = 2
    condition.look(evaluation := at([slo()]))
    (judgement,) = condition.judgements(evaluation, {})

    assert (TICKET, ConditionState.MET, 0) == judgement[:3]
    assert (
        "traffic of payments collapsed: 20 events in 10 min, usual at this time of the week are 1,000"
        == judgement.words.summary
    )
    assert "median of 4 former weeks" in judgement.words.description


@pytest.mark.parametrize(
    ("now", "state"), [(25, ConditionState.MET), (49, ConditionState.MET), (50, ConditionState.CLEAR)]
)
def test_one_that_fires_ends_at_half_of_the_usual(condition, past, slo, at, now, state):
    """And not before."""
    past.now = now

    assert {TICKET: state} == found(condition, at([slo()]), TICKET)


def test_who_asks_for_it_is_woken(condition, past, slo, at):
    """One SLO of the service says so; a ticket that is open ends."""
    past.now = 2
    slos = [slo(), slo("payments-other", annotations={"fournines/traffic-collapse": "page"})]

    assert {PAGE: ConditionState.MET, TICKET: ConditionState.CLEAR} == found(condition, at(slos), TICKET)


def test_who_does_not_want_it_is_left_alone(condition, past, slo, at):
    """One SLO of the service says so, for all of them; what is open ends."""
    past.now = 2
    slos = [slo(), slo("payments-other", annotations={"fournines/alerts-off": "traffic-collapse"})]

    assert {} == found(condition, at(slos))
    assert {TICKET: ConditionState.CLEAR} == found(condition, at(slos), TICKET)


def test_a_silent_service_says_nothing_about_its_traffic(condition, past, slo, at, world):
    """Nobody counts: there is an alert for that."""
    past.now = 0
    world.silent = {"payments-availability"}

    assert {TICKET: ConditionState.UNKNOWN} == found(condition, at([slo()]), TICKET)


def test_who_was_silent_a_moment_ago_is_judged_when_ten_minutes_are_seen(condition, past, slo, at, world):
    """There was an alert for that; what it missed did not stay away."""
    world.silent = {"payments-availability"}
    condition.look(at([slo()]))
    world.silent = set()
    past.now = 10

    assert {} == found(condition, at([slo()], 60))
    assert {TICKET: ConditionState.UNKNOWN} == found(condition, at([slo()], 540), TICKET)
    assert {TICKET: ConditionState.MET} == found(condition, at([slo()], 600))


@pytest.mark.parametrize(("since", "state"), [(-600, ConditionState.MET), (-599, ConditionState.UNKNOWN)])
def test_what_could_not_be_brought_did_not_stay_away(past, slo, at, start, since, state):
    """A collector that was stopped, or had no room on its disk, does not say of everybody that nobody comes to them."""
    past.now = 10
    collapse = TrafficCollapse(past, lambda: start + since)

    assert {TICKET: state} == found(collapse, at([slo()]), TICKET)


def test_another_slo_that_stands_for_a_service_is_compared_with_its_own_past(slo, at, start):
    """All requests last week are not what is usual of one route today."""

    class ByName(Past):
        def history(self, name, interval, step):
            points = super().history(name, interval, step)
            return [each._replace(total=each.total // 10) for each in points] if name == "pay" else points

    condition = TrafficCollapse(ByName(start))
    condition.look(at([slo()]))

    assert {TICKET: ConditionState.CLEAR} == found(condition, at([slo("pay")], 60), TICKET)


def test_time_that_is_taken_out_says_nothing(condition, past, slo, at, start):
    """What was not counted did not stay away."""
    past.now = 0
    maintained = slo(corrections=(Correction(int(start) - 300, 60, "maintenance", "ann"),))

    assert {TICKET: ConditionState.UNKNOWN} == found(condition, at([maintained]), TICKET)


def test_a_young_service_has_no_usual(condition, past, slo, at, world, start):
    """Two whole weeks are needed: who was new a week ago, or away, is not judged by it."""
    past.now = 2
    world.since = start - 13 * DAY

    assert {} == found(condition, at([slo()]))
    world.since = start - 15 * DAY
    assert {TICKET: ConditionState.MET} == found(TrafficCollapse(past), at([slo()]))


def test_the_past_is_read_an_hour_ahead_and_the_present_once_a_minute(condition, past, slo, at):
    """However often SLOs are evaluated: four reads of former weeks an hour, and one of ten minutes a minute."""
    for seconds in range(0, 60, 5):
        condition.look(at([slo()], seconds))
    first = len(past.read)
    for seconds in range(60, 7200, 60):
        condition.look(at([slo()], seconds))

    assert 4 + 4 + 1 == first
    assert first + 119 + 2 * 4 == len(past.read)


def test_a_look_is_bounded(condition, past, slo, at):
    """With very many services each is looked at in turn, as soon as its past is known; all are, after some looks."""
    slos = [slo(f"s{number}", service=f"service-{number}") for number in range(60)]
    evaluation, looked = at(slos), 0
    for _ in range(15):
        before = len(past.read)
        condition.look(evaluation)
        assert len(past.read) - before <= 4 * MOST_READ + MOST_AT_ONCE
        present = {name for name, interval in past.read if interval.seconds == 600}
        assert len(present) >= looked
        looked = len(present)

    assert {each.name for each in slos} == present


def test_a_service_that_is_gone_has_no_alert(condition, past, slo, at):
    """Nor is it remembered."""
    past.now = 2
    condition.look(at([slo()]))

    past.now = 100
    assert {TICKET: ConditionState.CLEAR} == found(condition, at([slo("other", service="other")]), TICKET)


def test_the_slo_that_sees_most_stands_for_its_service(condition, past, slo, at, world):
    """Groups say nothing about how many come."""
    group = replace(slo("payments-group"), group_of="payments")
    condition.look(at([group, slo("payments-b")]))

    assert {"payments-b"} == {name for name, _ in past.read}


def test_what_others_count_is_left_to_them(past, slo, at, start):
    """An engine that does not answer looks like nobody coming."""
    elsewhere = Past(start - 1200, elsewhere={"payments-availability"})
    elsewhere.now = 0

    assert ({}, []) == (found(TrafficCollapse(elsewhere), at([slo()])), elsewhere.read)
