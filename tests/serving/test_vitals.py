"""Since when a collector stands still, and at what."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts.watch import VitalSigns
from fournines.serving.vitals import WELL_AGAIN_SECONDS, Vitals

NOW = 1_800_000_000.0


class Body:
    """A collector whose health the test decides, with its time."""

    def __init__(self):
        self.moment = 0.0
        self.writing = SimpleNamespace(healthy=True)
        self.sending = SimpleNamespace(fault="", waiting=dict)
        self.vitals = Vitals(self.writing, self.sending, lambda: NOW + self.moment, lambda: self.moment)

    def at(self, moment, *, healthy=True, fault=""):
        """Its signs then."""
        self.moment, self.writing.healthy, self.sending.fault = moment, healthy, fault
        return self.vitals.signs()


@pytest.fixture
def body():
    return Body()


def test_what_goes_on_stands_still_for_no_time(body):
    """As long as each is told of."""
    body.moment = 5.0
    body.vitals.evaluated()
    body.vitals.committed(4.0)

    assert VitalSigns(0.0, 1.0, 0.0, {}) == body.at(5.0)
    assert VitalSigns(0.0, 31.0, 30.0, {}) == body.at(35.0)


@pytest.mark.parametrize("wrong", [{"healthy": False}, {"fault": "the disk is full"}])
def test_a_ledger_that_fails_once_is_no_trouble_and_one_that_goes_on_is(body, wrong):
    """A hiccup has no length. Counts and alerts are written over connections of their own, and either counts."""
    body.at(1.0, **wrong)

    assert [0.0] * 5 == [body.at(second).ledger for second in range(2, 7)]
    assert 11.0 == body.at(12.0, **wrong).ledger


@given(st.lists(st.tuples(st.floats(0.1, 29), st.booleans()), min_size=1, max_size=60))
def test_little_writes_that_find_room_do_not_end_it(steps):
    """From the first failure to the last, as long as no half minute without one lies between."""
    body, moment, failed, last = Body(), 100.0, [], None
    for pause, healthy in steps:
        moment += pause
        if last is not None and moment - last > WELL_AGAIN_SECONDS and healthy:
            failed, last = [], None
        if not healthy:
            failed, last = [*failed, moment], moment
        assert (failed[-1] - failed[0] if failed else 0.0) == body.at(moment, healthy=healthy).ledger


def test_what_waits_is_as_old_as_when_it_was_put_in(body):
    """Looked up now and then, it grows older meanwhile."""
    body.sending.waiting = lambda: {"pager": NOW - 3.0}
    body.vitals.refresh()

    assert {"pager": 13.0} == body.at(10.0).sending
