"""Annotations under `fournines/`: what each may say."""

from __future__ import annotations

import contextlib
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import RUNBOOK, WORKBOOK, BurnRule, CalendarWindow, InvalidValue, NoData, Place, Severity, Window
from fournines.slo.annotations import (
    ALERTS_OFF,
    ANNOTATIONS,
    PREFIX,
    SWITCHES,
    TRAFFIC_COLLAPSE,
    alerts_off,
    parse_alerts_off,
    parse_burn_rules,
    parse_count,
    parse_depends_on,
    parse_group_by,
    parse_link,
    parse_max_groups,
    parse_no_data,
    parse_owner,
    parse_severity,
    parse_tier,
    parse_windows,
    traffic_collapse,
    without_runbook,
)

RULES = st.builds(
    lambda severity, percent, short, longer: BurnRule(
        severity, Fraction(percent, 10_000), Window(short + longer), Window(short)
    ),
    st.sampled_from(Severity),
    st.integers(1, 10_000),
    st.integers(10, 10**6),
    st.integers(1, 10**6),
)


def written(rule):
    return f"{rule.severity.value} {float(rule.budget_share * 100):.2f}% {rule.long} {rule.short}"


@given(st.lists(RULES, min_size=1, max_size=5))
def test_burn_rules_round_trip(rules):
    """Rules written as text read back as those rules, with their shares exact."""
    assert parse_burn_rules("; ".join(map(written, rules))) == tuple(rules)


def test_the_workbook_as_text():
    """The workbook's rules in the form of the annotation."""
    assert parse_burn_rules("page 2% 1h 5m; page 5 % 6h 30m;\nticket 10% 1d 2h; ticket 10% 3d 6h;\n") == WORKBOOK


def test_no_rules():
    """`none` is no rule: an SLO that alerts nobody."""
    assert parse_burn_rules("none") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no burn rule"), ("page", "is no burn rule"), ("page 2 1h 5m", "is no burn rule"),
        ("page 2% 1h", "is no burn rule"), ("page 2% 1h 5m ticket 10% 3d 6h", "is no burn rule"),
        ("sms 2% 1h 5m", "'sms' is no severity; write page or ticket"), ("page 2% 1M 5m", "is no duration"),
        ("page 0% 1h 5m", "a share of the budget"), ("page 200% 1h 5m", "a share of the budget"),
        ("page 2% 5m 5m", "is not shorter"), ("page 2% 1h 5m;; page 5% 6h 30m", "is no burn rule"),
    ],
)  # fmt: skip
def test_no_burn_rules(text, said):
    """What is no list of rules is refused with an example of one."""
    with pytest.raises(InvalidValue, match=said):
        parse_burn_rules(text)


@pytest.mark.parametrize("text", ["https://runbooks.example.com/pay?x=1#y", "http://[::1]:80/"])
def test_links(text):
    """Absolute http and https addresses are links."""
    assert parse_link(text) == text


@pytest.mark.parametrize(
    "text", ["", "runbook", "//x", "https://", "ftp://x", "javascript:alert(1)", "https://a b", "http://[", "HTTPS:x"]
)
def test_no_links(text):
    """Nothing else may become a link."""
    with pytest.raises(InvalidValue):
        parse_link(text)


def test_small_ones():
    """A whole number, a word of three, and any text."""
    assert (parse_count("12"), parse_no_data("good"), parse_owner("team a")) == (12, NoData.GOOD, "team a")
    for read, text in ((parse_count, "1.5"), (parse_no_data, "Bad"), (parse_owner, "  ")):
        with pytest.raises(InvalidValue):
            read(text)


@given(st.sampled_from(sorted(ANNOTATIONS)), st.text(max_size=30))
def test_any_text(key, text):
    """Whatever an annotation holds is read or refused with our own error."""
    assert key.startswith(PREFIX)
    with contextlib.suppress(InvalidValue):
        ANNOTATIONS[key](text)


