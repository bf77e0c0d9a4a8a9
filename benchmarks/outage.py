"""What a collector's outage costs a service: its slowest percent of requests, and its memory, beside one whose collector is well.

One service (uvicorn, a process of its own) for each state its collector is in: up; up again, as the control, which says what
noise is; refusing connections; hanging (it takes a request and never answers); answering 503, or bytes that are no HTTP; and
hanging with a span queue so short that it is always full. Rounds ask each service the same number of times, in shuffled
order, one request after the other. The value is the worst p99 over the mean of the two whose collector is up; what those
two differ by is noise.

    python benchmarks/outage.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Final

GOAL_RATIO: Final = 1.1
ROUNDS: Final = 150
QUICK_ROUNDS: Final = 40
TIMES: Final = 100
WARM: Final = 400
HERE: Final = Path(__file__).parent
ASKED: Final = b"GET /items/42 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: benchmark/1\r\nAccept: */*\r\n\r\n"
ANSWERED: Final = b'{"x":42}'
STATES: Final = {
    "up": "up",
    "up again": "up",
    "refusing": "refusing",
    "hanging": "hanging",
    "503": "503",
    "garbage": "garbage",
    "span queue full": "hanging",
}
"""State -> the collector its service is sent to."""


class Service:
    """One service under load: its process, a connection to it, and what was measured."""

    def __init__(self, state: str, collector: int) -> None:
        self.state, self.port = state, free_port()
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "stacks.served:app", "--port", str(self.port), "--no-access-log"],
            cwd=HERE,
            env=os.environ | environment(state, collector),
            stdout=subprocess.DEVNULL,
            stderr=self.log,
        )
        self.connection = connected(self.port)
        self.waited: list[float] = []
        self.cpu: list[float] = []
        self.memory = 0

    def ask(self, times: int) -> None:
        """So many requests, one after the other."""
        before = self.thread_seconds()
        for _ in range(times):
            began = time.perf_counter()
            self.connection.sendall(ASKED)
            answer = b""
            while not answer.endswith(ANSWERED):
                answer += (taken := self.connection.recv(65536))
                if not taken:
                    raise SystemExit(f"the service of the state {self.state!r} has closed the connection")
            self.waited.append(time.perf_counter() - began)
        self.cpu.append((self.thread_seconds() - before) / times)

    def begin(self) -> None:
        """From now on it counts."""
        self.waited.clear()
        self.cpu.clear()
        self.memory = self.resident()

    def resident(self) -> int:
        """Bytes of memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")

    def thread_seconds(self) -> float:
        """CPU of the thread that answers requests."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/schedstat"
        return int(Path(path).read_text(encoding="ascii").split()[0]) / 1e9

    def end(self) -> dict[str, float]:
        """Ends it; all that is said of it. `end_seconds`: what its last export was allowed to take."""
        grown, began = self.resident() - self.memory, time.perf_counter()
        self.connection.close()
        self.process.terminate()
        self.process.wait(30)
        ended = time.perf_counter() - began
        self.log.seek(0)
        told = [line for line in self.log.read().decode().splitlines() if "INFO" not in line and line.strip()]
        self.log.close()
        return {
            "p50_us": round(quantile(self.waited, 50) * 1e6, 1),
            "p99_us": round(quantile(self.waited, 99) * 1e6, 1),
            "cpu_us": round(statistics.median(self.cpu) * 1e6, 1),
            "grown_mb": round(grown / 1e6, 1),
            "log_lines": len(told),
            "end_seconds": round(ended, 1),
            "requests": len(self.waited),
        }


def environment(state: str, collector: int) -> dict[str, str]:
    """What a service is told: exports every second, so that there are many attempts in the time."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector}",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "3000",
        "OTEL_BSP_MAX_QUEUE_SIZE": "32" if state == "span queue full" else "2048",
    }


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def connected(port: int, patience: float = 60.0) -> socket.socket:
    """A connection to a service that is about to start."""
    deadline = time.monotonic() + patience
    while True:
        try:
            made = socket.create_connection(("127.0.0.1", port), 30)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made


def quantile(values: list[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    return statistics.quantiles(values, n=100)[percent - 1]


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Rows by state."""
    with subprocess.Popen(
        [sys.executable, str(HERE / "stacks" / "collectors.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as collectors:
        assert collectors.stdout is not None
        ports = {**json.loads(collectors.stdout.readline()), "refusing": free_port()}
        services = [Service(state, ports[kind]) for state, kind in STATES.items()]
        for service in services:
            service.ask(WARM)
            service.begin()
        for _ in range(rounds):
            for service in random.sample(services, len(services)):
                service.ask(TIMES)
        return {service.state: service.end() for service in services}  # ends here: the collectors' input does


def report(rows: dict[str, dict[str, float]]) -> dict[str, object]:
    """The benchmark's one object."""
    both = [rows["up"], rows["up again"]]
    well = {what: statistics.mean(row[what] for row in both) for what in rows["up"]}
    ratios = {state: round(row["p99_us"] / well["p99_us"], 3) for state, row in rows.items()}
    return {
        "name": "outage_p99",
        "value": max(ratio for state, ratio in ratios.items() if STATES[state] != "up"),
        "unit": "x",
        "goal": GOAL_RATIO,
        "peers": {},
        "details": {
            "noise": round(max(row["p99_us"] for row in both) / min(row["p99_us"] for row in both), 3),
            "p99_ratios": ratios,
            "cpu_ratios": {state: round(row["cpu_us"] / well["cpu_us"], 3) for state, row in rows.items()},
            "grown_mb_beside_up": {state: round(row["grown_mb"] - well["grown_mb"], 1) for state, row in rows.items()},
            "most_log_lines": max(row["log_lines"] for row in rows.values()),
            "states": rows,
        },
    }


def table(rows: dict[str, dict[str, float]]) -> None:
    """The rows for people."""
    print(f"{'collector':18} {'p50 us':>8} {'p99 us':>8} {'CPU us':>8} {'grown MB':>9} {'log lines':>10} {'end s':>6}")
    for state, row in rows.items():
        print(
            f"{state:18} {row['p50_us']:8.0f} {row['p99_us']:8.0f} {row['cpu_us']:8.1f} {row['grown_mb']:9.1f}"
            f" {row['log_lines']:10.0f} {row['end_seconds']:6.1f}"
        )


def main() -> None:
    """Measures and prints; with --json only the object."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds: about half a minute")
    options.add_argument("--json", action="store_true", help="print nothing but one JSON object")
    chosen = options.parse_args()
    rows = measure(QUICK_ROUNDS if chosen.quick else ROUNDS)
    if not chosen.json:
        table(rows)
    print(json.dumps(report(rows)))


if __name__ == "__main__":
    main()
