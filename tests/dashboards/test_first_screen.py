"""What fails, what changed and what spent the budget, in words that add up; and one calculation behind every figure."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from fournines.alerts.messages.context import Cause, Context, Rollout
from fournines.dashboards import Beside, Shown, Spending, Spent, failing_interval, render_slo
from fournines.dashboards.brief import Brief
from fournines.dashboards.calls import Call, Calls, calls_in, with_declared
from fournines.dashboards.card import Card
from fournines.dashboards.history import History, burn_down
from fournines.dashboards.shown import PRESETS
from fournines.dashboards.slo_page import Detail
from fournines.dashboards.spending import breakdown_of
from fournines.slo import HOUR, MINUTE, HistoryPoint, Interval, explain, figures, summarise
from tests.dashboards.conftest import NOW, availability, evaluated

HOSTILE = "<script>alert(1)</script>"


def burning(**beside):
    """The brief of an SLO that burns."""
    status = evaluated([availability("pay")], outage={"pay": 20.0}).status(0)
    return Brief(Card(status, NOW, NOW - 60, (), False), Beside(**beside))


def test_causes_are_told_with_their_share_and_what_is_left_over_is_told_too():
    """Nobody adds the shares up and misses some: those beyond the named ones are one line."""
    context = Context(
        Interval(0, 60), (Cause("/a", "500", "500", "", 60), Cause("", "", "Timeout", "2", 30)), {"i": 99}, 100
    )
    told = burning(context=context).causes

    assert [("/a, status 500", "60 %", "60"), ("Timeout, version 2", "30 %", "30"), ("all others", "10 %", "10")] == [
        (each.what, each.share, each.failed) for each in told
    ]
    assert "most on i (99 %)" == burning(context=context).where


def test_what_changed_has_its_own_service_first_and_never_nothing_where_something_is_known():
    """Deployments of the last hours, its own before others'; where there is none, the last one before."""
    mine, other = Rollout("2", NOW - 600, NOW - 500, None, "ann"), Rollout("9", NOW - 60, None)
    last = Context(Interval(0, 60), rollout=Rollout("1", NOW - 86_400, NOW - 86_000, NOW - 85_000))
    both = burning(rollouts=[("users", other), ("payments", mine)]).changes
    before = burning(context=last, rollouts=[("users", other)]).changes

    assert [("payments", "2", "done"), ("users", "9", "going out")] == [
        (one.service, one.version, one.became) for one in both
    ]
    assert [("payments", "1", "rolled back"), ("users", "9", "going out")] == [
        (one.service, one.version, one.became) for one in before
    ]
    assert () == burning().changes


def test_failures_are_told_of_the_short_window_of_the_rule_that_holds():
    """As the messages of its alerts do; where nothing burns, of the last hour."""
    burns = evaluated([availability("pay")], outage={"pay": 20.0}).status(0)
    calm = evaluated([availability("pay")]).status(0)

    assert 5 * MINUTE <= failing_interval(burns, NOW).seconds <= 6 * MINUTE
    assert HOUR <= failing_interval(calm, NOW).seconds <= HOUR + MINUTE
    assert failing_interval(calm, NOW).start % MINUTE == 0


def test_what_spent_the_budget_adds_up():
    """Table and chart are of the same counts; the rows add up to all that failed, whoever has no name last."""
    status = evaluated([availability("pay")], outage={"pay": 20.0}).status(0)
    interval = Interval(0, 600)
    parts = [Spent(t, f"/{n}", n + 1) for t in (0, 60, 540) for n in range(25)] + [Spent(60, "", 1_000)]
    told = breakdown_of(Spending("route", interval, 60, parts), status)
    failed = sum(part.failed for part in parts)

    assert failed == sum(int(row.failed.replace(",", "")) for row in told.rows)
    assert ("/24", "75") == (told.rows[0].what, told.rows[0].failed)
    assert f"{figures.requests(failed)} failed" in told.chart.says
    assert figures.share(Fraction(75) / status.budget.allowed, up=True) == told.rows[0].budget
    assert "the rest" == told.rows[-1].what
    assert 7 == len(set(re.findall(r"layer-\d", told.chart.plot)))