def test_whoever_pages_says_what_to_do(make_slo):
    """An SLO that pages without a runbook is named, with its place; tickets wait until somebody has thought."""
    noted = make_slo(annotations={RUNBOOK: "https://runbooks.example.com/payments"})
    silent = make_slo("quiet", rules=()), make_slo("tickets", rules=WORKBOOK[2:])
    (fault,) = without_runbook([noted, *silent, make_slo(place=Place("slos.yaml", 4, 3))])

    assert str(fault) == (
        "slos.yaml:4:3: payments-availability: pages somebody without saying what to do; "
        "add the annotation fournines/runbook"
    )


def test_alerts_beside_burn_are_switched_off_by_name(make_slo):
    """Each by its own word; of an SLO that says nothing none is off."""
    off = make_slo(annotations={ALERTS_OFF: "exhausted, at-risk"})

    assert ({"exhausted", "at-risk"}, set()) == (alerts_off(off), alerts_off(make_slo()))
    assert SWITCHES == parse_alerts_off(", ".join(SWITCHES))
    with pytest.raises(InvalidValue, match="'burn' is no alert that can be switched off; there are exhausted, at-risk"):
        parse_alerts_off("burn")


def test_a_collapse_of_traffic_is_a_ticket_unless_it_is_said_to_be_a_page(make_slo):
    """Nobody is woken by fewer visitors who did not ask to be."""
    page = make_slo(annotations={TRAFFIC_COLLAPSE: "page"})

    assert (Severity.PAGE, Severity.TICKET) == (traffic_collapse(page), traffic_collapse(make_slo()))
    with pytest.raises(InvalidValue, match="'sms' is no severity; write page or ticket"):
        parse_severity("sms")


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (parse_windows, "7d, 1M, 1Q Europe/Berlin",
         (Window.parse("7d"), CalendarWindow(1, "M"), CalendarWindow(1, "Q", zone="Europe/Berlin"))),
        (parse_windows, "7d , 1M  Europe/Berlin", (Window.parse("7d"), CalendarWindow(1, "M", zone="Europe/Berlin"))),
        (parse_depends_on, "accounts, users", ("accounts", "users")),
        (parse_group_by, "http.route", ("http.route",)),
        (parse_group_by, "tenant-id, http.route", ("tenant-id", "http.route")),
        (parse_tier, "1", "1"),
        (parse_tier, "business-critical", "business-critical"),
        (parse_max_groups, "10000", 10_000),
    ],
)  # fmt: skip
def test_what_they_hold(parse, text, said):
    """Lists stand between commas, spaces are nothing, a calendar may have a zone."""
    assert parse(text) == said


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (parse_windows, "7d Europe/Berlin", "7d is a rolling window, and has no time zone"),
        (parse_windows, "7d,", "holds an empty window; write each after a comma"),
        (parse_windows, "7d, 1M, 7d", "holds a window twice"),
        (parse_depends_on, "", "holds an empty name; write each after a comma"),
        (parse_group_by, "http route", "'http route' is no name of an attribute; write http.route"),
        (parse_tier, "very critical", "'very critical' is no tier; write one word, such as 1 or critical"),
        (parse_max_groups, "10001", "at most 10,000 groups are counted, not 10,001"),
        (parse_max_groups, "0", "'0' is no whole number of 1 or more"),
    ],
)
def test_what_they_may_not_hold(parse, text, said):
    """It is refused with what is wrong, and what to write where that is not plain."""
    with pytest.raises(InvalidValue, match=re.escape(said)):
        parse(text)


@pytest.mark.parametrize(
    ("parse", "items", "most"),
    [
        (parse_windows, [f"{days}d" for days in range(1, 8)], 6),
        (parse_depends_on, [f"slo-{number}" for number in range(101)], 100),
        (parse_group_by, [f"label.{number}" for number in range(9)], 8),
    ],
)
def test_how_many_they_hold(parse, items, most):
    """No file makes a row in every table a thousand times as long."""
    assert len(parse(", ".join(items[:-1]))) == most
    with pytest.raises(InvalidValue, match=f"holds {most + 1} .*, and at most {most} are read"):
        parse(", ".join(items))


def test_who_pages_without_a_runbook_need_not_stand_in_a_file(make_slo):
    """An SLO that made itself is named alone."""
    (fault,) = without_runbook([make_slo()])

    assert (fault.file, fault.line, fault.path) == ("", 0, "payments-availability")
