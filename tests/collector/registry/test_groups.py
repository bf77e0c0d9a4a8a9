"""SLOs with `group_by`: each combination of values that is heard is an SLO of its own, and together they are their template."""

from __future__ import annotations

import random
import sqlite3
import tracemalloc
from collections import Counter
from decimal import Decimal

import pytest

from fournines.collector import Signal, Unavailable
from fournines.collector.columns import Source
from fournines.collector.ledger.verify import verify
from fournines.slo import DAY, HOUR, Condition, Evaluator, Window, explain

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


def counts(collector):
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
    collector = opened([template()])
    sent(collector, now, "/pay", "/a/b", "/a-b")
    before = counts(collector)
    collector.close()
    collector = opened([template()], now=now + 5)
    assert before == counts(collector)
    sent(collector, now + 6, "/pay", "/a/b", "/a-b")

    assert before.keys() == counts(collector).keys()
    assert {"checkout-pay": (2, 2), "checkout": (6, 6)}.items() <= counts(collector).items()
    assert verify(collector.ledger.path.parent).sound


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


@pytest.mark.parametrize("way", ["spans", "segments", "delta", "cumulative"])
@pytest.mark.parametrize("most", [3, 100])
def test_groups_add_up_to_their_template(opened, template, otlp, span, histogram, now, way, most):
    """Whatever comes by whatever way, and however few groups there may be: groups and others are exactly the template, by a recount."""
    signal = {
        "signal": METRIC if way in ("delta", "cumulative") else way.replace("segments", "xray"),
        "max_groups": most,
    }
    collector = opened([template("a", **signal), template("l", threshold="0.25", **signal)])
    traffic = _traffic(most)
    for start in range(0, len(traffic), 50):
        part = traffic[start : start + 50]
        if way in ("spans", "segments"):
            body = otlp.spans(*(span(now, seconds, status, route) for route, status, seconds in part))
            source = Source.OTLP if way == "spans" else Source.XRAY
            collector.accept(Signal.TRACES, body, now, source).result()
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


@pytest.mark.no_cover
def test_a_million_values_cost_no_memory_and_no_rows(opened, template):
    """Of a flood of values as many make groups as there may be; others leave nothing behind, and count in the template and in `other`."""
    books = opened([template(by=("tenant",), max_groups=50)])._books
    books.introduce("payments", 1.0, metrics=False, spans=True)

    def flood(first, last):
        return {
            books.series.feeds("payments", ("spans",), 2, {"http.route": "/", "tenant": f"t{number}"}).good[:2]
            for number in range(first, last)
        }

    flood(0, 3_000)
    books.commit()
    tracemalloc.start()
    fed = flood(3_000, 8_000)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    catalogue = books.registry.catalogue

    assert {(catalogue.rows["checkout"], catalogue.rows["checkout-other"])} == fed
    assert grown < 200_000
    assert not books.registry.changed
    assert 51 == sum(bool(slo.group_of) for slo in catalogue.slos)


def test_groups_follow_their_template(opened, template, sent, now):
    """What is changed of it holds for them, with their counts; where it goes they go, and with it they are there again."""
    collector = opened([template()])
    sent(collector, now, "/pay", "/refund")
    collector.declare([template(target="0.999", labels={"team": "pay"}, rules=())], now)
    pay = next(slo for slo in collector.slos if slo.name == "checkout-pay")
    assert (Decimal("0.999"), "pay", ()) == (pay.objective.target, pay.labels["team"], pay.rules)
    assert {"checkout": (2, 2), "checkout-pay": (1, 1), "checkout-refund": (1, 1)} == counts(collector)
    collector.declare([], now)
    sent(collector, now, "/pay", "/new")
    assert {} == counts(collector)
    collector.declare([template()], now)
    sent(collector, now, "/pay")

    assert {"checkout": (3, 3), "checkout-pay": (2, 2), "checkout-refund": (1, 1)} == counts(collector)


def test_other_attributes_make_other_groups(opened, template, sent, now):
    """Groups by what is not asked for any more are gone, and one without groups has none."""
    collector = opened([template()])
    sent(collector, now, "/pay")
    collector.declare([template(by=("tenant",))], now)
    assert "tenant" in collector._books.wanted.attributes
    sent(collector, now, "/pay")
    assert {"checkout": (2, 2), "checkout-none": (1, 1)} == counts(collector)
    collector.declare([template(by=())], now)

    assert {"checkout": (2, 2)} == counts(collector)
    assert "tenant" not in collector._books.wanted.attributes


def test_only_groups_alert(opened, template, sent, now):
    """The template counts the same events once more, and a failure is to be told of once."""
    collector = opened([template(max_groups=1)])
    sent(collector, now, "/pay", "/refund")

    assert {"checkout": 0, "checkout-pay": 4, "checkout-other": 4} == {
        slo.name: len(slo.rules) for slo in collector.slos if slo.name in counts(collector)
    }


def test_an_outage_of_one_group_burns_there(opened, template, sent, now):
    """A group's failures burn its own budget, however healthy the others are; the template says whose it is the sum of."""
    collector = opened([template()])
    sent(collector, now, "/pay", "/refund")
    now += HOUR
    sent(collector, now, *["/pay"] * 100, status=500)
    sent(collector, now, *["/refund"] * 2_000)
    found = Evaluator(collector.slos).at(collector, now)
    seen = {slo.name: found.status(row) for row, slo in enumerate(found.slos)}

    assert ["healthy", "burning", "healthy"] == [
        seen[name].state.value for name in ("checkout", "checkout-pay", "checkout-refund")
    ]
    assert "It is the sum of its groups by http.route: these burn and alert, each by itself." in explain(
        seen["checkout"]
    )


