"""A rule's reservoir: what it lends, gives and reports; aws-xray-sdk's own as oracle."""

from __future__ import annotations

import pytest
from aws_xray_sdk.core.sampling.reservoir import Reservoir as SdkReservoir
from aws_xray_sdk.core.sampling.reservoir import ReservoirDecision
from hypothesis import given
from hypothesis import strategies as st

from fournines.instrumentation.aws.reservoir import Reservoir
from fournines.instrumentation.aws.rules import Rule

NEVER = (1 << 64) - 1
"""A trace id that no share takes in."""

STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["ask", "ask", "ask", "give", "run out"])), max_size=60)


@given(STEPS, st.integers(0, 3), st.integers(0, 3))
def test_a_reservoir_lends_and_gives_as_the_sdk_s(steps, size, quota):
    """Second by second, before a quota came, with one, and when it has run out."""
    ours, theirs, now = Reservoir(Rule("r", 1, 0.0, size)), SdkReservoir(), 1000
    for passed, step in steps:
        now += passed
        if step == "ask":
            decision = theirs.borrow_or_take(now, bool(size))
            assert ours.sample(NEVER, float(now)) is (decision in (ReservoirDecision.TAKE, ReservoirDecision.BORROW))
        else:
            until = now + 2 if step == "give" else now - 1
            theirs.load_quota(quota, until, 10)
            assert ours.give({"ReservoirQuota": quota, "ReservoirQuotaTTL": until, "FixedRate": 0.0})


def test_beyond_the_reservoir_the_trace_s_id_decides():
    """The rate's share, the same traces in every service; every decision is in the statistics."""
    one = Reservoir(Rule("r", 1, rate=0.25, reservoir=1))
    ids = [(number * 0x9E3779B97F4A7C15) & NEVER for number in range(4000)]
    sampled = sum(one.sample(trace_id, 5.0) for trace_id in ids)
    statistics = one.reported()

    assert 900 < sampled < 1100
    assert statistics == (4000, 1, sampled)
    assert one.reported() == (0, 0, 0)
    one.took_back(statistics)
    assert one.reported() == statistics


@pytest.mark.parametrize(
    "bad",
    [{"FixedRate": "x"}, {"ReservoirQuota": []}, {"ReservoirQuotaTTL": "soon"}, {"ReservoirQuota": float("inf")}],
)
def test_a_target_that_is_none_changes_nothing(bad):
    """It is said to be none, and the last that was understood stays."""
    one = Reservoir(Rule("r", 1, 0.0, 1))
    one.give({"ReservoirQuota": 2, "ReservoirQuotaTTL": 2000})

    assert not one.give(bad)
    assert [one.sample(NEVER, 1000.0) for _ in range(3)] == [True, True, False]
