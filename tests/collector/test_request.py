"""Requests staged together: each gets what it would have got alone, whatever its neighbours are."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector import BadRequest, Collector, Ledger, Receipt, Room, Signal, Source, request
from fournines.collector.books import writer
from fournines.collector.request import Means, Request, RequestKind
from fournines.slo import Window

SPANS = RequestKind(Signal.TRACES, Source.OTLP)
EMPTY_SPAN = b"\x0a\x04\x12\x02\x12\x00"
"""A request of one span that says nothing: its message begins where the request ends."""


class Group:
    """Stages and commits requests in place of a collector's writing thread."""

    def __init__(self, collector, decoders):
        self.collector = collector
        self.books = collector._books
        self.means = Means(decoders, Room(), collector.counters)

    def commit(self, *sent):
        """What became of each (body, received): its receipt, or its fault in words."""
        requests = [Request(SPANS, received, self.means, body, body or b"none") for body, received in sent]
        for each in requests:
            self.means.room.take(each.size, 1)
        Request.stage_all(self.books, requests)
        if self.books.changed:
            self.books.commit()
        for each in requests:
            each.settled(None)
        assert (0, 0) == (self.means.room.bytes, self.means.room.requests)
        return [str(each.future.exception() or each.future.result()) for each in requests]


def answers(collector, decoders, groups):
    """What all get that are sent in these groups, and what the ledger holds then."""
    group = Group(collector, decoders)
    told = [answer for sent in groups for answer in group.commit(*sent)]
    rows = group.books.reader.execute("SELECT * FROM bucket ORDER BY 1, 2, 3").fetchall()
    senders = "SELECT service, instance, CAST(first AS INT), CAST(last AS INT), exports FROM sender ORDER BY 1, 2"
    return told, rows, group.books.reader.execute(senders).fetchall()


@pytest.mark.no_cover
def test_together_is_as_one_by_one(otlp, span, slo, decoders, now):
    """Whatever comes together, in any cut: receipts, faults, counts and senders are those of one request after another."""
    bodies = [
        otlp.spans(*(span(now - second, status=200 + 303 * (second % 2)) for second in range(5))),
        otlp.spans(span(now - 40), span(now, kind=3), span(now, kind=1), service="others"),
        otlp.spans(span(now + 4_000), span(now - 40 * 86_400), span(now)),
        otlp.spans(span(now + 100)),
        EMPTY_SPAN,
        2 * EMPTY_SPAN,
        b"",
        b"\x0a\x02\x12",
        b"\xff",
    ]
    bodies += [bodies[0][:-3], bodies[0] + bodies[3], bodies[1] + b"\x0a"]
    sent = st.lists(st.tuples(st.sampled_from(bodies), st.sampled_from([now, now + 0.5, now + 30])), max_size=8)

    @settings(max_examples=60, deadline=None)
    @given(sent)
    def check(sent):
        sent = sorted(sent, key=lambda one: one[1])
        with tempfile.TemporaryDirectory() as folder:
            found = []
            for name, groups in (("alone", [[one] for one in sent]), ("together", [sent])):
                collector = Collector(Ledger(Path(folder) / name, now), [slo("all")], now, decoders)
                try:
                    found.append(answers(collector, decoders, groups))
                finally:
                    collector.close()
        assert found[0] == found[1]

    check()


def test_no_request_reads_into_the_next(opened, otlp, span, slo, decoders, now):
    """Two bodies that are one message only together are both refused; their neighbours are counted."""
    whole = otlp.spans(*[span(now)] * 3)
    group = Group(opened([slo("all")]), decoders)
    told = group.commit((whole[:20], now), (whole[20:], now), (otlp.spans(span(now)), now))

    assert ["can't be read" in answer for answer in told] == [True, True, False]
    assert (1, 1, 0) == group.collector.totals()["all"]


def test_a_group_holds_so_many_bytes(opened, otlp, span, slo, decoders, now, monkeypatch):
    """What waits for the writer is decoded a few bytes at a time: columns take many times the memory that their bodies take."""
    bodies = [otlp.spans(span(now)) for _ in range(30)]
    monkeypatch.setattr(writer, "MOST_BYTES", 2 * len(bodies[0]) + 1)
    going, seen = threading.Event(), []

    def spans(body, wanted, ends=()):
        assert going.wait(30)
        seen.append(len(ends))
        return decoders.spans(body, wanted, ends)

    collector = opened([slo("all")], decoders=replace(decoders, spans=spans))
    waiting = [collector.accept(Signal.TRACES, body, now) for body in bodies]
    going.set()

    assert [1] * 30 == [future.result().accepted for future in waiting]
    assert 3 == max(seen)
    assert (30, 30, 0) == collector.totals()["all"]


