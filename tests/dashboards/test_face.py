"""Calm that nobody measured is never shown as calm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.dashboards.face import STALE_AFTER, Face, face_of
from fournines.slo import State

KNOWN = [state for state in State if state is not State.NO_DATA]


@settings(deadline=None)
@given(st.sampled_from(KNOWN), st.floats(min_value=STALE_AFTER + 0.001, max_value=1e9))
def test_old_data_never_looks_well(state: State, age: float) -> None:
    """Beyond the age nothing but a burning or a spent budget is believed."""
    assert face_of(state, silent=False, age=age, stale=False) in (Face.STALE, Face.BURNING, Face.EXHAUSTED)


@settings(deadline=None)
@given(st.sampled_from(list(State)), st.booleans(), st.one_of(st.none(), st.floats(min_value=0, max_value=10)))
def test_an_old_evaluation_never_looks_well(state: State, silent: bool, age: float | None) -> None:
    """Whatever the age of the data: when nobody evaluates, nothing is calm."""
    assert face_of(state, silent=silent, age=age, stale=True) not in (Face.HEALTHY, Face.NO_TRAFFIC, Face.AT_RISK)


@pytest.mark.parametrize("state", KNOWN)
def test_fresh_data_shows_its_state(state: State) -> None:
    """Every state of the domain has the face of its name."""
    assert face_of(state, silent=False, age=3.0, stale=False).name == state.name


def test_never_heard_is_not_silent() -> None:
    """A service that waits to be set up is no incident; one that stopped is."""
    assert face_of(State.NO_DATA, silent=False, age=None, stale=False) is Face.NEVER_HEARD
    assert face_of(State.NO_DATA, silent=True, age=40.0, stale=False) is Face.NO_DATA


def test_the_order_is_the_domains_but_for_what_was_never_heard() -> None:
    """Worst first, as the API says it."""
    faces = [face.name for face in Face if face not in (Face.STALE, Face.NEVER_HEARD)]

    assert faces == [state.name for state in State]
