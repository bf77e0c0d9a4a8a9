"""The burn rates that rules begin at."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from fournines.dashboards.limits import Limit, limits_of, quickest_window
from fournines.slo import DAY, HOUR, WORKBOOK, BurnRule, Severity, Window
from tests.dashboards.conftest import availability

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


def test_the_quickest_window_is_that_of_what_pages_first() -> None:
    """Else of the quickest ticket, and the budget's own where nothing alerts: every board looks at the same one."""
    tickets = tuple(rule for rule in WORKBOOK if rule.severity is Severity.TICKET)
    slo = availability("a")

    assert [str(quickest_window(replace(slo, rules=rules))) for rules in (WORKBOOK, tickets, ())] == ["1h", "1d", "30d"]
