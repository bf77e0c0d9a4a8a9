"""What counting costs: spans a second through the whole intake, evaluation of many SLOs, and a restart.

    python benchmarks/ledger.py

One process, real commits in a temporary folder. Read ratios, not seconds: machines differ, and disks more.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fournines.collector import Collector, Decoders, Signal, decode_points, decode_spans
from fournines.slo import DAY, HOUR, MINUTE, SLI, SLO, Evaluator, Objective, SLIKind

SPANS = 512
REQUESTS = 200
NOW = 1_790_000_000.0


def slos(count: int, services: int) -> list[SLO]:
    """`count` SLOs, half of them latency, spread over services."""
    made = []
    for number in range(count):
        service = f"service-{number % services}"
        kind = SLIKind.LATENCY if number // services % 2 else SLIKind.AVAILABILITY
        threshold = Decimal("0.25") if kind is SLIKind.LATENCY else None
        made.append(SLO(f"slo-{number}", SLI(kind, service, "spans", threshold=threshold), Objective(Decimal("0.999"))))
    return made


def body(number: int, service: str) -> bytes:
    """One export of 512 server spans over ten routes."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = service
    scope = resource.scope_spans.add()
    for index in range(SPANS):
        end = int((NOW + number / 100) * 1e9)
        span = scope.spans.add(kind=2, end_time_unix_nano=end, start_time_unix_nano=end - 1_000_000 * (index % 300))
        span.span_id = index.to_bytes(8, "big")
        span.attributes.add(key="http.route").value.string_value = f"/route/{index % 10}"
        span.attributes.add(key="http.response.status_code").value.int_value = 503 if index % 50 == 0 else 200
    return request.SerializeToString()


def ingest(collector: Collector, services: int) -> None:
    """Times requests from the bytes to the receipt."""
    bodies = [body(number, f"service-{number % services}") for number in range(REQUESTS)]
    began, cpu = time.perf_counter(), time.process_time()
    receipts = [collector.accept(Signal.TRACES, b, NOW + n / 100) for n, b in enumerate(bodies)]
    assert all(receipt.result().accepted == SPANS for receipt in receipts)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"  {REQUESTS * SPANS / seconds:>9,.0f} spans/s, {REQUESTS * SPANS / cpu:>9,.0f} a CPU-second")


def restart(count: int, days: int) -> None:
    """Times opening a ledger with `days` of traffic, to the first evaluation: the rows a restart reads, without the finer ones inside."""
    with tempfile.TemporaryDirectory() as folder:
        promises = slos(count, 100)
        Collector(Path(folder), promises, NOW).close()
        now = int(NOW)
        with contextlib.closing(sqlite3.connect(Path(folder) / "ledger.db")) as connection, connection:
            for width, seconds in ((10, 2 * HOUR), (MINUTE, DAY), (HOUR, days * DAY)):
                times = range((now - seconds) // width * width, now, width)
                rows = ((width, t, slo, 99 * width, 100 * width, 0) for t in times for slo in range(1, count + 1))
                connection.executemany("INSERT INTO bucket VALUES (?, ?, ?, ?, ?, ?)", rows)
        size = (Path(folder) / "ledger.db").stat().st_size / 1e6
        began = time.perf_counter()
        collector = Collector(Path(folder), promises, NOW)
        opened = time.perf_counter() - began
        Evaluator(collector.slos).at(collector, NOW)
        print(f"restart with {count} SLOs and {days} days ({size:.0f} MB): open {opened:.2f} s, ", end="")
        print(f"first evaluation {time.perf_counter() - began - opened:.2f} s")
        collector.close()


def main() -> None:
    """Prints one line a measurement."""
    restart(1_000, 35)
    for count, services in ((100, 1), (100, 10), (1_000, 100)):
        with tempfile.TemporaryDirectory() as folder:
            print(f"{count} SLOs of {services} services, {SPANS} spans a request")
            collector = Collector(Path(folder), slos(count, services), NOW)
            ingest(collector, services)
            collector.close()
            columns = decode_spans(body(0, "service-0"), frozenset({"http.route", "http.response.status_code"}))
            ready = Decoders(lambda _body, _wanted, columns=columns: columns, decode_points)  # type: ignore[misc]
            with tempfile.TemporaryDirectory() as other:
                collector = Collector(Path(other), slos(count, services), NOW, ready)
                print("  without decoding:", end="")
                ingest(collector, services)
                evaluator = Evaluator(collector.slos)
                evaluator.at(collector, NOW + 10)
                began = time.perf_counter()
                evaluator.at(collector, NOW + 11)
                print(f"  evaluation: {(time.perf_counter() - began) * 1e3:.1f} ms")
                collector.close()


if __name__ == "__main__":
    main()