@pytest.mark.parametrize("last", PRESETS)
def test_a_time_that_is_shown_can_be_sent_to_others(last):
    """The address with both moments shows the same steps, whenever it is opened."""
    shown = Shown.of_last(last, NOW)
    again = Shown.of_moments(*(int(each) for each in shown.query.values()))

    assert (shown.interval, shown.step) == (again.interval, again.step)
    assert shown.interval.end - shown.step <= NOW < shown.interval.end
    assert shown.interval.seconds >= PRESETS[last]
    assert shown.interval.seconds // shown.step <= 121


def test_one_calculation_feeds_tile_graph_api_and_alert():
    """What is left of the budget is one number: the tile's, the chart's last, the API's, and that of the text that alerts carry."""
    status = evaluated([availability("pay")], outage={"pay": 20.0}).status(0)
    interval = Interval(int(NOW) - 3_600, int(NOW))
    history = History([HistoryPoint(interval.end - 60, 400, 600)], interval, 60)
    left = figures.percent(status.budget.remaining_ratio)
    html = render_slo(Detail(status, NOW, whole=history, recent=history))

    assert f"<b>{left}</b>" in html
    assert f"{left} left of 30d" in burn_down(history, status).says
    assert float(status.budget.remaining_ratio) == summarise(status, NOW, [])["budget"]["remaining_ratio"]
    assert f"= {left}, " in explain(status)
    for window, rate in status.burn.items():
        assert float(rate) == summarise(status, NOW, [])["burn_rates"][str(window)]
        assert figures.burn(rate) in html


def test_each_figure_says_how_it_came_about_where_that_is_asked_for():
    """On hover always, beside it with `?explain`: the sentences of the explanation, not others."""
    status = evaluated([availability("pay")], outage={"pay": 20.0}).status(0)
    without, having = (render_slo(Detail(status, NOW, how=how)) for how in (False, True))

    assert 'title="The objective allows 2,592 requests to fail' in without
    assert 'class="how"' not in without
    assert having.count('class="how"') >= 5
    for sentence in re.findall(r'<p class="how">(.*?)</p>', having):
        assert sentence.split(". ")[0].rstrip(".") in explain(status).replace("\n", " ") or "whole minutes" in sentence


def test_hostile_words_of_what_failed_stay_text():
    """Routes, versions, authors and instances come from others."""
    context = Context(Interval(0, 60), (Cause(HOSTILE, "500", HOSTILE, HOSTILE, 60),), {HOSTILE: 60}, 60)
    status = evaluated([availability("pay")], outage={"pay": 20.0}).status(0)
    beside = Beside(context, [(HOSTILE, Rollout(HOSTILE, NOW - 60, None, None, HOSTILE, HOSTILE))])
    spending = Spending("cause", Interval(0, 60), 60, [Spent(0, HOSTILE, 3)])

    assert "<script>alert" not in render_slo(Detail(status, NOW, beside=beside, spending=spending))


def span(number, parent, service, kind="server", status="unset", **attributes):
    """A span of a kept trace."""
    return {
        "span_id": str(number),
        "parent_id": str(parent),
        "service": service,
        "kind": kind,
        "status": status,
        "attributes": {key.replace("__", "."): value for key, value in attributes.items()},
    }


def test_who_calls_whom_is_told_by_spans_of_two_services_and_by_calls_that_nobody_answers():
    """A client's span with its server's below it is one call; one without is a call to what it says it is to."""
    trace = [
        span(1, "", "gateway"),
        span(2, 1, "gateway", "client", server__address="10.0.0.7"),
        span(3, 2, "payments", status="error"),
        span(4, 3, "payments", "client", db__system__name="postgresql", server__address="db-1"),
        span(5, 3, "payments", "internal"),
    ]
    found = calls_in([{"spans": trace}, {"spans": trace[:3]}])

    assert {
        Call("gateway", "payments"): Calls(2, 2),
        Call("payments", "postgresql"): Calls(1),
    } == found


def test_what_files_say_of_dependencies_is_on_the_map_too():
    """Though no trace shows it."""
    slos = [replace(availability("a", "one"), depends_on=("b",)), availability("b", "two")]

    assert {Call("one", "two"): Calls(3, 1, declared=True)} == with_declared({Call("one", "two"): Calls(3, 1)}, slos)
    assert {Call("one", "two"): Calls(declared=True)} == with_declared({}, slos)
