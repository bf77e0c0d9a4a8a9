"""What taking in costs: spans and metric points per CPU-second of the server, decoded, matched to 100 SLOs and committed before the answer.

Every server is a process of its own and gets the same kind of load from this one: whole requests over kept connections, no two
alike. The figure is items acknowledged by CPU seconds that the server's process used (user and system, all threads, children), so
that a busy machine slows all alike. A commit is shared by all requests that wait for it, so spans are sent with many and with few
under way. Peers that are not installed are left out and named: rotel sends to its blackhole and keeps
nothing; Prometheus and VictoriaMetrics get the same sums over remote write and store them.

    python benchmarks/ingest.py [--quick] [--json] [--only PART]

rotel comes from `pip install 'fournines[bench]'`, the others from `make servers`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import grpc.aio
import httpx
import uvloop
from bodies import payloads  # type: ignore[import-not-found] # the folder beside this script
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

ROOT: Final = Path(__file__).resolve().parent.parent
GOAL: Final = 1.5
"""Times rotel's spans per CPU-second, at 512 spans a request over HTTP."""

FLEET: Final = 64
FEW: Final = 16
"""Requests of spans that are under way at once, each on a connection of its own: of a fleet, and of a few services."""

SENDERS: Final = 4
"""Of points: requests of one come in order, as a stream's have to."""

SLOS: Final = 100
DELTA: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
CUMULATIVE: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
PROTOBUF: Final = "application/x-protobuf"
GRPC: Final = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}


@dataclass(frozen=True)
class Load:
    """What is sent: requests of `items` each, to `path` or as `signal` over gRPC.

    `senders` are what comes one after the other; a sender's requests overtake each other only where `in_order` is False.
    """

    name: str
    items: int
    senders: Callable[[], list[Iterator[bytes]]]
    path: str
    grpc: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    in_order: bool = False
    connections: int = FEW

    @property
    def signal(self) -> str:
        """OTLP's signal."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Server:
    """A running server: its process and where it takes things in."""

    pid: int
    http_port: int
    grpc_port: int = 0


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """User and system seconds of a process, its dead children's included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[index]) for index in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid: int) -> float:
    """The highest resident memory of a process so far."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@contextlib.contextmanager
def running(command: Sequence[object], ready: str, env: dict[str, str] | None = None) -> Iterator[int]:
    """A child process that answers at `ready`; it is ended with the block."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=log,
            stderr=log,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        try:
            _wait(process, ready, log)
            yield process.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], ready: str, log: Any) -> None:
    deadline = time.monotonic() + 180
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.get(ready, timeout=2, trust_env=False)
            if answer.status_code < 500:
                return
        time.sleep(0.1)
    log.seek(0)
    raise SystemExit(f"a server did not start:\n{log.read()[-3000:].decode(errors='replace')}")


def slo_file(signal_name: str, slos: int) -> str:
    """That many SLOs of one signal: availability, and latency where durations are known, of each route and of all."""
    documents = []
    for number in range(slos):
        route = payloads.ROUTES[number % len(payloads.ROUTES)]
        where = f'["http.route == {route}"]'
        source = f"{{metricSource: {{type: fournines, spec: {{signal: {signal_name}, where: {where}}}}}}}"
        indicator = f"ratioMetric: {{counter: true, total: {source}, good: {good(source)}}}"
        objective = "target: 0.999"
        documents.append(
            f"apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: slo-{number}}}\nspec:\n  service: {payloads.SERVICE}\n"
            f"  budgetingMethod: Occurrences\n  timeWindow: [{{duration: 30d, isRolling: true}}]\n"
            f"  indicator:\n    metadata: {{name: sli-{number}}}\n    spec:\n      {indicator}\n  objectives: [{{{objective}}}]\n"
        )
    return "---\n".join(documents)


def good(source: str) -> str:
    """The same source with the condition that makes an event good."""
    return source.replace("where:", 'conditions: ["http.response.status_code < 500"], where:')


