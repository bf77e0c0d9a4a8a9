"""What a collector lives by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts.watch import Vital, VitalSigns, troubles
from fournines.alerts.watch.vitals import LIMITS

AGES = st.floats(0, 1e6)
SIGNS = st.builds(VitalSigns, AGES, AGES, AGES, st.dictionaries(st.sampled_from("abc"), AGES))


def ages(signs):
    """How long each stands still, the slowest receiver for all."""
    return dict(zip(Vital, (signs[0], signs[1], signs[2], max(signs.sending.values(), default=0)), strict=True))


@given(SIGNS)
def test_a_vital_is_in_trouble_when_it_stands_still_for_longer_than_it_may(signs):
    """Each by its own limit, whatever the others do, and in the words of its own."""
    assert [vital for vital, age in ages(signs).items() if age > LIMITS[vital]] == [
        each.vital for each in troubles(signs)
    ]


@given(SIGNS, AGES)
def test_nobody_sees_more_standing_still_than_they_looked(signs, seconds):
    """After a sleep everything has as long again."""
    seen = signs.within(seconds)

    assert {vital: min(age, seconds) for vital, age in ages(signs).items()} == ages(seen)


@pytest.mark.parametrize("vital", Vital)
def test_a_limit_itself_is_no_trouble(vital):
    """Only what is beyond it."""
    signs = VitalSigns(*(LIMITS[each] for each in list(Vital)[:3]), {"hook": LIMITS[Vital.SENDING]})

    assert () == troubles(signs)
    assert vital.value in ("ledger", "lag/ingestion", "lag/evaluation", "lag/sending")


def test_only_those_who_hear_late_are_named():
    """Whoever is told in time is no part of it."""
    (trouble,) = troubles(VitalSigns(sending={"slack": 61.0, "sms": 125.0, "hook": 3.0}))

    assert "messages to slack, sms wait for 2 min 5 s: whoever is told there does not know of alerts" == trouble.summary
