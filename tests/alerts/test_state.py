"""The machine of one alert."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts import KEEP_FIRING_SECONDS, ConditionState, Firing, Reason, Transition, step

MET, CLEAR, UNKNOWN = ConditionState.MET, ConditionState.CLEAR, ConditionState.UNKNOWN


@pytest.mark.parametrize(
    ("firing", "condition", "now", "expected"),
    [
        (None, CLEAR, 100.0, Transition(None, Reason.QUIET)),
        (None, UNKNOWN, 100.0, Transition(None, Reason.QUIET)),
        (None, MET, 100.0, Transition(Firing(100.0), Reason.FIRED)),
        (Firing(100.0), MET, 105.0, Transition(Firing(100.0), Reason.STILL_MET)),
        (Firing(100.0), UNKNOWN, 105.0, Transition(Firing(100.0), Reason.KEPT)),
        (Firing(100.0), CLEAR, 105.0, Transition(Firing(100.0, 105.0), Reason.CLEARED)),
        (Firing(100.0, 105.0), CLEAR, 404.9, Transition(Firing(100.0, 105.0), Reason.HELD)),
        (Firing(100.0, 105.0), CLEAR, 405.0, Transition(None, Reason.RESOLVED)),
        (Firing(100.0, 105.0), CLEAR, 50.0, Transition(Firing(100.0, 50.0), Reason.CLEARED)),
        (Firing(100.0, 105.0), MET, 404.9, Transition(Firing(100.0), Reason.MET_AGAIN)),
        (Firing(100.0, 105.0), UNKNOWN, 900.0, Transition(Firing(100.0), Reason.CALM_LOST)),
    ],
)
def test_every_step_has_one_answer_and_its_reason(firing, condition, now, expected):
    """The machine is a table: where it stood, what is known, when; where it stands, and why."""
    assert expected == step(firing, condition, now)


@given(st.lists(st.tuples(st.sampled_from(ConditionState), st.floats(0.1, 400)), max_size=60))
def test_it_resolves_only_after_five_minutes_of_calm_on_end(steps):
    """Whatever came before: no resolve unless every look of the last five minutes found the condition clear."""
    firing, now, clear_from = None, 0.0, None
    for condition, gap in steps:
        now += gap
        clear_from = None if condition is not CLEAR else now if clear_from is None else clear_from
        transition = step(firing, condition, now)
        if transition.reason is Reason.RESOLVED:
            assert clear_from is not None
            assert now - clear_from >= KEEP_FIRING_SECONDS
        firing = transition.firing


@given(st.lists(st.tuples(st.sampled_from(ConditionState), st.floats(0.1, 400)), max_size=60))
def test_it_fires_at_once_and_remembers_since_when(steps):
    """A met condition always leaves it firing, since the moment it first fired."""
    firing, now = None, 0.0
    for condition, gap in steps:
        now += gap
        before, firing = firing, step(firing, condition, now).firing
        if condition is MET:
            assert firing == Firing(before.since if before else now)


def test_words_of_every_reason_differ():
    """A reason that reads like another explains nothing."""
    assert len(Reason) == len({reason.value for reason in Reason})
