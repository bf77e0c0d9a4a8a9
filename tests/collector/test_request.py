"""Requests staged together: each gets what it would have got alone, whatever its neighbours are."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector import BadRequest, Collector, Receipt, Room, Signal, Source, writer
from fournines.collector.request import Kind, Means, Request

SPANS = Kind(Signal.TRACES, Source.OTLP)
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
        for request in requests:
            self.means.room.take(request.size, 1)
        Request.stage_all(self.books, requests)
        if self.books.changed:
            self.books.commit()
        for request in requests:
            request.done()
        assert (0, 0) == (self.means.room.bytes, self.means.room.requests)
        return [str(request.future.exception() or request.future.result()) for request in requests]


def answers(collector, decoders, groups):
    """What all get that are sent in these groups, and what the ledger holds then."""
    group = Group(collector, decoders)
    told = [answer for sent in groups for answer in group.commit(*sent)]
    rows = group.books.reader.execute("SELECT * FROM bucket ORDER BY 1, 2, 3").fetchall()
    senders = "SELECT service, instance, CAST(first AS INT), CAST(last AS INT), exports FROM sender ORDER BY 1, 2"
    return told, rows, group.books.reader.execute(senders).fetchall()


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
                collector = Collector(Path(folder) / name, [slo("all")], now, decoders)
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


def test_columns_of_sources_are_counted_by_themselves(opened, otlp, span, slo, decoders, now):
    """What a source decoded itself may come in one group with bytes."""
    collector = opened([slo("all")])
    columns = decoders.spans(otlp.spans(span(now)), collector._books.wanted)
    taken = [collector.take(Signal.TRACES, columns, now, Source.OTLP) for _ in range(3)]
    taken.append(collector.accept(Signal.TRACES, otlp.spans(span(now)), now))

    assert [Receipt(1)] * 4 == [future.result() for future in taken]
    assert (4, 4, 0) == collector.totals()["all"]


def test_an_unreadable_request_is_told_so(opened, decoders, now):
    """It gets its fault, as often as it comes; it is no fault of the collector's."""
    collector = opened()
    for _ in range(2):
        with pytest.raises(BadRequest):
            collector.accept(Signal.TRACES, b"\xff", now).result()
    value = collector.counters.registry.get_sample_value

    assert 2 == value("fournines_requests_total", {"signal": "traces", "result": "unreadable"})
    assert 0 == value("fournines_internal_errors_total")
