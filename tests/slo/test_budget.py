"""The error budget, exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import DAY, PARTS, ErrorBudget, EventCount, Objective, Unit, Window, burn_rate

OBJECTIVES = st.integers(1, 10**6 - 1).map(lambda parts: Objective(Decimal(parts).scaleb(-6)))
COUNTS = st.integers(1, 10**12).flatmap(lambda total: st.integers(0, total).map(lambda good: EventCount(good, total)))
WINDOWS = st.integers(10, 400 * DAY).map(Window)
SCALES = st.fractions(1, 10**6, max_denominator=10**6)


@given(COUNTS, OBJECTIVES, WINDOWS, SCALES)
def test_remaining_is_allowed_minus_spent(count, objective, window, scale):
    """Nothing is rounded: remaining = allowed - spent, in events, as share and in seconds."""
    budget = ErrorBudget.of(count, objective.allowed, window.seconds, scale)

    assert budget.allowed == (1 - Fraction(objective.target)) * count.total * scale
    assert budget.spent == count.bad
    assert budget.remaining_events == budget.allowed - budget.spent
    assert budget.remaining_ratio == budget.remaining_events / budget.allowed
    assert budget.remaining_seconds == budget.remaining_ratio * objective.allowed * window.seconds


@given(COUNTS, OBJECTIVES, WINDOWS, SCALES)
def test_burn_is_the_share_spent(count, objective, window, scale):
    """The burn over the budget's own window is the share of the budget that is spent."""
    budget = ErrorBudget.of(count, objective.allowed, window.seconds, scale)

    assert burn_rate(count, objective.allowed, scale) == 1 - budget.remaining_ratio


@pytest.mark.parametrize("target", ["0.9", "0.999", "0.9995", "0.9999", "0.99995", "0.99999"])
@given(times=st.integers(1, 10**6))
def test_burn_of_one_spends_everything(target, times):
    """A burn of 1 for a whole window spends exactly 100 %."""
    objective = Objective(Decimal(target))
    total = objective.allowed.denominator * times
    count = EventCount(total - int(objective.allowed * total), total)

    assert burn_rate(count, objective.allowed) == 1
    assert ErrorBudget.of(count, objective.allowed, 30 * DAY).remaining_ratio == 0


def test_without_traffic_nothing_is_spent():
    """No traffic leaves the whole budget and has no burn rate."""
    objective, none = Objective(Decimal("0.9999")), EventCount(0, 0)

    assert ErrorBudget.of(none, objective.allowed, 30 * DAY).remaining_ratio == 1
    assert burn_rate(none, objective.allowed) is None


def test_four_nines_are_259_seconds():
    """99.99 % of 30 days allow 259.2 seconds of total outage."""
    budget = ErrorBudget.of(EventCount(10, 10), Objective(Decimal("0.9999")).allowed, 30 * DAY)

    assert budget.remaining_seconds == Fraction("259.2")


def test_over_spent_is_negative():
    """An over-spent budget is negative, not zero."""
    budget = ErrorBudget.of(EventCount(119_880, 120_000), Objective(Decimal("0.9999")).allowed, 30 * DAY)

    assert (budget.allowed, budget.remaining_events, budget.remaining_ratio) == (12, -108, -9)


@given(
    st.fractions(Fraction(1, 1000), 1, max_denominator=1000), st.fractions(Fraction(1, 100), 100, max_denominator=100)
)
def test_exhaustion_is_when_the_rest_is_burnt(left, burn):
    """At a steady burn the budget left lasts left x window / burn."""
    budget = ErrorBudget(Fraction(10_000), round(10_000 * (1 - left)), Fraction("259.2"))
    expected = budget.remaining_ratio * 30 * DAY / burn

    assert budget.exhausted_in_seconds(burn, 30 * DAY) == (expected if budget.remaining_ratio > 0 else 0)


def test_exhaustion_has_nothing_to_say_without_burn():
    """A budget that does not shrink is never exhausted; one that is gone is exhausted now."""
    assert ErrorBudget(Fraction(10), 1, Fraction(1)).exhausted_in_seconds(None, 30 * DAY) is None
    assert ErrorBudget(Fraction(10), 1, Fraction(1)).exhausted_in_seconds(Fraction(0), 30 * DAY) is None
    assert ErrorBudget(Fraction(10), 10, Fraction(1)).exhausted_in_seconds(None, 30 * DAY) == 0


@given(COUNTS, OBJECTIVES, SCALES)
def test_parts_are_said_as_ones(count, objective, scale):
    """A budget of parts allows, spends and leaves what the same budget of parts as events would, in ones, and the same share."""
    parts = ErrorBudget.of(count, objective.allowed, DAY, scale, Unit.PARTS)
    events = ErrorBudget.of(count, objective.allowed, DAY, scale)

    assert (parts.allowed * PARTS, parts.spent * PARTS) == (events.allowed, events.spent)
    assert parts.remaining_events * PARTS == events.remaining_events
    assert parts.remaining_ratio == events.remaining_ratio
    assert parts.remaining_seconds == events.remaining_seconds
