"""Fan-out beside the ledger: what was acknowledged is queued, unchanged or cleaned as asked for, and counting never suffers."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fournines.collector import Collector, Counters, Ledger, Signal, Source, Unavailable
from fournines.collector.forward import FOLDER, Destination, FakeForwarder, Forwards, Instruments, abandoned
from fournines.collector.forward import segment as segment_module


class House:
    """A collector with destinations; `opened` again it finds its queues."""

    def __init__(self, folder, now, decoders, slos=(), **more):
        self.senders: dict[str, FakeForwarder] = {}
        ledger, counters = Ledger(folder, now), Counters()
        instruments = Instruments(counters.registry)
        made = []
        for name, options in more.items():
            self.senders[name] = FakeForwarder()
            made.append(Destination(name, self.senders[name], folder / FOLDER, instruments, lambda: now, **options))
        self.forwards = Forwards(made)
        self.collector = Collector(ledger, slos, now, decoders, counters=counters, taps=(self.forwards,))

    def drain(self, *names):
        """Sends until the queues are empty; returns what the destinations got."""

        async def story():
            task = asyncio.create_task(self.forwards.run())
            async with asyncio.timeout(30):
                while any(self.value("queue_requests", name) for name in self.senders):  # noqa: ASYNC110 - seen from outside only
                    await asyncio.sleep(0.002)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(story())
        return [self.senders[name].sent for name in names]

    def value(self, name, destination, **labels):
        registry = self.collector.counters.registry
        return registry.get_sample_value(f"fournines_forward_{name}", {"destination": destination} | labels) or 0

    def close(self):
        self.collector.close()
        self.forwards.close()


@pytest.fixture
def house(tmp_path, decoders, now):
    """Opens houses on one folder, one at a time."""
    houses: list[House] = []

    def open_one(**more):
        while houses:
            houses.pop().close()
        houses.append(House(tmp_path, now, decoders, **more))
        return houses[0]

    yield open_one
    for one in houses:
        one.close()


def secret_body(otlp, span, now):
    """An export with a card number in it."""
    return otlp.spans(span(now, route="/cards/4111111111111111"), span(now))


def test_what_is_acknowledged_is_queued_as_it_came(house, otlp, span, histogram, now):
    """Each destination gets the signals it asked for: the very bytes, with their source, their time and their number of items."""
    here = house(everything={}, traces={"signals": frozenset({Signal.TRACES})})
    traces, points = otlp.spans(span(now), span(now)), otlp.points(histogram(now - 5, now, 3), up=True)
    here.collector.accept(Signal.TRACES, traces, now, Source.XRAY).result()
    here.collector.accept(Signal.METRICS, points, now).result()
    here.collector.accept(Signal.LOGS, b"", now).result()
    everything, only_traces = here.drain("everything", "traces")

    assert [(Signal.TRACES, Source.XRAY, now, 2, traces)] == [tuple(one) for one in only_traces]
    assert [traces, points] == [one.body for one in sorted(everything, key=lambda one: one.signal)]
    assert 2 == here.value("sent_items_total", "traces", signal="traces")


def test_a_repeated_request_is_sent_on_once(house, otlp, span, now):
    """What is counted once goes on once."""
    here = house(other={})
    body = otlp.spans(span(now))
    for _ in range(3):
        here.collector.accept(Signal.TRACES, body, now).result()

    assert 1 == len(here.drain("other")[0])


def test_secrets_go_on_only_where_that_was_asked_for(house, otlp, span, now):
    """With redaction switched off bytes pass as they are; where it is on, nothing else of the request changes."""
    here = house(careful={}, trusted={"redact": False})
    body = secret_body(otlp, span, now)
    here.collector.accept(Signal.TRACES, body, now).result()
    ((careful,), (trusted,)) = here.drain("careful", "trusted")
    before, after = (ExportTraceServiceRequest.FromString(one) for one in (body, careful.body))
    before.resource_spans[0].scope_spans[0].spans[0].attributes[0].value.string_value = "/cards/REDACTED"

    assert body == trusted.body
    assert before == after


def test_no_secret_lies_on_disk(house, otlp, span, now, tmp_path):
    """It is taken out before the queue is written, not when it is sent."""
    here = house(careful={})
    here.collector.accept(Signal.TRACES, secret_body(otlp, span, now), now).result()
    files = list((tmp_path / FOLDER / "careful").iterdir())

    assert any(b"/cards/REDACTED" in path.read_bytes() for path in files)
    assert not any(b"4111111111111111" in path.read_bytes() for path in files)


def test_what_cannot_be_cleaned_is_not_sent_on_and_counted(house, otlp, span, slo, now, monkeypatch):
    """Too large to be worked through, or a fault in redaction: it is counted as events, and dropped where cleaning was asked for."""
    from fournines.collector import redaction
    from fournines.collector.forward import forwards

    here = house(slos=[slo("all")], careful={}, trusted={"redact": False})
    monkeypatch.setattr(redaction, "LARGEST", 10)
    here.collector.accept(Signal.TRACES, secret_body(otlp, span, now), now).result()
    monkeypatch.setattr(forwards, "redacted_body", lambda *_: 1 / 0)
    here.collector.accept(Signal.TRACES, secret_body(otlp, span, now), now).result()
    careful, trusted = here.drain("careful", "trusted")

    assert (0, 2) == (len(careful), len(trusted))
    assert 2 == here.value("dropped_items_total", "careful", reason="unredactable")
    assert 2 == here.value("dropped_items_total", "careful", reason="fault")
    assert 4 == here.collector.totals()["all"][1]


def test_what_the_ledger_refuses_is_not_sent_on(house, otlp, span, now, monkeypatch):
    """A request whose commit failed is asked for again, and goes on once."""
    here = house(other={})
    ledger = here.collector.ledger
    body = otlp.spans(span(now))

    class Full:
        """A connection whose commits fail."""

        def __getattr__(self, name):
            return getattr(writer, name)

        def execute(self, text, *more):
            if text == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return writer.execute(text, *more)

    writer, ledger.writer = ledger.writer, Full()
    with pytest.raises(Unavailable):
        here.collector.accept(Signal.TRACES, body, now).result()
    ledger.writer = writer
    here.collector.accept(Signal.TRACES, body, now).result()

    assert [body] == [one.body for one in here.drain("other")[0]]


def test_a_full_queue_disk_does_not_stop_the_counting(house, otlp, span, slo, now, monkeypatch):
    """The ledger goes on; what the queue could not take is counted as dropped, and told."""
    here = house(slos=[slo("all")], other={})
    pwrite = os.pwrite

    def full(handle, data, offset):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(segment_module.os, "pwrite", full)
    for _ in range(3):
        assert 1 == here.collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result().accepted
    monkeypatch.setattr(segment_module.os, "pwrite", pwrite)
    here.collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result()

    assert 1 == len(here.drain("other")[0])
    assert 3 == here.value("dropped_items_total", "other", reason="disk")
    assert 4 == here.collector.totals()["all"][1]


def test_it_is_all_there_after_a_restart(house, otlp, span, now):
    """What was queued and not sent goes on with the next collector on the folder."""
    here = house(other={})
    bodies = [otlp.spans(span(now)) for _ in range(20)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda body: here.collector.accept(Signal.TRACES, body, now).result(), bodies))
    again = house(other={})

    assert sorted(bodies) == sorted(one.body for one in again.drain("other")[0])


def test_queues_of_nobody_are_told(house, otlp, span, now, tmp_path):
    """A destination taken out of the configuration leaves its queue; it is named with what it holds, and not deleted."""
    here = house(old={}, new={})
    here.collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result()
    ((name, size),) = abandoned(tmp_path / FOLDER, ["new"])

    assert ("old", True) == (name, size > 100)
    assert [] == abandoned(tmp_path / "nowhere", [])


_CHILD = """
import os, sys
from pathlib import Path
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry
from fournines.collector import Collector, Ledger, Signal
from fournines.collector.forward import Destination, Forwards, Instruments
from fournines.collector.kernels import load_decoders
folder, now = Path(sys.argv[1]), float(sys.argv[2])
ledger = Ledger(folder, now)
other = Destination("other", None, folder / "forward", Instruments(CollectorRegistry()), lambda: now)
collector = Collector(ledger, (), now, load_decoders(Path(os.environ["FOURNINES_KERNELS"])), taps=(Forwards([other]),))
number = 0
while True:
    number += 1
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(kind=2, end_time_unix_nano=int(now * 1e9))
    span.span_id = number.to_bytes(8, "big")
    collector.accept(Signal.TRACES, request.SerializeToString(), now).result()
    print(number, flush=True)
"""


def test_killed_amid_its_commits_everything_acknowledged_is_queued(house, now, tmp_path):
    """Kill -9: each acknowledged request is in the queue, whole; at most the one being committed is there besides."""
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(tmp_path), str(now)], stdout=subprocess.PIPE)
    with child:
        lines = [child.stdout.readline() for _ in range(60)]
        child.kill()
        lines += child.stdout.readlines()
    acknowledged = max(int(line) for line in lines if line.endswith(b"\n"))
    queued = house(other={}).drain("other")[0]
    found = [
        int.from_bytes(
            ExportTraceServiceRequest.FromString(one.body).resource_spans[0].scope_spans[0].spans[0].span_id, "big"
        )
        for one in queued
    ]

    assert list(range(1, len(found) + 1)) == sorted(found)
    assert acknowledged <= len(found) <= acknowledged + 1
