"""SLOs with `group_by`: each combination of values that is heard is an SLO of its own, and together they are their template."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter

import pytest

from fournines.collector import Signal
from fournines.collector.ledger.verify import verify
from fournines.slo import DAY, HOUR, Window

ALL = Window(30 * DAY)
GONE = 37 * DAY
METRIC = "http.server.request.duration"


@pytest.fixture
def template(slo):
    """Makes an SLO with groups, by route unless told otherwise."""
    return lambda name="checkout", by=("http.route",), **more: slo(name, group_by=by, **more)


@pytest.fixture
def sent(otlp, span):
    """Sends one span a route, and waits until they are counted."""

    def send(collector, now, *routes, status=200, service="payments"):
        body = otlp.spans(*(span(now, route=route, status=status) for route in routes), service=service)
        collector.accept(Signal.TRACES, body, now).result()

    return send


def counts(collector, now=None):
    """(good, total) by name, of all SLOs that files and groups are."""
    return {
        name: (good, total)
        for name, (good, total, _) in collector.totals().items()
        if not name.startswith(("payments-", "users-"))
    }


def listen(collector, now, seconds=HOUR + 900):
    """Lets the collector listen without a break; returns the second it is then."""
    for passed in range(0, seconds, 30):
        collector.tick(now + passed)
    return now + seconds


def rows(collector, sql="SELECT name FROM slo_group ORDER BY name"):
    """What the collector's ledger holds."""
    connection = sqlite3.connect(collector.ledger.path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_each_value_that_is_heard_is_an_slo(opened, template, sent, now):
    """It stands after its template, counts its own events, and the template counts all of them."""
    collector = opened([template(), template("other-one", ("tenant",))])
    sent(collector, now, "/pay", "/pay", "/refund")
    sent(collector, now, "/pay", status=500)

    names = [slo.name for slo in collector.slos if slo.group_of or slo.group_by]
    assert ["checkout", "checkout-pay", "checkout-refund", "other-one", "other-one-none"] == names
    assert counts(collector) == {
        "checkout": (3, 4),
        "checkout-pay": (2, 3),
        "checkout-refund": (1, 1),
        "other-one": (3, 4),
        "other-one-none": (3, 4),
    }
    seen = collector.observe(["checkout-pay"], [ALL], now)
    assert (2, 3) == (int(seen.good[0, 0]), int(seen.total[0, 0]))


def test_groups_are_remembered(opened, template, sent, now):
    """A restart has the same groups under the same names with the same counts, and goes on counting in them."""
    first = opened([template()])
    sent(first, now, "/pay", "/a-b", "/a/b")
    before = counts(first)
    first.close()
    second = opened([template()], now=now + 5)

    assert before == counts(second)
    sent(second, now + 6, "/a-b")
    assert {**before, "checkout": (4, 4)} == {
        name: (2, 2) if count == (2, 2) else count for name, count in counts(second).items() if count != (2, 2)
    } | {name: (1, 1) for name, count in counts(second).items() if count == (2, 2)}
    assert verify(second.ledger.path.parent).sound


def test_what_finds_no_room_counts_together(opened, template, sent, now):
    """Beyond `max_groups` values count in the group of the others; those that have a group keep it."""
    collector = opened([template(max_groups=2)])
    sent(collector, now, "/a", "/b", "/c", "/d")
    sent(collector, now, "/a", "/d", "/e", status=500)

    assert counts(collector) == {
        "checkout": (4, 7),
        "checkout-a": (1, 2),
        "checkout-b": (1, 1),
        "checkout-other": (2, 4),
    }
    assert {"checkout"} == collector.group_overflows.keys()


@pytest.mark.parametrize("route", ["/" + "x" * 300, "/card/4111111111111111", "/a\nb"])
def test_values_that_nobody_should_read_make_no_group(opened, template, sent, now, route):
    """One that is very long, a card number or not printable: it counts among the others."""
    collector = opened([template()])
    sent(collector, now, route)

    assert counts(collector) == {"checkout": (1, 1), "checkout-other": (1, 1)}


def _traffic(seed):
    dice = random.Random(seed)
    routes = [f"/r{number}" for number in range(12)] + ["/r1/", "/R1", "", "/x" * 200]
    return [
        (dice.choice(routes), dice.choice([200, 200, 200, 404, 429, 500]), dice.choice([0.01, 0.9])) for _ in range(300)
    ]


def _brute(traffic, routes=None):
    """What an availability SLO and a latency SLO of 0.25 s count of it."""
    of = [(status, seconds) for route, status, seconds in traffic if routes is None or route in routes]
    counted = [(status, seconds) for status, seconds in of if status != 429]
    answered = [seconds for status, seconds in counted if status < 500]
    return (len(answered), len(counted)), (sum(seconds <= 0.25 for seconds in answered), len(answered))


@pytest.mark.parametrize("way", ["spans", "delta", "cumulative"])
@pytest.mark.parametrize("most", [3, 100])
def test_groups_add_up_to_their_template(opened, template, otlp, span, histogram, now, way, most):
    """Whatever comes by whatever way, and however few groups there may be: groups and others are exactly the template, as a recount has it."""
    signal = {"signal": "spans" if way == "spans" else METRIC, "max_groups": most}
    collector = opened([template("a", **signal), template("l", threshold="0.25", **signal)])
    traffic = _traffic(most)
    for start in range(0, len(traffic), 50):
        part = traffic[start : start + 50]
        if way == "spans":
            body = otlp.spans(*(span(now, seconds, status, route) for route, status, seconds in part))
            collector.accept(Signal.TRACES, body, now).result()
        else:
            seen = Counter(traffic[: start + 50] if way == "cumulative" else part)
            points = {}
            for (route, status, seconds), count in seen.items():
                quick, total = points.get((route, status), (0, 0))
                points[route, status] = quick + count * (seconds <= 0.25), total + count
            first = now + 0.5 if way == "cumulative" else now + start / 50
            histograms = [
                histogram(first, now + start / 50 + 1, total, quick, status, route)
                for (route, status), (quick, total) in points.items()
            ]
            body = otlp.points(*histograms, cumulative=way == "cumulative")
            collector.accept(Signal.METRICS, body, now + start / 50 + 1).result()
    found = counts(collector)
    sums = {name: [sum(column) for column in zip(*_of_groups(found, name), strict=True)] for name in ("a", "l")}

    assert _brute(traffic) == (found["a"], found["l"])
    assert {"a": list(found["a"]), "l": list(found["l"])} == sums
    for slo in collector.slos:
        if slo.group_of and not slo.name.endswith("-other"):
            route = dict(slo.labels)["http.route"]
            expected = _brute(traffic, {"" if route == "none" else route})[slo.group_of == "l"]
            assert expected == found[slo.name], slo.name
    assert min(most + 1, 16) == len(_of_groups(found, "a"))


def _of_groups(found, template):
    return [count for name, count in found.items() if name.startswith(f"{template}-")]
