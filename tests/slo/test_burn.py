"""Burn rules: pairs of windows, and the share of the budget each stands for."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import (
    DAY,
    HOUR,
    WORKBOOK,
    BurnRule,
    EventCount,
    InvalidValue,
    Objective,
    Severity,
    Window,
    burn_rate,
)


def test_the_workbooks_table():
    """The shipped pairs are the workbook's: share, long, short, and the factor each has over 30 days."""
    table = [
        (rule.severity.value, rule.budget_share, str(rule.long), str(rule.short), rule.factor(Window(30 * DAY)))
        for rule in WORKBOOK
    ]

    assert table == [
        ("page", Fraction(2, 100), "1h", "5m", Fraction("14.4")),
        ("page", Fraction(5, 100), "6h", "30m", 6),
        ("ticket", Fraction(10, 100), "1d", "2h", 3),
        ("ticket", Fraction(10, 100), "3d", "6h", 1),
    ]


@pytest.mark.parametrize("rule", WORKBOOK, ids=str)
@given(days=st.integers(4, 365), rate=st.integers(1, 10**6))
def test_every_pair_burns_its_stated_share(rule, days, rate):
    """Burning at exactly the factor for the long window spends exactly the stated share of the whole window's budget."""
    window, objective = Window(days * DAY), Objective(Decimal("0.9999"))
    bad_events_in_long = rule.factor(window) * objective.allowed * rate * rule.long.seconds
    allowed_in_window = objective.allowed * rate * window.seconds

    assert bad_events_in_long / allowed_in_window == rule.budget_share


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_burn_rate_is_bad_over_allowed(bad, more):
    """The burn rate is the bad share over the allowed share."""
    count, objective = EventCount(more, bad + more), Objective(Decimal("0.99"))

    assert burn_rate(count, objective.allowed) == Fraction(bad, bad + more) * 100


@pytest.mark.parametrize(("long", "short"), [(HOUR, HOUR), (HOUR, DAY)])
def test_short_is_shorter(long, short):
    """A pair whose short window is not the shorter one is refused."""
    with pytest.raises(InvalidValue):
        BurnRule(Severity.PAGE, Fraction(1, 50), Window(long), Window(short))


@pytest.mark.parametrize("share", [Fraction(0), Fraction(-1), Fraction(11, 10)])
def test_no_shares(share):
    """A share of the budget is more than none and at most all of it."""
    with pytest.raises(InvalidValue):
        BurnRule(Severity.PAGE, share, Window(HOUR), Window(60))


def test_the_whole_budget_is_a_share():
    """A rule may wait until a window spends everything: its factor is then how often that window fits."""
    assert BurnRule(Severity.PAGE, Fraction(1), Window(HOUR), Window(60)).factor(Window(DAY)) == 24
