"""The SLO itself: what it can't be, and which windows it asks for."""

from __future__ import annotations

import dataclasses

import pytest

from fournines.slo import DAY, InvalidValue, Place, Window


@pytest.mark.parametrize("changes", [{"name": ""}, {"min_bad_events": 0}])
def test_impossible_slos(make_slo, changes):
    """An SLO has a name, and a guard of one bad event or more."""
    with pytest.raises(InvalidValue):
        make_slo(**changes)


def test_windows(make_slo):
    """An SLO asks for its budget's window and for those of its rules."""
    assert sorted(map(str, make_slo().windows)) == ["1d", "1h", "2h", "30d", "30m", "3d", "5m", "6h"]
    assert make_slo(rules=()).windows == {Window(30 * DAY)}


def test_whose_promise(make_slo):
    """The promise is the SLI's service's, unless another sends the events of it."""
    assert make_slo().service == "payments"
    assert make_slo(provider="bank").service == "bank"


def test_equality_and_hash(make_slo):
    """SLOs are values: equal and of one hash where they promise the same, wherever they are declared."""
    here, there = make_slo(place=Place("a.yaml", 1)), make_slo(place=Place("b.yaml", 9))

    assert here == there
    assert len({here, there}) == 1
    assert here != dataclasses.replace(here, min_bad_events=9)
