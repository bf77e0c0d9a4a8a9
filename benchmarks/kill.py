"""kill -9 at random moments under load from the real OpenTelemetry exporters: what was acknowledged, counted, sent, lost, doubled.

    python benchmarks/kill.py [--kills 100] [--quick] [--json]

`fournines serve` in a process of its own, killed and started again; spans over HTTP and gRPC and delta histograms over HTTP, each
export repeated until its exporter reports success. `value` is events lost and events doubled, together.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

SERVICES = ("kill-spans", "kill-metrics")
PATIENCE = 3
"""Seconds an exporter retries by itself, before its batch is given to it again."""


@dataclass
class Result:
    """Events, of all senders together."""

    kills: int
    acknowledged: int
    counted: int
    sent: int

    @property
    def lost(self) -> int:
        """Acknowledged and not counted."""
        return max(0, self.acknowledged - self.counted)

    @property
    def doubled(self) -> int:
        """Counted and never sent."""
        return max(0, self.counted - self.sent)

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.kills} kills: {self.acknowledged} acknowledged, {self.counted} counted, {self.sent} sent, "
            f"{self.lost} lost, {self.doubled} doubled"
        )


class Served:
    """`fournines serve` on free ports and one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page, self.http, self.grpc = (free_port() for _ in range(3))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it is ready."""
        ports = {"--port": self.page, "--otlp-http-port": self.http, "--otlp-grpc-port": self.grpc, "--xray-port": 0}
        options = [str(word) for option in ports.items() for word in option]
        command = [sys.executable, "-m", "fournines", "serve", "--data", str(self.folder), *options]
        with (self.folder.parent / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 240
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder.parent / "log").read_text()[-2000:])
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def counted(self) -> int:
        """Events of both services, as the API says."""
        return sum(self._events(f"{service}-availability") for service in SERVICES)

    def _events(self, name: str) -> int:
        answer = httpx.get(f"http://127.0.0.1:{self.page}/api/v1/slos/{name}", trust_env=False, timeout=30)
        return int(answer.json()["events"]["total"]) if answer.status_code == httpx.codes.OK else 0

    def _ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.page}/readyz", trust_env=False, timeout=5).is_success
        except httpx.TransportError:
            return False


def free_port() -> int:
    """A port nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Sender(threading.Thread):
    """Makes batches and exports each until it is acknowledged. `make` returns the number of its events and a way to export them."""

    def __init__(self, make: Callable[[], tuple[int, Callable[[], bool]]], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._make, self._stopped = make, stop
        self.sent = self.acknowledged = 0

    def run(self) -> None:
        """Until it is stopped, and its last batch is acknowledged."""
        while not self._stopped.is_set():
            count, export = self._make()
            self.sent += count
            while not export():
                time.sleep(0.02)
            self.acknowledged += count


def spans(exporter: Any, number: int) -> Callable[[], tuple[int, Callable[[], bool]]]:
    """Batches of SERVER spans, as an application of that instance number makes them."""
    finished = InMemorySpanExporter()
    provider = TracerProvider(resource=resource(SERVICES[0], number), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(finished))
    tracer, chance = provider.get_tracer("kill"), random.Random(number)

    def make() -> tuple[int, Callable[[], bool]]:
        for _ in range(chance.randint(1, 60)):
            with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER) as span:
                span.set_attribute("http.response.status_code", 500 if chance.random() < 0.02 else 200)
        batch: tuple[ReadableSpan, ...] = finished.get_finished_spans()
        finished.clear()
        return len(batch), lambda: exporter.export(batch).value == 0

    return make


def points(exporter: Any, number: int) -> Callable[[], tuple[int, Callable[[], bool]]]:
    """Deltas of the duration histogram, as an application of that instance number makes them."""
    reader = InMemoryMetricReader(preferred_temporality={Histogram: AggregationTemporality.DELTA})
    provider = MeterProvider([reader], resource=resource(SERVICES[1], number), shutdown_on_exit=False)
    histogram = provider.get_meter("kill").create_histogram("http.server.request.duration", unit="s")
    chance = random.Random(number)

    def make() -> tuple[int, Callable[[], bool]]:
        count = chance.randint(1, 200)
        for _ in range(count):
            status = 500 if chance.random() < 0.02 else 200
            histogram.record(chance.random() / 5, {"http.response.status_code": status, "http.route": "/"})
        data = reader.get_metrics_data()
        return count, lambda: exporter.export(data).value == 0

    return make


def resource(service: str, number: int) -> Resource:
    """Who sends."""
    return Resource({"service.name": service, "service.instance.id": str(number)})


@contextmanager
def load(served: Served) -> Iterator[list[Sender]]:
    """Four senders; when the block is left they finish what they began."""
    stop = threading.Event()
    url = f"http://127.0.0.1:{served.http}/v1"
    exporters: list[Any] = [
        OTLPSpanExporter(f"{url}/traces", timeout=PATIENCE),
        OTLPSpanExporter(f"{url}/traces", timeout=PATIENCE, compression=Compression.Gzip),
        GrpcSpanExporter(f"127.0.0.1:{served.grpc}", insecure=True, timeout=PATIENCE),
        OTLPMetricExporter(f"{url}/metrics", timeout=PATIENCE),
    ]
    makes = [(points if isinstance(one, OTLPMetricExporter) else spans)(one, n) for n, one in enumerate(exporters)]
    senders = [Sender(make, stop) for make in makes]
    for sender in senders:
        sender.start()
    try:
        yield senders
    finally:
        stop.set()
        for sender in senders:
            sender.join(120)
        for exporter in exporters:
            exporter.shutdown()


def run(folder: Path, kills: int, tell: Callable[[str], None] = lambda _: None) -> Result:
    """Kills the collector so often under load, and says what became of the events. After every start acknowledged <= counted <= sent."""
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    os.environ.setdefault("FOURNINES_KERNELS", str(Path(__file__).resolve().parent.parent / ".tools" / "kernels"))
    served, chance = Served(folder / "data"), random.Random()
    served.start()
    with load(served) as senders:
        for number in range(kills):
            time.sleep(chance.uniform(0.1, 1.0))
            served.kill()
            acknowledged = sum(sender.acknowledged for sender in senders)
            served.start()
            counted = served.counted()
            sent = sum(sender.sent for sender in senders)
            tell(str(Result(number + 1, acknowledged, counted, sent)))
            if not acknowledged <= counted <= sent:
                break
    result = Result(kills, sum(s.acknowledged for s in senders), served.counted(), sum(s.sent for s in senders))
    served.kill()
    return result


def main() -> None:
    """Prints what was counted; one JSON object last. Exits with 1 when an event was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="five kills")
    parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(Path(folder), 5 if options.quick else options.kills, (lambda _: None) if options.json else print)
    wrong = result.lost + result.doubled
    if not options.json:
        print(result)
    details = {
        "kills": result.kills,
        "acknowledged": result.acknowledged,
        "counted": result.counted,
        "sent": result.sent,
    }
    details |= {"lost": result.lost, "doubled": result.doubled}
    print(json.dumps({"name": "kill", "value": wrong, "unit": "events", "goal": 0, "peers": {}, "details": details}))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
