"""Sampled spans: what is booked is what they weigh, to the event, whoever restarts."""

from __future__ import annotations

import sqlite3
from fractions import Fraction

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fournines.collector import Signal
from fournines.collector.books.fractions import HEAVIEST, KEPT_ALL, ONE, Fractions, weight
from fournines.collector.ledger.schema import migrate
from fournines.slo import DAY, Window

ALL = Window(30 * DAY)
TENTH = "e6666666666668"


def sampled(body, *states):
    """The spans of a body with these tracestates."""
    request = ExportTraceServiceRequest.FromString(body)
    for span, state in zip(request.resource_spans[0].scope_spans[0].spans, states, strict=True):
        span.trace_state = state
    return request.SerializeToString()


def count(collector, name, now):
    seen = collector.observe([name], [ALL], now)
    return int(seen.good[0, 0]), int(seen.total[0, 0])


THRESHOLDS = st.one_of(st.sampled_from([0, 1, KEPT_ALL // 2, HEAVIEST]), st.integers(0, HEAVIEST))


@given(st.lists(THRESHOLDS, min_size=1, max_size=5), st.integers(1, 3))
def test_a_weight_is_the_nearest(thresholds, times):
    """A span weighs 2**56 / (2**56 - T), to the nearest 2**-62 of an event, and spans together what they weigh alone."""
    weights = [weight(np.array([threshold])) for threshold in thresholds]

    for threshold, found in zip(thresholds, weights, strict=True):
        assert abs(found - Fraction(ONE * KEPT_ALL, KEPT_ALL - threshold)) <= Fraction(1, 2)
    assert weight(np.array(thresholds * times)) == times * sum(weights)


def test_the_heaviest_stands_for_a_million_million():
    """The highest threshold taken weighs 10**12 events at most, and the next one more."""
    assert Fraction(KEPT_ALL, KEPT_ALL - HEAVIEST) <= 10**12 < Fraction(KEPT_ALL, KEPT_ALL - HEAVIEST - 1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, HEAVIEST), st.booleans(), st.booleans()), max_size=12))
@example([(KEPT_ALL // 5, good, False) for good in (True, False) * 4])
def test_what_is_booked_is_what_was_weighed(spans):
    """Good and bad events booked are what their spans weigh, rounded to the nearest, after every commit, failure and restart."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    fractions = Fractions(connection)
    true, weighed, booked = [Fraction(), Fraction()], [0, 0], [0, 0]
    for threshold, good, restarts in spans:
        one = weight(np.array([threshold]))
        weights = (one, 0) if good else (0, one)
        fractions.whole(7, *weights)
        fractions.forget()
        whole = fractions.whole(7, *weights)
        fractions.write(connection)
        fractions.keep()
        weighed[not good] += one
        true[not good] += Fraction(KEPT_ALL, KEPT_ALL - threshold)
        booked = [before + more for before, more in zip(booked, whole, strict=True)]
        if restarts:
            fractions = Fractions(connection)

        assert all(abs(events - exact) < 1 for events, exact in zip(booked, true, strict=True))
        assert booked == [(2 * exact + ONE) // (2 * ONE) for exact in weighed]
        assert {7} == fractions.sampled
    connection.close()


def test_what_is_left_over_stands_in_the_ledger_in_small_parts():
    """Of an event, in 2**-62; both begin at a half of one: ledgers of before are read so."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    fractions = Fractions(connection)
    fractions.whole(7, weight(np.array([KEPT_ALL // 2])) + 5, 0)
    fractions.write(connection)
    found = connection.execute("SELECT slo, good, bad FROM fraction").fetchall()
    connection.close()

    assert [(7, 2**61 + 5, 2**61)] == found


def test_sampled_spans_stand_for_others(opened, otlp, span, slo, now):
    """A span kept of ten counts as ten, good, failed or slow, beside those of which every one was kept; its SLO is marked."""
    collector = opened([slo("all"), slo("quick", threshold="0.25"), slo("other", "other")])
    spans = [span(now, 0.1), span(now, 0.5), span(now, status=500), span(now)]
    body = sampled(otlp.spans(*spans), *(f"ot=th:{TENTH}" for _ in range(3)), "ot=rv:0123456789abcd")
    receipt = collector.accept(Signal.TRACES, body, now).result()

    assert (4, 0) == receipt[:2]
    assert (21, 31) == count(collector, "all", now)
    assert (11, 21) == count(collector, "quick", now)
    assert {"all", "quick"} <= collector.sampled
    assert "other" not in collector.sampled


def test_fractions_survive_a_restart(opened, otlp, span, slo, now):
    """Two of three kept: every two spans count as three, across a restart of the collector."""
    third = f"{KEPT_ALL // 3:014x}"
    collector = opened([slo("all")])
    for round_ in range(10):
        body = sampled(otlp.spans(span(now + round_)), f"ot=th:{third}")
        collector.accept(Signal.TRACES, body, now + round_).result()
        collector.close()
        collector = opened([slo("all")], now + round_)

    assert (15, 15) == count(collector, "all", now + 10)
    assert "all" in collector.sampled


def test_a_span_that_claims_too_much_is_refused(opened, otlp, span, slo, now):
    """A span that would stand for more than 10**12 events is refused with a reason; one that would for less counts."""
    collector = opened([slo("all")])
    states = ("ot=th:ffffffffffffff", "", f"ot=th:{HEAVIEST:014x}")
    receipt = collector.accept(Signal.TRACES, sampled(otlp.spans(*(span(now) for _ in states)), *states), now).result()

    assert (2, 1, "1 spans of an implausible count") == receipt[:3]
    assert 10**12 >= count(collector, "all", now)[1] - 1 > 0.99 * 10**12
