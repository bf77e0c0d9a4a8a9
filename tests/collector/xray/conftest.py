"""What the X-Ray tests share: documents, an intake that remembers, and a receiver on a free port."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry

from fournines.collector import Receipt, Signal
from fournines.collector.columns import Source
from fournines.collector.xray import XrayReceiver
from fournines.collector.xray.assembly import SegmentAssembly
from fournines.collector.xray.datagram import read_datagram, weight_of
from fournines.collector.xray.document import read_segment
from fournines.collector.xray.drop import Dropped
from fournines.collector.xray.instruments import Instruments
from fournines.collector.xray.request_builder import RequestBuilder

HEADER = b'{"format":"json","version":1}\n'
NOW = 1_790_000_000.0
PATIENCE = 10.0


class Ids:
    """Ids that never come twice."""

    def __init__(self) -> None:
        self._last = 0

    def trace(self) -> str:
        self._last += 1
        return f"1-{int(NOW):08x}-{self._last:024x}"

    def id(self) -> str:
        self._last += 1
        return f"{self._last:016x}"


IDS = Ids()


def make_segment(**fields) -> dict:
    """A complete segment of service `payments`; fields given as None are left out."""
    usual = {"name": "payments", "id": IDS.id(), "trace_id": IDS.trace(), "start_time": NOW - 0.1, "end_time": NOW}
    return {key: value for key, value in (usual | fields).items() if value is not None}


def make_subsegment(**fields) -> dict:
    """A complete subsegment, to be nested; sent apart it needs `type`, `trace_id` and `parent_id` too."""
    return make_segment(**({"name": "orders.example", "trace_id": None, "namespace": "remote"} | fields))


def to_datagram(document: object) -> bytes:
    """A document as the SDKs send it."""
    return HEADER + (document if isinstance(document, bytes) else json.dumps(document).encode())


def readings(registry: CollectorRegistry) -> Counter:
    """The receiver's counters that are not zero, as `dropped/json`, `taken/segment`, `datagrams`, `unfinished`."""
    found: Counter[str] = Counter()
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name.startswith("fournines_xray_") and sample.name.endswith("_total") and sample.value:
                name = sample.name.removeprefix("fournines_xray_").removesuffix("_total")
                name = {"segments": "taken", "sampling_requests": "polls"}.get(name, name)
                found["/".join([name, *sample.labels.values()])] = int(sample.value)
    return found


class Bench:
    """Datagrams in, spans out, in one thread and without sockets."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.instruments = Instruments(self.registry)
        self.assembly = SegmentAssembly(self.instruments)

    def take(self, *documents, received: float = NOW) -> list:
        """The spans that go on because of these documents, each as (resource attributes, span)."""
        batch = RequestBuilder()
        for document in documents:
            try:
                datagram = to_datagram(document)
                for placed in self.assembly.take(read_segment(read_datagram(datagram)), received, weight_of(datagram)):
                    batch.add(placed)
            except Dropped as dropped:
                self.instruments.dropped(dropped.reason)
        return self.written(batch)

    def expire(self, now: float) -> list:
        """The spans that go on because time passed."""
        batch = RequestBuilder()
        for placed in self.assembly.expire(now):
            batch.add(placed)
        return self.written(batch)

    def written(self, batch: RequestBuilder) -> list:
        return spans_of(batch.body())

    @property
    def readings(self) -> Counter:
        return readings(self.registry)


def value_of(value):
    """An OTLP value as Python's."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


def attributes_of(attributes) -> dict:
    """OTLP attributes as a dictionary."""
    return {one.key: value_of(one.value) for one in attributes}


def spans_of(body: bytes) -> list:
    """Every span of a request as (resource attributes, span)."""
    request = ExportTraceServiceRequest.FromString(body)
    return [
        (attributes_of(of.resource.attributes), span)
        for of in request.resource_spans
        for scope in of.scope_spans
        for span in scope.spans
    ]


class Inbox:
    """An intake that remembers what it was given. `answer` makes the outcome of a request: a receipt, or an error."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.sources: set[Source] = set()
        self.answer: Callable[[bytes], Receipt | Exception] = lambda body: Receipt(1)
        self._changed = threading.Condition()

    def accept(self, signal: Signal, body: bytes, received: float, source: Source = Source.OTLP) -> Future[Receipt]:
        assert signal is Signal.TRACES
        future: Future[Receipt] = Future()
        outcome = self.answer(body)
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        with self._changed:
            if not isinstance(outcome, Exception):
                self.bodies.append(body)
                self.sources.add(source)
            self._changed.notify_all()
        return future

    @property
    def spans(self) -> list:
        return [span for body in list(self.bodies) for span in spans_of(body)]

    def wait(self, count: int) -> list:
        """Its spans, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.spans) >= count, PATIENCE), f"{len(self.spans)} of {count}"
        return self.spans


class Port:
    """A receiver that runs, and a client of it."""

    def __init__(self, inbox: Inbox, registry: CollectorRegistry, receiver: XrayReceiver) -> None:
        self.inbox = inbox
        self.registry = registry
        self.receiver = receiver
        self.number = receiver.port

    def send(self, *datagrams: bytes) -> None:
        """Sends datagrams by UDP."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, ("127.0.0.1", self.number))

    def wait(self, reading: str, count: int = 1) -> Counter:
        """The receiver's counters, once one of them is that high."""
        for _ in range(int(PATIENCE / 0.01)):
            if self.readings[reading] >= count:
                return self.readings
            time.sleep(0.01)
        raise AssertionError(f"{reading} is {self.readings[reading]}, not {count}")

    @property
    def readings(self) -> Counter:
        return readings(self.registry)


@pytest.fixture
def bench() -> Bench:
    """Datagrams in, spans out."""
    return Bench()


@pytest.fixture
def inbox() -> Inbox:
    """An intake that remembers what it was given."""
    return Inbox()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own."""
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever)
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join()
    running.close()


@pytest.fixture
def start(inbox, loop):
    """Starts receivers on free ports; whatever still runs at the end of the test is stopped."""
    running: list[XrayReceiver] = []

    def run(**more) -> Port:
        registry = CollectorRegistry()
        receiver = XrayReceiver(
            inbox.accept, "127.0.0.1", 0, registry=registry, clock=time.time, stopwatch=time.monotonic, **more
        )
        asyncio.run_coroutine_threadsafe(receiver.start(), loop).result(PATIENCE)
        running.append(receiver)
        return Port(inbox, registry, receiver)

    def stop(port: Port) -> None:
        running.remove(port.receiver)
        asyncio.run_coroutine_threadsafe(port.receiver.stop(), loop).result(PATIENCE)

    run.stop = stop
    yield run
    for receiver in running:
        asyncio.run_coroutine_threadsafe(receiver.stop(), loop).result(PATIENCE)


@pytest.fixture(scope="session")
def segment():
    """Makes a segment."""
    return make_segment


@pytest.fixture(scope="session")
def subsegment():
    """Makes a subsegment."""
    return make_subsegment


@pytest.fixture(scope="session")
def datagram():
    """Makes a datagram of a document."""
    return to_datagram


@pytest.fixture(scope="session")
def attributes():
    """Reads OTLP attributes."""
    return attributes_of


@pytest.fixture(scope="session")
def now() -> float:
    """The moment the documents end at."""
    return NOW


@pytest.fixture
def port_of(inbox):
    """A client of a receiver that somebody else started."""
    return lambda receiver, registry: Port(inbox, registry, receiver)
