"""What explains an SLO is one text."""

from __future__ import annotations

import html
import re

import pytest
from prometheus_client import CollectorRegistry

from fournines.alerts import FakeNotifier, Outbox, Paging, Receiver, Sources
from fournines.collector import Signal
from fournines.dashboards import Detail, render_slo
from fournines.serving import Chances, Summaries
from fournines.slo import DAY, evaluate

NOW = 1_790_000_000.0
NAME = "shop-availability"


@pytest.mark.parametrize("days", [0, 8])
def test_page_api_and_alert_say_the_same(opened, make_spans, days):
    """Of one moment: since when its state is, the chance of its promise where that is known, and every figure."""
    collector = opened()
    for day in range(days, -1, -1):
        collector.accept(Signal.TRACES, make_spans("shop", [200] * 90 + [500] * 9, NOW - day * DAY), NOW).result()
    collector.tick(NOW + 61)
    now, chances = NOW + 62, Chances(collector)
    paging = Paging(
        collector.ledger.path,
        {Receiver("hook"): FakeNotifier()},
        "http://here",
        lambda: now,
        CollectorRegistry(),
        Sources(chances.of),
    )
    paging.judge(evaluate(collector.slos, collector, now))
    status = evaluate(collector.slos, collector, now).named(NAME)
    since, chance = paging.since(NAME, status.state), chances.of(status)
    page = re.search(
        r'<section class="explained">(.*?)</section>', render_slo(Detail(status, now, since, chance=chance)), re.DOTALL
    )
    answered = Summaries(collector, paging, chances).detail(status)["explanation"]
    paging.close()
    outbox = Outbox.open(collector.ledger.path)
    sent = [
        each.notification.annotations["explanation"]
        for each in outbox.due("hook", now, 10)
        if NAME in each.notification.dedup_key
    ]
    outbox.close()

    assert [answered] == sent
    assert answered.splitlines() == [
        html.unescape(line) for line in re.findall(r"<(?:p|li)>(.*?)</(?:p|li)>", page[1], re.DOTALL)
    ]
    assert (days == 8) == ("with a chance of" in answered)
