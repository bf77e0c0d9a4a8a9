"""How long a collector with 1,000 SLOs and 35 days of history needs to start; and spans a CPU-second through the whole intake.

    python benchmarks/ledger.py [--quick] [--json]

One process, real commits in a temporary folder. Read ratios, not seconds: machines differ, and disks more. `value` is seconds from
opening the ledger to the first evaluation.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fournines.collector import Collector, Decoders, Signal, decode_points, decode_spans
from fournines.slo import DAY, HOUR, MINUTE, SLI, SLO, Evaluator, Objective, SLIKind

SPANS = 512
GOAL_SECONDS = 5.0
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


def ingest(collector: Collector, services: int, requests: int) -> float:
    """Spans a CPU-second from the bytes to the receipt."""
    bodies = [body(number, f"service-{number % services}") for number in range(requests)]
    began = time.process_time()
    receipts = [collector.accept(Signal.TRACES, b, NOW + n / 100) for n, b in enumerate(bodies)]
    assert all(receipt.result().accepted == SPANS for receipt in receipts)
    return requests * SPANS / (time.process_time() - began)


def counting(count: int, services: int, requests: int) -> dict[str, float]:
    """Spans a CPU-second with so many SLOs: decoded, counted and committed; and the same without the decoding."""
    columns = decode_spans(body(0, "service-0"), frozenset({"http.route", "http.response.status_code"}))
    ready = Decoders(lambda _body, _wanted: columns, decode_points)
    measured: dict[str, float] = {}
    for name, decoders in (("whole", Decoders(decode_spans, decode_points)), ("without_decoding", ready)):
        with tempfile.TemporaryDirectory() as folder:
            collector = Collector(Path(folder), slos(count, services), NOW, decoders)
            measured[name] = round(ingest(collector, services, requests))
            collector.close()
    return measured


def filled(folder: Path, promises: list[SLO], days: int) -> None:
    """A ledger with `days` of traffic: the rows a restart reads, without the finer ones inside."""
    Collector(folder, promises, NOW).close()
    now = int(NOW)
    with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as connection, connection:
        for width, seconds in ((10, 2 * HOUR), (MINUTE, DAY), (HOUR, days * DAY)):
            times = range((now - seconds) // width * width, now, width)
            rows = ((width, t, slo, 99 * width, 100 * width, 0) for t in times for slo in range(1, len(promises) + 1))
            connection.executemany("INSERT INTO bucket VALUES (?, ?, ?, ?, ?, ?)", rows)


def restart(count: int, days: int) -> dict[str, float]:
    """Seconds to open such a ledger, and until the first evaluation is there."""
    with tempfile.TemporaryDirectory() as folder:
        promises = slos(count, 100)
        filled(Path(folder), promises, days)
        size = (Path(folder) / "ledger.db").stat().st_size / 1e6
        began = time.perf_counter()
        collector = Collector(Path(folder), promises, NOW)
        opened = time.perf_counter() - began
        Evaluator(collector.slos).at(collector, NOW)
        seconds = time.perf_counter() - began
        collector.close()
    return {
        "slos": count,
        "days": days,
        "megabytes": round(size),
        "open": round(opened, 2),
        "seconds": round(seconds, 2),
    }


def main() -> None:
    """Prints what was measured; one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer requests")
    parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
    options = parser.parse_args()
    requests = 40 if options.quick else 200
    started = restart(1_000, 35)
    spans = {f"{count} SLOs": counting(count, services, requests) for count, services in ((100, 10), (1_000, 100))}
    if not options.json:
        print(f"restart: {started}\nspans a CPU-second: {spans}")
    details = {"restart": started, "spans_per_cpu_second": spans, "spans_a_request": SPANS}
    result = {"name": "ledger_restart", "value": started["seconds"], "unit": "s", "goal": GOAL_SECONDS, "peers": {}}
    print(json.dumps({**result, "details": details}))


if __name__ == "__main__":
    main()