def test_a_file_may_stand_in_the_place_of_a_group(opened, template, slo, sent, now):
    """An SLO of a group's name takes its counts over and counts by itself, each event once; when it goes the group has them again."""
    mine = slo("checkout-pay", where=(Condition("http.route", "==", "/pay"),), target="0.9999")
    collector = opened([template()])
    sent(collector, now, "/pay", "/refund")
    collector.declare([template(), mine], now)
    sent(collector, now, "/pay")
    assert {"checkout": (3, 3), "checkout-pay": (2, 2), "checkout-refund": (1, 1)} == counts(collector)
    assert [""] == [one.group_of for one in collector.slos if one.name == "checkout-pay"]
    collector.declare([template()], now)
    sent(collector, now, "/pay")

    assert {"checkout": (4, 4), "checkout-pay": (3, 3), "checkout-refund": (1, 1)} == counts(collector)
    assert [("checkout-pay",), ("checkout-refund",)] == rows(collector)


def test_a_file_may_have_a_groups_name_first(opened, template, slo, sent, now):
    """Then there is no such group."""
    collector = opened([template(), slo("checkout-pay", where=(Condition("http.route", "==", "/pay"),))])
    sent(collector, now, "/pay", "/refund")

    assert {"checkout": (2, 2), "checkout-pay": (1, 1), "checkout-refund": (1, 1)} == counts(collector)
    assert [("checkout-refund",)] == rows(collector)


@pytest.mark.parametrize("service_first", [True, False])
def test_a_group_and_a_service_may_not_share_a_count(opened, template, sent, now, service_first):
    """Where a group would be called as an automatic SLO, each event counts once: who was there first keeps the name."""
    collector = opened([template("users")])
    if service_first:
        sent(collector, now, "/", service="users")
        collector.tick(now + 61)
    sent(collector, now + 61, "/availability")
    sent(collector, now + 61, "/", "/", service="users")
    found = {name: total for name, (_, total, _) in collector.totals().items() if name.startswith("users")}

    if service_first:
        (digested,) = [name for name in found if name.startswith("users-availability-")]
        assert {"users": 1, "users-availability": 3, "users-latency": 3, digested: 1} == found
    else:
        assert {"users": 1, "users-availability": 1} == found


def test_two_templates_may_not_share_a_group(opened, template, sent, now):
    """Where the words of two groups' names meet, the later one has a digest."""
    collector = opened([template("a"), template("a-b")])
    sent(collector, now, "/b/c", "/c")
    found = counts(collector)
    (late,) = [name for name in found if name.startswith(("a-b-c-", "a-c-"))]

    assert {"a": (2, 2), "a-b": (2, 2), "a-b-c": (1, 1), "a-c": (1, 1), "a-b-b-c": (1, 1), late: (1, 1)} == found


def test_groups_that_nobody_hears_go(opened, template, sent, now):
    """Unheard for 37 days they go, counts and all, and leave room; who was heard stays, and so does what the template counted."""
    collector = opened([template(max_groups=2)])
    sent(collector, now, "/gone", "/stays")
    sent(collector, now, "/others")
    later = listen(collector, now)
    sent(collector, now + 30 * DAY, "/stays")
    listen(collector, now + 30 * DAY)
    sent(collector, now + GONE + 2 * HOUR, "/stays")
    collector.close()
    collector = opened([template(max_groups=2)], now=now + GONE + 2 * HOUR)
    sent(collector, now + GONE + 2 * HOUR, "/stays")
    later = listen(collector, now + GONE + 2 * HOUR)
    assert {"checkout": (6, 6), "checkout-stays": (4, 4)} == counts(collector)
    sent(collector, later, "/others", "/gone")

    assert {
        "checkout": (8, 8),
        "checkout-stays": (4, 4),
        "checkout-others": (1, 1),
        "checkout-other": (1, 1),
    } == counts(collector)
    assert verify(collector.ledger.path.parent).sound


def test_groups_stay_as_long_as_their_window(opened, template, sent, now):
    """What a budget still counts does not go."""
    collector = opened([template(window=Window(90 * DAY))])
    sent(collector, now, "/rare")
    listen(collector, now)
    sent(collector, now + GONE + DAY, "/pay")
    listen(collector, now + GONE + DAY)
    assert (1, 1) == counts(collector)["checkout-rare"]
    sent(collector, now + 93 * DAY, "/pay")
    listen(collector, now + 93 * DAY)

    assert {"checkout": (3, 3), "checkout-pay": (2, 2)} == counts(collector)


def test_a_group_whose_commit_failed_never_was(opened, template, otlp, span, sent, now, monkeypatch):
    """It leaves nothing behind, and the same events make it again."""
    collector = opened([template()])
    body = otlp.spans(span(now, route="/pay"))

    def full(parts):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(collector.ledger, "commit", full)
        with pytest.raises(Unavailable):
            collector.accept(Signal.TRACES, body, now).result()
    sent(collector, now, "/refund")
    assert [("checkout-refund",)] == rows(collector)
    collector.accept(Signal.TRACES, body, now).result()

    assert {"checkout": (2, 2), "checkout-pay": (1, 1), "checkout-refund": (1, 1)} == counts(collector)


def test_the_collector_says_how_many_groups_there_are(opened, template, sent, now):
    """And by which templates look-ups found no room."""
    collector = opened([template(max_groups=1)])
    sent(collector, now, "/a", "/b")

    assert 2 == collector.sizes()["fournines_slo_groups"][1]
    assert {"checkout": 1} == collector.group_overflows
