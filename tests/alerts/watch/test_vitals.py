"""What a collector lives by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts.watch import Vital, VitalSigns, troubles
from fournines.alerts.watch.awake import Awake
from fournines.alerts.watch.vitals import LIMITS

AGES = st.floats(0, 1e6)
SIGNS = st.builds(VitalSigns, AGES, AGES, AGES, st.dictionaries(st.sampled_from("abc"), AGES))


def ages(signs):
    """How long each stands still, the slowest receiver for all."""
    return dict(zip(Vital, (signs[0], signs[1], signs[2], max(signs.sending.values(), default=0)), strict=True))


def awake_for(seconds):
    """Somebody who looks for so long, as often as need be."""
    awake = Awake(0.0)
    for second in range(int(seconds)):
        awake.look(float(second))
    awake.look(seconds)
    return awake


@given(SIGNS)
def test_a_vital_is_in_trouble_when_it_stands_still_for_longer_than_it_may(signs):
    """Each by its own limit, whatever the others do, and in the words of its own."""
    assert [vital for vital, age in ages(signs).items() if age > LIMITS[vital]] == [
        each.vital for each in troubles(signs)
    ]


@given(SIGNS, st.floats(0, 300))
def test_nobody_sees_more_standing_still_than_they_looked(signs, seconds):
    """Who began a while ago has seen nothing of what was before."""
    seen = signs.seen(awake_for(seconds))

    assert {vital: pytest.approx(min(age, seconds)) for vital, age in ages(signs).items()} == ages(seen)


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


def test_of_many_who_hear_late_some_are_named():
    """A network that is gone is as many receivers as there are."""
    (trouble,) = troubles(VitalSigns(sending={f"hook-{number}": 61.0 for number in range(9)}))

    assert "messages to hook-0, hook-1, hook-2 and 6 more wait for 1 min 1 s" in trouble.summary