@contextlib.contextmanager
def ours(signal_name: str, slos: int = SLOS) -> Iterator[Server]:
    """Our collector with that many SLOs on one signal."""
    with tempfile.TemporaryDirectory(prefix="fournines-ingest-") as folder:
        files = Path(folder) / "slos.yaml"
        files.write_text(slo_file(signal_name, slos))
        port, http, grpc_port = free_port(), free_port(), free_port()
        ports = ("--port", port, "--otlp-http-port", http, "--otlp-grpc-port", grpc_port, "--xray-port", 0)
        command = [sys.executable, "-m", "fournines", "serve", "--data", f"{folder}/data", "--slos", files, *ports]
        kernels = {"FOURNINES_KERNELS": str(ROOT / ".tools" / "kernels")}
        with running(command, f"http://127.0.0.1:{port}/readyz", kernels) as pid:
            yield Server(pid, http, grpc_port)


def rotel_binary() -> Path | None:
    """Rotel's agent, as its package brings it."""
    found = importlib.util.find_spec("rotel")
    return Path(found.origin).parent / "rotel-agent" if found and found.origin else None


@contextlib.contextmanager
def rotel() -> Iterator[Server]:
    """rotel, to its blackhole."""
    binary = rotel_binary()
    assert binary, "asked for only where it is"
    binary.chmod(0o755)
    http, grpc_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        ends = ("--otlp-http-endpoint", f"127.0.0.1:{http}", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc_port}")
        command = [binary, "start", *ends, "--exporter", "blackhole", "--pid-file", f"{folder}/pid"]
        with running(command, f"http://127.0.0.1:{http}/v1/traces") as pid:
            yield Server(pid, http, grpc_port)


def binary(*names: str) -> str | None:
    """The first of these programs that is here."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(ROOT / ".tools" / "usr" / "bin")))
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


@contextlib.contextmanager
def prometheus() -> Iterator[Server]:
    """Prometheus as a receiver of remote writes."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "prometheus.yml").write_text("global: {}\n")
        options = (
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            "--web.enable-remote-write-receiver",
        )
        command = [binary("prometheus"), *options, f"--web.listen-address=127.0.0.1:{port}"]
        with running(command, f"http://127.0.0.1:{port}/-/ready") as pid:
            yield Server(pid, port)


