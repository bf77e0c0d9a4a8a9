"""What a report says."""

from __future__ import annotations

from fournines.dashboards.report.blocks import Heading, Paragraph, Plot, Table, line
from fournines.dashboards.report.content import blocks_of


def texts(report):
    return [block.text for block in blocks_of(report) if isinstance(block, Heading | Paragraph)]


def table(report, head):
    """The first table with a head of that name."""
    return next(block for block in blocks_of(report) if isinstance(block, Table) and head in block.heads)


def test_it_begins_with_what_matters_to_whoever_reads_no_further(make_report):
    """Which time, whether it is over, and how many promises were kept."""
    assert [
        "SLO report, October 2026",
        "2026-10-01 to 2026-10-31 (UTC), made 2026-11-01T00:00:00Z.",
        "0 of 1 promise kept; 2 pages and 1 other alert, 0 of 1 judged were useful.",
    ] == texts(make_report())[:3]


def test_a_month_that_is_not_over_says_so(make_report):
    """Nobody takes half a month's budget for a month's."""
    report = make_report(made=make_report().end - 1)
    assert "It is not over: figures are of what lies behind, and so are budgets." in texts(report)[1]


def test_a_promise_is_a_row_with_all_that_qualifies_it(make_report):
    """Rounded against us; half a month observed, time taken out, and a service that went are said beside the result."""
    first, second = table(make_report(), "Promise").rows
    assert ("pay", "pay-availability", "99.99 %", "99.988 %", "missed", "−20 %", "120 of 1,000,000") == first[:7]  # noqa: RUF001
    assert (
        "observed for 1 d of 31 d; 1 min 30 s taken out by hand; its service was last heard 2026-10-02 00:00"
        == first[7]
    )
    assert ("–", "–", "–", "–", "pay") == second[3:]  # noqa: RUF001


def test_incidents_say_how_long_and_what_they_burnt(make_report):
    """One that is open is; what is not known is a dash."""
    rows = table(make_report(), "Budget burnt").rows
    assert ("7", "pay-availability", "2026-10-01 00:00", "15 min", "1 min", "pay", "90", "90 %", "no", "pay") == rows[0]
    assert ("open", "–", "", "–", "–", "–") == rows[1][3:9]  # noqa: RUF001


def test_the_scorecard_has_seven_figures_and_a_reason_for_each_that_is_missing(make_report):
    """Incident response is two of the eight lines."""
    rows = {name: (said, why) for name, said, why in table(make_report(), "In all").rows}
    assert 8 == len(rows)
    assert ("99.988 %", "") == rows["uptime"]
    assert ("1 min 31 s", "") == rows["deployment time"]
    assert ("0.0323", "") == rows["releases a day"]
    assert ("1 min", "") == rows["incident response: until taken on"]
    assert ("–", "no costs were given") == rows["monthly cost"]  # noqa: RUF001


def test_the_trend_tells_unknown_from_nothing_burnt(make_report):
    """A month before it was observed has no bar; one without failures has one of no height."""
    plot = next(block for block in blocks_of(make_report()) if isinstance(block, Plot))
    assert [(None, False), (0.0, False), (1.5, True)] == [(bar.value, bar.over) for bar in plot.bars]
    assert ["it was not observed then", "0 % of the budget, kept", "150 % of the budget, missed"] == [
        bar.said for bar in plot.bars
    ]


def test_no_sign_that_controls_is_in_any_text():
    """Nor a line's end, nor what turns round the text that follows."""
    assert "a b [31mc d" == line("a\nb\x1b[31mc\u202ed")
