"""The burn rates that rules begin at."""

from __future__ import annotations

from fractions import Fraction

from fournines.dashboards.limits import Limit, limits_of
from fournines.slo import DAY, HOUR, WORKBOOK, BurnRule, Severity, Window

MONTH = Window(30 * DAY)


def test_limits_are_exact_and_stand_in_order() -> None:
    """The workbook's four, lowest first."""
    assert [str(limit.factor) for limit in limits_of(WORKBOOK, MONTH)] == ["1", "3", "6", "72/5"]


def test_a_factor_that_a_page_and_a_ticket_share_is_the_page_s() -> None:
    """Whichever of them is listed first: what wakes somebody is what is shown."""
    page = BurnRule(Severity.PAGE, Fraction(1, 10), Window(DAY), Window(HOUR))
    ticket = BurnRule(Severity.TICKET, Fraction(1, 10), Window(DAY), Window(2 * HOUR))

    assert limits_of((page, ticket), MONTH) == limits_of((ticket, page), MONTH) == (Limit(Fraction(3), Severity.PAGE),)


def test_no_rules_have_no_limits() -> None:
    """An SLO that alerts nobody draws no line."""
    assert limits_of((), MONTH) == ()
