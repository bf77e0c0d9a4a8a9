"""The policies that are compared: each as its own documents have it."""

from __future__ import annotations

import pytest

from fournines.alerts.backtest.policies import FILE, POLICIES, policies_named
from fournines.alerts.errors import BacktestError
from fournines.slo import DAY, Severity, Window

PAGE, TICKET = Severity.PAGE, Severity.TICKET


def clauses(policy, slo):
    """Every clause, with its severity and factor, and windows as text."""
    return [
        (rule.severity, float(clause.factor), *map(str, clause.windows))
        for rule in policy.rules(slo)
        for clause in rule.clauses
    ]


def named(word):
    """The one policy of that name."""
    (policy,) = policies_named([word])
    return policy


def test_the_workbook_s_factors_are_those_of_its_table_whatever_the_window(slo):
    """14.4, 6, 3 and 1, also for 28 days."""
    expected = [(PAGE, 14.4, "1h", "5m"), (PAGE, 6, "6h", "30m"), (TICKET, 3, "1d", "2h"), (TICKET, 1, "3d", "6h")]

    assert expected == clauses(named("workbook"), slo(window=Window(28 * DAY)))


def test_sloth_s_factors_follow_the_window(slo):
    """Its formula: 2, 5, 10 and 10 % of the budget, which over 28 days are 13.44, 5.6, 2.8 and 0.93."""
    factors = [factor for _, factor, *_ in clauses(named("sloth"), slo(window=Window(28 * DAY)))]

    assert pytest.approx([13.44, 5.6, 2.8, 0.9333333333333333]) == factors


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (28, [(120, "1h", "5m"), (900, "6h", "30m"), (3600, "1d", "2h"), (10800, "4d", "6h")]),
        (14, [(60, "30m", "3m"), (480, "3h", "15m"), (1800, "12h", "1h"), (5400, "2d", "3h")]),
        (30, [(120, "64m", "5m"), (960, "386m", "32m"), (3840, "1543m", "129m"), (11580, "6171m", "386m")]),
        (90, [(360, "193m", "16m"), (2880, "1157m", "96m"), (11580, "4629m", "386m"), (34740, "18514m", "1157m")]),
    ],
)
def test_pyrra_scales_windows_and_keeps_its_factors(days, expected, slo):
    """14, 7, 2 and 1, each an alert of its own that waits; its windows are parts of the SLO's, to the minute."""
    rules = named("pyrra").rules(slo(window=Window(days * DAY)))

    assert [(PAGE, 14), (PAGE, 7), (TICKET, 2), (TICKET, 1)] == [(it.severity, it.clauses[0].factor) for it in rules]
    assert expected == [(rule.wait, *map(str, rule.clauses[0].windows)) for rule in rules]


def test_pyrra_has_no_windows_for_short_budgets(slo):
    """A day would make a window of 0 s, which it writes all the same and Prometheus refuses."""
    with pytest.raises(BacktestError, match="pyrra has no windows for a budget of 24 h"):
        named("pyrra").rules(slo(window=Window(DAY)))


def test_google_s_five_are_one_word(slo):
    """The workbook's approaches 1 to 5, on one window each."""
    found = [clauses(policy, slo()) for policy in policies_named(["google-single"])]

    assert [
        [(PAGE, 1, "10m")],
        [(PAGE, 1, "36h")],
        [(PAGE, 1, "1m")],
        [(PAGE, 36, "1h")],
        [(PAGE, 14.4, "1h"), (PAGE, 6, "6h"), (TICKET, 1, "3d")],
    ] == found


def test_ours_holds_pages_back_until_there_are_three_failures(slo):
    """The guard is a page's; a ticket has none."""
    (page, ticket) = named("fournines").rules(slo())

    assert ({3}, {0}) == ({each.least for each in page.clauses}, {each.least for each in ticket.clauses})


def test_a_text_is_a_policy(slo):
    """Rules as an SLO file writes them, with that SLO's own guard; `file` is those the file itself says."""
    text = "page 4% 2h 10m"

    (policy,) = policies_named([text])

    assert [(PAGE, 14.4, "2h", "10m")] == clauses(policy, slo(min_bad_events=7))
    assert 7 == policy.rules(slo(min_bad_events=7))[0].clauses[0].least
    assert () == FILE.rules(slo(rules=()))


def test_each_policy_comes_once():
    """However often it is meant."""
    assert POLICIES == policies_named(["all", "google-single", "sloth"])


@pytest.mark.parametrize("text", ["sloht", "page 4%", "page 4% 5m 1h", ""])
def test_what_is_no_policy_is_said(text):
    """With the words that would be one."""
    with pytest.raises(BacktestError, match=r"is no policy \(fournines, workbook"):
        policies_named([text])
