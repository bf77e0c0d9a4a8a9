"""What a backtest says, to people and to programs, and what it draws."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest

from fournines.alerts.backtest import report
from fournines.alerts.backtest.backtest import Backtest
from fournines.alerts.backtest.history import FakeHistorySource, Span
from fournines.alerts.backtest.policies import policies_named
from fournines.alerts.backtest.policy import Policy
from fournines.alerts.backtest.svg import as_svg
from fournines.alerts.errors import BacktestError
from fournines.slo import DAY, HOUR, HistoryPoint, Interval, Method, Slices, Window


@pytest.fixture(scope="module")
def result(slo, start):
    """Two days of 10 requests a second, a total outage of five minutes, and two hours later ten failures that nobody minds."""
    good = dict.fromkeys(range(start - 2 * DAY, start + 4 * HOUR, 10), (100, 100))
    bad = dict.fromkeys(range(start + HOUR, start + HOUR + 300, 10), (0, 100))
    few = {start + 3 * HOUR: (90, 100)}
    points = [HistoryPoint(at, *count) for at, count in {**good, **bad, **few}.items()]
    source = FakeHistorySource({"payments-availability": points})
    span = Span.of(Interval(start, start + 4 * HOUR), 10)
    return Backtest(source, span).run([slo("0.999")], policies_named(["fournines", "google-1"]))


def test_policies_stand_side_by_side(result):
    """A line each, under a head that is as long."""
    assert "2027-01-15T08:00:00Z to 2027-01-15T12:00:00Z, in steps of 10s" == report.heading(result)
    assert [
        list(report.COLUMNS),
        ["fournines", "1", "0", "100 %", "1", "1 of 1", "1", "1m", "1m", "2.3 %", "34m 50s"],
        ["google-1", "2", "1", "50 %", "0", "1 of 1", "1", "10s", "10s", "0.3 %", "10m"],
    ] == [re.split(r" {2,}", line) for line in report.comparison(result)]  # fmt: skip


def test_a_listing_says_when(result):
    """Every alert and every incident of every policy, in the order of time."""
    assert [
        "fournines: the workbook's pairs as shares of the budget, pages on 3 failures or more",
        "  2027-01-15T09:00:00Z  payments-availability  incident of 5m, 11.5 % of the budget: told after 1m",
    ] == list(report.listing(result))[:2]


def test_json_holds_all_of_it(result):
    """By field names; times in ISO 8601, lengths in seconds."""
    found = json.loads(json.dumps(report.as_json(result)))
    (policy, _) = found["policies"]

    assert {"from", "to", "step_seconds", "policies", "remarks"} == set(found)
    assert {"severity": "page", "told": "2027-01-15T09:01:00Z"}.items() <= policy["slos"][0]["alerts"][0].items()
    assert {"told_by": "page", "detection_seconds": 60, "overlaid": False}.items() <= policy["slos"][0]["incidents"][
        0
    ].items()


def test_a_drawing_stands_by_itself(result):
    """Well formed, without anything from elsewhere: an incident's band, and each alert as a mark in its policy's lane."""
    root = ET.fromstring(as_svg(result))
    marks = [element.get("class") for element in root.iter() if element.get("class")]

    assert 1 == marks.count("incident")
    assert (2, 1, 1) == tuple(map(marks.count, ("page", "page nothing", "ticket")))
    assert {"payments-availability", "fournines", "google-1"} <= {element.text for element in root.iter()}


def test_a_drawing_escapes_what_it_is_told(result, slo):
    """A policy is named by whoever types it."""
    named = Policy("<b>&", "", lambda slo: ())
    drawn = as_svg(result._replace(policies=(named,), verdicts={"<b>&": result.verdicts["fournines"]}))

    assert "&lt;b&gt;&amp;" in drawn
    ET.fromstring(drawn)


def test_what_can_t_be_compared_is_a_remark(slo, start):
    """Windows that fit no step, an SLO without events or of slices, a policy without rules; where nothing is left it is an error."""
    span = Span.of(Interval(start, start + HOUR), 300)
    source = FakeHistorySource({"payments-availability": [HistoryPoint(start, 9, 9)]})
    promised = slo(rules=())

    compared = Backtest(source, span).run([promised], policies_named(["google-3", "workbook", "file"]))

    assert ["workbook"] == [policy.name for policy in compared.policies]
    assert [
        "note: google-3 is left out: 1m is no multiple of steps of 300 s",
        "note: file has no rules for payments-availability",
    ] == list(report.remarks(compared))
    sliced = slo(method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), Window(60)))
    with pytest.raises(BacktestError, match="payments-availability is left out: its budget is one of slices"):
        Backtest(source, span).run([sliced], policies_named(["workbook"]))
    with pytest.raises(
        BacktestError, match="there is nothing to compare\npayments-availability has no events in this time"
    ):
        Backtest(FakeHistorySource(), span).run([promised], policies_named(["workbook"]))
