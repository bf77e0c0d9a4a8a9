"""How few events are a collapse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts.conditions.traffic import (
    COLLAPSED,
    LEAST_USUAL,
    SECONDS,
    WEEKS,
    Usual,
    around,
    condition,
    profile,
)
from fournines.alerts.state import ConditionState
from fournines.slo import DAY, HOUR, MINUTE, HistoryPoint

START = 1_800_000_000 // (7 * DAY) * (7 * DAY)
WEEK = 7 * DAY // MINUTE
TEN = SECONDS // MINUTE


def rates(minutes, per_minute):
    """A bank's traffic: nights with a tenth of noon, weekends with half of it."""
    t = np.arange(minutes) * MINUTE
    day = 0.55 - 0.45 * np.cos(2 * math.pi * (t % DAY) / DAY)
    return per_minute * day * np.where(t // DAY % 7 >= 5, 0.5, 1.0)


def ten(counts):
    """What came in the ten minutes before each minute."""
    sums = np.concatenate([[0], np.cumsum(counts)])
    return sums[TEN:] - sums[:-TEN]


def asked(counts, minute):
    """The house's own answer for the ten minutes that end with `minute`, of minutes counted from `START`."""
    end = START + minute * MINUTE
    hour = (end - 1) // HOUR * HOUR
    weeks = []
    for interval in (around(hour, week) for week in range(1, WEEKS + 1)):
        first, last = ((second - START) // MINUTE for second in interval)
        points = [HistoryPoint(START + m * MINUTE, 0, int(counts[m])) for m in range(first, last) if counts[m]]
        weeks.append((interval, points))
    return profile(hour, weeks).usual(end)


@pytest.mark.parametrize("per_minute", [12, 60, 1_000])
def test_a_year_of_luck_is_no_collapse(per_minute):
    """Every minute of a year with days and weeks, by chance alone: no alert, and what the house reads is a recount of the minutes."""
    random = np.random.default_rng(per_minute)
    counts = random.poisson(rates(57 * WEEK, per_minute))
    sums = ten(counts)  # of the minutes that end with index + TEN
    ends = np.arange(5 * WEEK, 57 * WEEK - 60)
    weekly = [
        np.min([sums[ends - week * WEEK + shift - TEN] for shift in (-60, 0, 60)], axis=0)
        for week in range(1, WEEKS + 1)
    ]
    usual = np.sort(weekly, axis=0)[1]
    came = sums[ends - TEN]
    low = (usual >= LEAST_USUAL) & (came * COLLAPSED < usual)

    assert not low.any()
    assert (usual >= LEAST_USUAL).mean() > 0.3
    for place in random.integers(0, len(ends), 40).tolist():
        assert (int(usual[place]), 4) == asked(counts, int(ends[place]))


@pytest.mark.parametrize("usual", [*range(LEAST_USUAL, 200), 1_000, 10_000])
def test_luck_alone_is_seen_once_in_a_billion_times(usual):
    """The chance that fewer than a quarter of what is usual come by themselves (Poisson), from its own sum."""
    fewest = -(-usual // COLLAPSED)
    chance = sum(math.exp(k * math.log(usual) - usual - math.lgamma(k + 1)) for k in range(fewest))

    assert chance < 1e-9


@pytest.mark.parametrize("per_minute", [20, 200])
def test_nobody_coming_any_more_is_seen_within_ten_minutes(per_minute):
    """At any time of the week at which there is enough to judge by."""
    counts = np.random.default_rng(1).poisson(rates(6 * WEEK, per_minute))
    found = []
    for stopped in range(5 * WEEK, 6 * WEEK - 120, 487):
        cut = counts.copy()
        cut[stopped:] = 0
        found.append(condition(0, asked(cut, stopped + TEN), fires=False))

    assert {ConditionState.MET} == set(found) - {ConditionState.UNKNOWN}
    assert found.count(ConditionState.MET) > len(found) / 4


def test_clocks_put_forward_are_no_collapse():
    """An hour earlier or later the rush may come: of each week the least around that time is usual."""
    per_minute = np.full(6 * WEEK, 100)
    per_minute[(np.arange(6 * WEEK) % 1440 < 8 * 60)] = 2  # nobody comes before eight
    per_minute[5 * WEEK :] = np.roll(per_minute[5 * WEEK :], 60)  # by clocks that were put back

    for minute in range(5 * WEEK + 7 * 60, 5 * WEEK + 10 * 60, 7):
        came = int(per_minute[minute - TEN : minute].sum())
        assert condition(came, asked(per_minute, minute), fires=False) is not ConditionState.MET


def test_an_outage_among_the_former_weeks_changes_nothing():
    """Last week's Tuesday was down; this Tuesday's collapse is seen all the same."""
    counts = np.full(6 * WEEK, 100)
    noon = 5 * WEEK + 720
    counts[noon - WEEK - 200 : noon - WEEK + 200] = 0

    assert Usual(1000, 4) == asked(counts, noon)


def test_what_is_back_at_night_is_over_though_little_is_usual_then():
    """An evening's collapse does not stay open until the morning, nor for ever where a service is small from now on."""
    assert ConditionState.CLEAR is condition(30, Usual(LEAST_USUAL - 10, 4), fires=True)
    assert ConditionState.UNKNOWN is condition(3, Usual(LEAST_USUAL - 10, 4), fires=True)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 4), st.booleans())
def test_what_lies_between_leaves_everything_as_it_is(count, usual, weeks, fires):
    """Below a quarter it fires, from a half on it is over. Where little is usual nothing fires, and ends at a half all the same."""
    found = condition(count, Usual(usual, weeks), fires=fires)

    if weeks < 2:
        assert found is ConditionState.CLEAR
    elif usual < LEAST_USUAL:
        assert found is (ConditionState.CLEAR if 2 * count >= usual else ConditionState.UNKNOWN)
    elif 4 * count < usual:
        assert found is ConditionState.MET
    else:
        assert (found is ConditionState.MET) == (fires and 2 * count < usual)
