"""What messages say beside the numbers, from what a collector keeps."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry

from fournines.collector import Breakdown, Contributor, Signal
from fournines.collector.books.chore import Chore
from fournines.collector.books.contributor import OTHER
from fournines.collector.records.deployments import Deployment
from fournines.collector.traces.traces import Traces
from fournines.serving import Counts
from fournines.serving.contexts import Contexts
from fournines.slo import SLI, SLO, EventCount, Interval, Method, Objective, Slices, SLIKind

NOW = 1_790_000_040.0
LATELY = Interval(int(NOW) - 300, int(NOW) + 60)


class FakeTraces:
    """Keeps what the test says, and notes what it is asked for."""

    def __init__(self, *kept):
        self.kept = [dict(zip(("route", "start", "state"), each, strict=True)) for each in kept]
        self.asked = []

    def find(self, now, service, route, state, limit):
        self.asked.append((service, route, state))
        found = [each for each in self.kept if route in (None, each["route"]) and each["state"] == state]
        return [each | {"trace_id": f"{number:032x}", "status_code": "500"} for number, each in enumerate(found)]


@pytest.fixture
def collector(opened, make_spans):
    """One of whose shop's 10 requests 3 failed, 20 seconds ago, and a version went out before."""
    collector = opened()
    collector.accept(Signal.TRACES, make_spans("shop", [200] * 7 + [500] * 2 + [503], NOW - 20), NOW).result()
    for version, began, finished in (("1", NOW - 9_000, NOW - 8_900), ("2", NOW - 100, None)):
        said = Deployment("shop", version, began, finished, author="ann")
        chore = Chore(lambda books, said=said: books.deployments.say(said, NOW))
        collector.submit(chore)
        chore.future.result()
    collector.tick(NOW + 61)
    return collector


def contexts(collector, traces=None):
    """Contexts over it."""
    return Contexts(collector, Counts(collector, None), traces or FakeTraces(), lambda: NOW)


def test_what_fails_is_what_the_api_answers(collector, slo):
    """Causes by route, status and version with their counts, the events of the interval, and the newest deployment."""
    found = contexts(collector).context(slo("shop-availability"), LATELY)

    assert [("/things/{thing}", "500", 2), ("/things/{thing}", "503", 1)] == [
        (*each[:2], each.failed) for each in found.causes
    ]
    assert (found.failed, found.counted) == (3, EventCount(7, 10))
    assert (found.rollout.version, found.rollout.author, found.rollout.ended) == ("2", "ann", None)


def test_of_a_long_incident_only_what_it_cost_is_looked_up(collector, slo):
    """Causes of days are many rows, and a page waits for none."""
    found = contexts(collector).context(slo("shop-availability"), Interval(LATELY.start - 86_400 * 2, LATELY.end))

    assert (found.causes, found.counted) == ((), EventCount(7, 10))


def test_an_example_is_of_the_largest_cause_and_of_the_interval(collector, slo):
    """Else of any route; an older one, or one that did not fail, shows something else."""
    largest = ("/things/{thing}", NOW - 5, "failed")
    others = (
        ("/other", NOW - 1, "failed"),
        ("/things/{thing}", NOW - 1, "slow"),
        ("/things/{thing}", NOW - 900, "failed"),
    )
    of = slo("shop-availability")

    assert contexts(collector, FakeTraces(*others, largest)).context(of, LATELY).example[1:] == (
        "/things/{thing}",
        "500",
        NOW - 5,
    )
    assert contexts(collector, FakeTraces(*others)).context(of, LATELY).example.route == "/other"
    assert contexts(collector, FakeTraces(*others[1:])).context(of, LATELY).example is None


def test_an_example_of_slowness_is_a_slow_trace(collector):
    """Latency promises nothing of failures."""
    slow, traces = (
        SLO("shop-latency", SLI(SLIKind.LATENCY, "shop", threshold=Decimal("0.25")), Objective.parse("0.99")),
        FakeTraces(),
    )
    contexts(collector, traces).context(slow, LATELY)

    assert {("shop", None, "slow")} == set(traces.asked)


def test_the_store_of_traces_is_asked_as_it_answers(collector, make_spans, slo, tmp_path):
    """The real one knows these questions."""
    with closing(Traces(tmp_path, CollectorRegistry())) as traces:
        found = contexts(collector, traces).context(slo("shop-availability"), LATELY)

    assert found.example is None


@pytest.mark.parametrize("elsewhere", ["slices", "promql"])
def test_what_is_not_counted_in_requests_here_costs_nothing(collector, slo, elsewhere):
    """A history is of requests: it says nothing of slices, and an engine is not asked while a page waits."""
    asked = slo("shop-availability")
    if elsewhere == "slices":
        asked = replace(asked, method=Method.TIMESLICES, slices=Slices(Decimal("0.99")))
        found = contexts(collector).context(asked, LATELY)
    else:
        kept = Counts(collector, None)
        kept.counts_here = lambda name: False
        found = Contexts(collector, kept, FakeTraces(), lambda: NOW).context(asked, LATELY)

    assert found.counted is None


@pytest.mark.parametrize("broken", ["history", "contributors", "traces"])
def test_what_cannot_be_read_is_left_out(collector, slo, caplog, broken):
    """A page says less, and goes out; the log says why."""

    def fails(*_):
        raise sqlite3.DatabaseError("database disk image is malformed")

    counts, traces = Counts(collector, None), FakeTraces(("/other", NOW - 1, "failed"))
    setattr(traces if broken == "traces" else counts, "find" if broken == "traces" else broken, fails)
    found = Contexts(collector, counts, traces, lambda: NOW).context(slo("shop-availability"), LATELY)

    assert (broken == "history", broken == "contributors", broken == "traces") == (
        found.counted is None,
        found.causes == (),
        found.example is None,
    )
    assert found.rollout.version == "2"
    assert "a message about shop-availability says less, what is kept can't be read" in caplog.text


def test_those_without_a_name_of_their_own_count_and_are_not_named(collector, slo):
    """What the ledger keeps together is part of what failed, and no cause anybody could look for."""
    told = {
        Breakdown.CAUSE: [(OTHER[Breakdown.CAUSE], 9), (Contributor(Breakdown.CAUSE, route="/pay"), 4)],
        Breakdown.INSTANCE: [(OTHER[Breakdown.INSTANCE], 7), (Contributor(Breakdown.INSTANCE, instance="pod-1"), 6)],
    }
    counts = Counts(collector, None)
    counts.contributors = lambda name, interval, breakdown: told[breakdown]
    found = Contexts(collector, counts, FakeTraces(), lambda: NOW).context(slo("shop-availability"), LATELY)

    assert (13, [("/pay", 4)], {"pod-1": 6}) == (
        found.failed,
        [(each.route, each.failed) for each in found.causes],
        found.instances,
    )