@contextlib.contextmanager
def victoria() -> Iterator[Server]:
    """VictoriaMetrics as a receiver of remote writes."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [binary("victoria-metrics"), f"-storageDataPath={folder}", f"-httpListenAddr=127.0.0.1:{port}"]
        with running(command, f"http://127.0.0.1:{port}/health") as pid:
            yield Server(pid, port)


# Sending.


async def send(load: Load, server: Server) -> dict[str, float]:
    """Sends everything and says what it cost: items per CPU-second, the answer's milliseconds (p50, p99), and peak memory."""
    senders = load.senders()
    workers = senders if load.in_order else senders * load.connections
    connect = _grpc_sender if load.grpc else _http_sender
    async with connect(load, server) as transmit:
        for sender in senders:
            await transmit(next(sender))
        latencies: list[float] = []
        before, began = cpu_seconds(server.pid), time.perf_counter()
        await asyncio.gather(*(_worker(bodies, transmit, latencies) for bodies in workers))
        wall = time.perf_counter() - began
        used = cpu_seconds(server.pid) - before
    latencies.sort()
    items = load.items * len(latencies)
    return {
        "per_cpu_second": round(items / used),
        "per_second": round(items / wall),
        "requests": len(latencies),
        "cpu_seconds": round(used, 2),
        "p50_ms": round(1000 * latencies[len(latencies) // 2], 2),
        "p99_ms": round(1000 * latencies[len(latencies) * 99 // 100], 2),
        "peak_mb": round(peak_megabytes(server.pid), 1),
    }


async def _worker(bodies: Iterator[bytes], transmit: Callable[[bytes], Any], latencies: list[float]) -> None:
    for body in bodies:
        began = time.perf_counter()
        await transmit(body)
        latencies.append(time.perf_counter() - began)


@contextlib.asynccontextmanager
async def _http_sender(load: Load, server: Server) -> AsyncIterator[Callable[[bytes], Any]]:
    """Whole requests over kept connections, a connection a worker."""
    said = {"Host": "127.0.0.1", "Content-Type": PROTOBUF, **load.headers}
    head = f"POST {load.path} HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in said.items())
    pairs = [await asyncio.open_connection("127.0.0.1", server.http_port, limit=2**20) for _ in range(load.connections)]
    idle = list(pairs)

    async def transmit(body: bytes) -> None:
        reader, writer = idle.pop()
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        status = int(answer.split(b" ", 2)[1])
        await reader.readexactly(_length(answer))
        if status not in (200, 204):
            raise SystemExit(f"{load.name}: answered {status}")
        idle.append((reader, writer))

    try:
        yield transmit
    finally:
        for _, writer in pairs:
            writer.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@contextlib.asynccontextmanager
async def _grpc_sender(load: Load, server: Server) -> AsyncIterator[Callable[[bytes], Any]]:
    options = [("grpc.use_local_subchannel_pool", 1)]
    compression = grpc.Compression.Gzip if load.headers else grpc.Compression.NoCompression
    channels = [grpc.aio.insecure_channel(f"127.0.0.1:{server.grpc_port}", options, compression) for _ in range(4)]
    calls = [channel.unary_unary(GRPC[load.signal]) for channel in channels]
    turn = 0

    async def transmit(body: bytes) -> None:
        nonlocal turn
        turn += 1
        await calls[turn % len(calls)](body)

    try:
        yield transmit
    finally:
        for channel in channels:
            await channel.close()


def measure(load: Load, server: Callable[[], contextlib.AbstractContextManager[Server]]) -> dict[str, float]:
    """One load against one fresh server."""
    with server() as started:
        return uvloop.run(send(load, started))


# What is measured.


def spans(
    items: int, count: int, *, over_grpc: bool = False, compressed: bool = False, connections: int = FLEET
) -> Load:
    """SERVER spans."""

    def senders() -> list[Iterator[bytes]]:
        made = payloads.span_bodies(items, time.time(), count)
        return [iter([gzip.compress(body, 1) for body in made]) if compressed and not over_grpc else made]

    few = " few" if connections == FEW else ""
    name = f"{'grpc' if over_grpc else 'http'}{' gzip' if compressed else ''}{few} {items}"
    headers = {"Content-Encoding": "gzip"} if compressed else {}
    return Load(name, items, senders, "/v1/traces", over_grpc, headers, connections=connections)


def points(kind: str, items: int, count: int, temporality: int) -> Load:
    """Points over HTTP, each sender with streams of its own."""
    make = payloads.sum_bodies if kind == "sum" else payloads.histogram_bodies
    word = "delta" if temporality == DELTA else "cumulative"

    def senders() -> list[Iterator[bytes]]:
        began = time.time() - count - 5
        return [iter(list(make(items, began, count, temporality, f"i-{number}"))) for number in range(SENDERS)]

    return Load(f"{word} {kind}s", items, senders, "/v1/metrics", in_order=True)


def remote_writes(items: int, count: int) -> Load:
    """The same sums as samples."""
    headers = {"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}

    def senders() -> list[Iterator[bytes]]:
        began = time.time() - count - 5
        return [iter(list(payloads.remote_write_bodies(items, began, count, f"i-{n}"))) for n in range(SENDERS)]

    return Load("remote write", items, senders, "/api/v1/write", headers=headers, in_order=True)


def span_part(quick: bool) -> dict[str, dict[str, dict[str, float]]]:  # noqa: FBT001 - the flag's value
    """Every way spans come in, ours beside rotel."""
    scale = 1 if quick else 4
    loads = [
        spans(512, 600 * scale),
        spans(100, 2000 * scale),
        spans(512, 600 * scale, connections=FEW),
        spans(100, 2000 * scale, connections=FEW),
        spans(512, 300 * scale, compressed=True),
        spans(100, 1000 * scale, compressed=True),
        spans(512, 600 * scale, over_grpc=True),
        spans(100, 2000 * scale, over_grpc=True),
        spans(512, 300 * scale, over_grpc=True, compressed=True),
        spans(100, 1000 * scale, over_grpc=True, compressed=True),
    ]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for load in loads:
        found[load.name] = {"fournines": measure(load, partial(ours, "spans"))}
        if rotel_binary():
            found[load.name]["rotel"] = measure(load, rotel)
        _say(load.name, found[load.name])
    return found


def point_part(quick: bool) -> dict[str, dict[str, dict[str, float]]]:  # noqa: FBT001 - the flag's value
    """Sums and histograms, ours beside what stores the same sums over remote write."""
    count = 40 if quick else 160
    found: dict[str, dict[str, dict[str, float]]] = {}
    for kind, items in (("sum", 5000), ("histogram", 1000)):
        for temporality in (CUMULATIVE, DELTA):
            load = points(kind, items, count, temporality)
            wanted = payloads.COUNTER if kind == "sum" else payloads.DURATION
            found[load.name] = {"fournines": measure(load, partial(ours, wanted))}
            _say(load.name, found[load.name])
    peers = found["cumulative sums"]
    if binary("prometheus"):
        peers["prometheus"] = measure(remote_writes(5000, count), prometheus)
    if binary("victoria-metrics"):
        peers["victoriametrics"] = measure(remote_writes(5000, count), victoria)
    _say("samples", peers)
    return found


def memory_part(quick: bool) -> dict[str, float]:  # noqa: FBT001 - the flag's value
    """Resident megabytes at 10,000 spans a second with 1,000 SLOs and with 100, and kilobytes for each SLO more."""
    seconds = 10 if quick else 60
    at = {slos: uvloop.run(_steady(slos, seconds)) for slos in (SLOS, 1000)}
    return {
        "mb_with_100_slos": round(at[SLOS], 1),
        "mb_with_1000_slos": round(at[1000], 1),
        "kb_a_further_slo": round((at[1000] - at[SLOS]) * 1024 / 900, 1),
    }


async def _steady(slos: int, seconds: int) -> float:
    with ours("spans", slos) as server:
        load = spans(500, 20 * seconds)
        (bodies,) = load.senders()
        async with _http_sender(load, server) as transmit:
            for _ in range(seconds):
                began = time.perf_counter()
                for _ in range(20):
                    await transmit(next(bodies))
                await asyncio.sleep(max(0.0, 1 - (time.perf_counter() - began)))
        return peak_megabytes(server.pid)


def _say(name: str, found: dict[str, dict[str, float]]) -> None:
    said = ", ".join(f"{who} {each['per_cpu_second']:,.0f} ({each['p99_ms']} ms p99)" for who, each in found.items())
    print(f"{name:>18}: {said}", file=sys.stderr, flush=True)


PARTS: Final[dict[str, Callable[[bool], Any]]] = {"spans": span_part, "points": point_part, "memory": memory_part}


def main() -> None:
    """Measures, and prints one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer requests")
    parser.add_argument("--json", action="store_true", help="only the JSON object on standard output")
    parser.add_argument("--only", choices=PARTS, help="one part")
    options = parser.parse_args()
    details = {name: part(options.quick) for name, part in PARTS.items() if options.only in (None, name)}
    print(json.dumps(result(details)))


def result(details: dict[str, Any]) -> dict[str, Any]:
    """The figure that stands for all: spans per CPU-second over HTTP at 512 a request."""
    headline = details.get("spans", {}).get("http 512", {})
    missing = [
        name
        for name, there in (
            ("rotel", rotel_binary()),
            ("prometheus", binary("prometheus")),
            ("victoriametrics", binary("victoria-metrics")),
        )
        if not there
    ]
    rotels = headline.get("rotel", {}).get("per_cpu_second")
    peers = {"rotel": rotels} if rotels else {}
    peers |= {
        name: found["per_cpu_second"]
        for name, found in details.get("points", {}).get("cumulative sums", {}).items()
        if name != "fournines"
    }
    return {
        "name": "ingest",
        "value": headline.get("fournines", {}).get("per_cpu_second"),
        "unit": f"spans per CPU-second, 512 a request, {FLEET} at once, OTLP/HTTP",
        "goal": round(GOAL * rotels) if rotels else None,
        "peers": peers,
        "details": {**details, "peers_missing": missing},
    }


if __name__ == "__main__":
    main()
