"""What the tests of Prometheus' room share: requests of both versions made of plain labels, and a collector that takes them in."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import cramjam
import httpx
import pytest
from prometheus_client import CollectorRegistry, Histogram, start_http_server

from fournines.collector import Access, Collector, Ledger
from fournines.collector.prometheus import RemoteWrite, ScrapeAssembly, remote_write_app
from fournines.collector.prometheus.messages import Label, WriteRequest, WriteRequest2

ONE = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}
TWO = ONE | {"content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
BOUNDS = ("0.1", "0.25", "0.5", "+Inf")
DURATION = "http_server_request_duration_seconds"


class One(NamedTuple):
    """One series: its labels, and (value, epoch seconds) of each sample."""

    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float]]


def series(
    name: str, *samples: tuple[float, float], job: str = "payments", instance: str = "a:9000", **labels: str
) -> One:
    """A series of a target."""
    return One({"__name__": name, "instance": instance, "job": job} | labels, samples)


def histogram(
    time: float, quick: int, slow: int, *, status: str = "200", name: str = DURATION, **labels: Any
) -> list[One]:
    """The series of one classic histogram in one scrape: `quick` requests within 0.1 s, `slow` between 0.25 and 0.5 s."""
    sums = (quick, quick, quick + slow, quick + slow)
    labels = {"http_response_status_code": status, "http_route": "/pay"} | labels
    buckets = [series(f"{name}_bucket", (value, time), le=le, **labels) for le, value in zip(BOUNDS, sums, strict=True)]
    whole = float(quick + slow)
    return [
        *buckets,
        series(f"{name}_count", (whole, time), **labels),
        series(f"{name}_sum", (whole / 10, time), **labels),
    ]


def body_of(*all_series: One) -> bytes:
    """A request of version 1.0."""
    request = WriteRequest()
    for one in all_series:
        target = request.timeseries.add()
        target.labels.extend(Label(name=k, value=v).SerializeToString() for k, v in sorted(one.labels.items()))
        for value, at in one.samples:
            target.samples.add(value=value, timestamp=round(at * 1000))
    return packed(request)


def body_of_two(*all_series: One, start: float = 0.0, kind: int = 1) -> bytes:
    """A request of version 2.0."""
    request, symbols = WriteRequest2(), {"": 0}
    for one in all_series:
        target = request.timeseries.add()
        for pair in sorted(one.labels.items()):
            target.labels_refs.extend(symbols.setdefault(text, len(symbols)) for text in pair)
        target.metadata.type = kind
        for value, at in one.samples:
            target.samples.add(value=value, timestamp=round(at * 1000), start_timestamp=round(start * 1000))
    request.symbols.extend(symbols)
    return packed(request)


def packed(message: Any) -> bytes:
    """A message as a snappy block."""
    return bytes(cramjam.snappy.compress_raw(message.SerializeToString()))


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Desk:
    """A collector with the remote write receiver before it, asked over HTTP's messages without a socket."""

    def __init__(
        self,
        opened: Callable[..., Collector],
        slos: Sequence[Any],
        clock: Clock,
        wait: float = 15.0,
        access: Access | None = None,
        **more: Any,
    ) -> None:
        self.clock = clock
        self.access = access
        self.assembly = ScrapeAssembly(wait)
        self.collector = opened(slos, clock.now, taps=(self.assembly,))
        self.writer = RemoteWrite(self.collector.submit, self.collector.counters, self.assembly, clock, **more)

    def post(self, body: bytes, headers: Mapping[str, str] = ONE, method: str = "POST") -> httpx.Response:
        """One request's answer."""

        async def ask() -> httpx.Response:
            app = httpx.ASGITransport(remote_write_app(self.writer, self.access))
            async with httpx.AsyncClient(transport=app, base_url="http://collector") as client:
                return await client.request(method, "/api/v1/write", content=body, headers=dict(headers))

        return asyncio.run(ask())

    def write(self, *all_series: One) -> int:
        """The status a request of version 1.0 is answered with."""
        return self.post(body_of(*all_series)).status_code

    def flush(self) -> None:
        """Gives up what waited long enough."""
        self.writer.flush().future.result()

    def totals(self, name: str) -> tuple[int, int]:
        """Good and total events of an SLO."""
        good, total, _ = self.collector.totals().get(name, (0, 0, 0))
        return good, total


class Make:
    """Makes series and requests."""

    one, two = staticmethod(body_of), staticmethod(body_of_two)
    series, histogram, packed = staticmethod(series), staticmethod(histogram), staticmethod(packed)
    headers_one, headers_two = ONE, TWO


@pytest.fixture(scope="session")
def make():
    """Makes series and requests."""
    return Make


@pytest.fixture
def clock(now):
    """Stands at the moment most tests begin at."""
    return Clock(now)


@pytest.fixture
def desk(opened, clock, decoders, tmp_path):
    """Opens a collector with the receiver; `apart`, it has a folder of its own."""
    with ExitStack() as stack:

        def open_apart(slos: Sequence[Any], now: float, **more: Any) -> Collector:
            collector = Collector(Ledger(tmp_path / "apart", now), slos, now, decoders, **more)
            stack.callback(collector.close)
            return collector

        def open_one(*slos: Any, apart: bool = False, **more: Any) -> Desk:
            return Desk(open_apart if apart else opened, slos, clock, **more)

        yield open_one


class Loop:
    """An event loop in a thread of its own, for what serves while a test waits."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, work: Any) -> Any:
        """A coroutine's result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        """Ends it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def loop():
    """An event loop that runs beside the test."""
    one = Loop()
    yield one
    one.close()


@pytest.fixture
def eventually():
    """Waits until something holds; says what it last was where it never does."""

    def wait(what: Callable[[], Any], timeout: float = 30.0) -> Any:
        deadline = time.monotonic() + timeout
        while not (found := what()):
            assert time.monotonic() < deadline, f"still {found!r}"
            time.sleep(0.05)
        return found

    return wait


class Shop:
    """A real program's metrics: requests of a service, on a port of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._durations = Histogram(
            DURATION,
            "Requests",
            ("http_response_status_code", "http_route"),
            registry=self._registry,
            buckets=(0.1, 0.25, 0.5),
        )
        self._server, self._thread = start_http_server(0, "127.0.0.1", self._registry)
        self.address = f"127.0.0.1:{self._server.server_port}"

    def serve(self, count: int, seconds: float = 0.01, status: str = "200") -> None:
        """Requests."""
        for _ in range(count):
            self._durations.labels(status, "/pay").observe(seconds)

    def close(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def shop():
    """A service that is scraped."""
    one = Shop()
    yield one
    one.close()
