"""The way in: bounded, honest to every sender, and emptied before it closes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from fournines.collector import BadRequest, Collector, Decoders, Room, Signal, Unavailable
from fournines.collector.books import books as books_module


@pytest.fixture
def gate():
    """Holds decoders back until it is set."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def held(gate, decoders):
    """Decoders that wait at the gate."""

    def spans(body, wanted, ends=()):
        assert gate.wait(30)
        return decoders.spans(body, wanted, ends)

    return replace(decoders, spans=spans)


def test_what_cannot_be_read_is_refused_for_good(opened, now):
    """A body that is no export is refused, leaves nothing behind, and is refused again."""
    collector = opened()
    for _ in range(2):
        with pytest.raises(BadRequest):
            collector.accept(Signal.METRICS, b"\xff\xff", now).result()

    assert () == collector.slos
    assert 0 == collector.counters.registry.get_sample_value("fournines_queue_requests")


@pytest.mark.parametrize("bound", [{"most_requests": 3}, {"most_bytes": 400}])
def test_what_finds_no_room_is_refused_at_once(opened, otlp, span, slo, now, gate, held, bound):
    """Beyond its bounds the intake refuses with Unavailable, and takes in again as soon as there is room."""
    collector = opened([slo("all")], decoders=held, room=Room(**bound))
    bodies = [otlp.spans(span(now)) for _ in range(30)]
    waiting = [collector.accept(Signal.TRACES, body, now) for body in bodies]
    refused = [future for future in waiting if future.done()]
    assert refused
    assert all(isinstance(future.exception(), Unavailable) for future in refused)
    gate.set()
    taken = sum(future.exception() is None for future in waiting)
    receipts = [collector.accept(Signal.TRACES, body, now).result() for body in bodies]

    assert taken == 30 - len(refused) > 0
    assert taken == sum(receipt.repeated for receipt in receipts)
    assert (30, 30, 0) == collector.totals()["all"]


def test_one_body_larger_than_the_room_is_taken(opened, otlp, span, now):
    """An empty intake takes any one body: a bound must not refuse for ever what the receivers let through."""
    assert 1 == opened(room=Room(10)).accept(Signal.TRACES, otlp.spans(span(now)), now).result().accepted


def test_a_fault_in_one_request_fails_no_other(opened, otlp, span, slo, now, gate, held, monkeypatch, caplog):
    """A request that can't be counted is refused alone; those of its group are counted."""
    feeds = books_module.Series.feeds

    def faulty(self, service, signal, kind, labels):
        if service == "faulty":
            raise RuntimeError("a fault")
        return feeds(self, service, signal, kind, labels)

    monkeypatch.setattr(books_module.Series, "feeds", faulty)
    collector = opened([slo("all")], decoders=held)
    services = ["payments", "faulty", "payments", "faulty", "payments"]
    waiting = [collector.accept(Signal.TRACES, otlp.spans(span(now), service=name), now) for name in services]
    gate.set()
    errors = [future.exception() for future in waiting]

    assert [type(None), RuntimeError] * 2 + [type(None)] == [type(error) for error in errors]
    assert (3, 3, 0) == collector.totals()["all"]
    assert ["all", "payments-availability", "payments-latency"] == [one.name for one in collector.slos]
    assert "could not be counted" in caplog.text


def test_a_decoder_that_breaks_answers_its_sender(opened, now):
    """Whatever a decoder raises, its sender gets an answer and its room is given back."""

    def broken(body, wanted, ends=()):
        raise ZeroDivisionError

    collector = opened(decoders=Decoders(broken, broken, broken))

    assert isinstance(collector.accept(Signal.TRACES, b"", now).exception(), ZeroDivisionError)
    assert 0 == collector.counters.registry.get_sample_value("fournines_queue_bytes")


def test_closing_keeps_everything_taken_in(opened, otlp, span, slo, now, gate, held):
    """Whoever was taken in before the end gets a receipt, and is in the ledger."""
    collector = opened([slo("all")], decoders=held)
    waiting = [collector.accept(Signal.TRACES, otlp.spans(span(now)), now) for _ in range(500)]
    closing = threading.Thread(target=collector.close)
    closing.start()
    gate.set()
    closing.join()

    assert 500 == sum(future.result().accepted for future in waiting)
    assert (500, 500, 0) == opened([slo("all")]).totals()["all"]


def test_many_senders_at_once_are_all_counted(opened, otlp, span, slo, now):
    """However many threads send, each body twice, and however they are grouped: every request counts once."""
    collector = opened([slo("all")])
    bodies = [otlp.spans(*(span(now) for _ in range(7))) for _ in range(200)] * 2

    def send(body):
        return collector.accept(Signal.TRACES, body, now).result()

    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(send, bodies))

    assert 200 == sum(receipt.repeated for receipt in receipts)
    assert {7} == {receipt.accepted for receipt in receipts}
    assert (1400, 1400, 0) == collector.totals()["all"]


def test_a_sender_that_goes_away_takes_nothing_back(opened, otlp, span, slo, now, gate, held):
    """A future can't be cancelled: what was taken in is counted, asked for or not."""
    collector = opened([slo("all")], decoders=held)
    future = collector.accept(Signal.TRACES, otlp.spans(span(now)), now)
    assert not future.cancel()
    gate.set()
    future.result()

    assert (1, 1, 0) == collector.totals()["all"]


def test_who_is_concerned_is_told_after_the_commit(opened, otlp, span, slo, now):
    """After each commit by which an SLO got events, and no other, somebody is told; what they got can be seen by then."""
    told: list[int] = []
    made: list[Collector] = []

    def on_commit():
        told.append(made[0].totals()["all"][1])

    made.append(opened([slo("all"), slo("idle", "idle")], on_commit=on_commit))
    collector = made[0]
    for body in (otlp.spans(span(now)), otlp.spans(span(now, status=429)), otlp.spans(span(now))):
        collector.accept(Signal.TRACES, body, now).result()
    collector.tick(now + 1)

    assert [1, 2] == told


def test_a_fault_after_a_commit_stops_nothing(opened, otlp, span, now, caplog):
    """When what follows a commit fails, it is logged, and counting goes on."""

    def on_commit():
        raise RuntimeError("a fault of somebody else")

    collector = opened(on_commit=on_commit)
    for _ in range(3):
        assert 1 == collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result().accepted
    collector.tick(now)

    assert "a fault of somebody else" in caplog.text