def test_an_unreadable_request_is_told_so(opened, decoders, now):
    """It gets its fault, as often as it comes; it is no fault of the collector's."""
    collector = opened()
    for _ in range(2):
        with pytest.raises(BadRequest):
            collector.accept(Signal.TRACES, b"\xff", now).result()
    value = collector.counters.registry.get_sample_value

    assert 2 == value("fournines_requests_total", {"signal": "traces", "result": "unreadable"})
    assert 0 == value("fournines_internal_errors_total")


def test_what_comes_first_is_counted_first(opened, otlp, span, slo, decoders, now):
    """Segments count until their service sends spans, in one group with these too."""
    group = Group(opened(), decoders)
    segments, spans = otlp.spans(span(now), span(now)), otlp.spans(span(now))
    requests = [
        Request(RequestKind(Signal.TRACES, source), now, group.means, body, body)
        for body, source in ((segments, Source.XRAY), (spans, Source.OTLP))
    ]
    Request.stage_all(group.books, requests)
    group.books.commit()
    seen = group.collector.observe(["payments-availability"], [Window(3_600)], now)

    assert 3 == int(seen.total[0, 0])


def test_a_clock_that_steps_back_changes_no_order(opened, otlp, slo, decoders, now):
    """A stream's values are taken in the order they came, whatever the clocks of sender and collector did: none looks like a restart."""
    group = Group(opened([slo("orders", signal="orders")]), decoders)
    sent = [(now, now, 10), (now + 20, now + 20, 15), (now + 10, now + 10, 18)]
    for groups in (sent[:1], sent[1:]):
        requests = []
        for at, received, value in groups:
            body = otlp.sums((now - 50, at, value), cumulative=True)
            requests.append(Request(RequestKind(Signal.METRICS, Source.OTLP), received, group.means, body, body))
        Request.stage_all(group.books, requests)
        group.books.commit()

    assert (15, 15, 0) == group.collector.totals()["orders"]


@pytest.fixture
def counted(decoders):
    """Decoders, and how many bodies each decoding of spans read at once."""
    seen = []

    def spans(body, wanted, ends=()):
        seen.append(len(ends))
        return decoders.spans(body, wanted, ends)

    return replace(decoders, spans=spans), seen


def test_a_bad_body_costs_its_neighbours_little(opened, otlp, span, slo, counted, now):
    """One unreadable request among many is found by halves: the others are not decoded one by one for it."""
    decoders, seen = counted
    group = Group(opened([slo("all")], decoders=decoders), decoders)
    bodies = [otlp.spans(span(now)) for _ in range(64)]
    told = group.commit(*[(b"\xff" if number == 41 else body, now) for number, body in enumerate(bodies)])

    assert [41] == [number for number, answer in enumerate(told) if "can't be read" in answer]
    assert (63, 63, 0) == group.collector.totals()["all"]
    assert 1 + 2 * 6 == len(seen)


def test_an_empty_request_keeps_no_others_apart(opened, otlp, span, slo, counted, now):
    """Requests of no bytes are valid, and decoded with the rest."""
    decoders, seen = counted
    group = Group(opened([slo("all")], decoders=decoders), decoders)
    told = group.commit((b"", now), (otlp.spans(span(now)), now), (otlp.spans(span(now)), now))

    assert [3] == seen
    assert [str(Receipt(items)) for items in (0, 1, 1)] == told


def test_a_large_request_is_decoded_by_itself(opened, otlp, span, slo, counted, now, monkeypatch):
    """Its bytes are not copied, and the order of the requests stays."""
    decoders, seen = counted
    bodies = [otlp.spans(*[span(now)] * spans) for spans in (1, 1, 9, 1, 1)]
    monkeypatch.setattr(request, "LARGE", len(bodies[2]))
    group = Group(opened([slo("all")], decoders=decoders), decoders)

    assert [str(Receipt(items)) for items in (1, 1, 9, 1, 1)] == group.commit(*[(body, now) for body in bodies])
    assert [2, 1, 2] == seen
