"""An SLO that goes on as it did is unlikely to keep its promise."""

from __future__ import annotations

import pytest

from fournines.alerts import AlertKey, AlertKind
from fournines.alerts.conditions.at_risk import MOST_AT_ONCE, AtRisk
from fournines.alerts.state import ConditionState
from fournines.slo import DAY, Chance

NAME = "payments-availability"
KEY = AlertKey(AlertKind.AT_RISK, NAME)


class Seer:
    """Answers what it is told, and notes who was asked about."""

    def __init__(self, kept=0.05, seconds=90 * DAY):
        self.chance = Chance(kept, 1_800_000_000 + 30 * DAY, seconds)
        self.asked = []

    def __call__(self, status):
        self.asked.append(status.slo.name)
        return self.chance


def found(seer, evaluation, *open_):
    """What is judged after a look, by key."""
    condition = AtRisk(seer)
    condition.look(evaluation)
    return {each.key: each.condition for each in condition.judgements(evaluation, dict.fromkeys(open_))}


@pytest.fixture
def failing(world):
    """A little fails all the time."""
    world.failing[NAME] = 0.00005


@pytest.mark.parametrize(
    ("kept", "new", "open_"),
    [
        (0.0, ConditionState.MET, ConditionState.MET),
        (0.0999, ConditionState.MET, ConditionState.MET),
        (0.1, None, ConditionState.MET),
        (0.2499, None, ConditionState.MET),
        (0.25, None, ConditionState.CLEAR),
        (1.0, None, ConditionState.CLEAR),
    ],
)
def test_below_one_in_ten_it_fires_and_from_one_in_four_on_it_is_over(failing, slo, at, kept, new, open_):
    """What lies between leaves everything as it is."""
    evaluation = at([slo()])

    assert ({} if new is None else {KEY: new}) == found(Seer(kept), evaluation)
    assert {KEY: open_} == found(Seer(kept), evaluation, KEY)


def test_it_says_how_likely_and_until_when(failing, slo, at):
    """In words, with what is left of the budget."""
    condition = AtRisk(Seer())
    condition.look(evaluation := at([slo()]))
    (judgement,) = condition.judgements(evaluation, {})

    assert (
        "payments-availability is at risk: a chance of 5 % to keep 99.99 % over 30d, 50 % of the budget left"
        == judgement.words.summary.replace("50.0 %", "50 %")
    )
    assert "the last 90 d keep the promise in 5 % of cases until 14 Feb 08:00 UTC" in judgement.words.description


@pytest.mark.parametrize(("kept", "said"), [(0.0, "less than 1 %"), (0.07, "7 %")])
def test_no_chance_is_said_to_be_none(failing, slo, at, kept, said):
    """In the words of the page: some thousand futures were drawn, not all of them; and 7 of 100 are 7 %, whatever a float makes of them."""
    condition = AtRisk(Seer(kept))
    condition.look(evaluation := at([slo()]))
    (judgement,) = condition.judgements(evaluation, {})

    assert f"a chance of {said} to keep" in judgement.words.summary
    assert f"in {said} of cases" in judgement.words.description


def test_a_past_shorter_than_the_window_says_nothing(failing, slo, at):
    """A week with an outage in it is not what a month will be: nothing fires."""
    assert {KEY: ConditionState.CLEAR} == found(Seer(0.0, seconds=29 * DAY), at([slo()]))


def test_whoever_never_failed_is_not_asked_about(slo, at):
    """There is no risk to be seen; what is open ends."""
    seer = Seer()

    assert {KEY: ConditionState.CLEAR} == found(seer, at([slo()]), KEY)
    assert [] == seer.asked


def test_a_young_or_a_silent_one_is_not_judged(failing, slo, at, world, start):
    """Neither fires, and what is open stays."""
    world.since = start - 5 * DAY
    young = found(Seer(), at([slo()]), KEY)
    world.since, world.silent = start - 90 * DAY, {NAME}

    assert [{KEY: ConditionState.UNKNOWN}] * 2 == [young, found(Seer(), at([slo()]), KEY)]


def test_switched_off_it_ends(failing, slo, at):
    """An annotation is enough."""
    off = slo(annotations={"fournines/alerts-off": "at-risk"})

    assert ({}, {KEY: ConditionState.CLEAR}) == (found(Seer(), at([off])), found(Seer(), at([off]), KEY))


def test_few_are_asked_about_at_a_time_and_all_in_turn(slo, at, world):
    """Whatever their number; and again from the first."""
    slos = [slo(f"s{number:02d}") for number in range(12)]
    world.failing.update(dict.fromkeys((each.name for each in slos), 0.001))
    seer = Seer()
    condition = AtRisk(seer)
    for _ in range(4):
        before = len(seer.asked)
        condition.look(at(slos))
        assert len(seer.asked) - before <= MOST_AT_ONCE

    names = [each.name for each in slos]
    assert names + names[: len(seer.asked) - 12] == seer.asked
    assert len(seer.asked) > 12
