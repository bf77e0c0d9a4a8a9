"""From the first failed request to the page: ours, and Prometheus with Alertmanager at the usual and at the fastest sensible settings.

Some services, each called 50 times a second over a socket and instrumented by one line, begin to fail, each at a moment of its own,
so that no two meet the same phase of anybody's timers. All three watch the same services at the same time, each over an hour of healthy
history; the time of each is taken when the first body that names the service arrives at the receiver's socket. Scenarios: every request
fails, 10 %, 1 %. The value is the median of a total outage, ours.

After an hour, Prometheus' window of six hours holds that hour alone, so its second pair burns at 0.06 % of an hour, six times too early:
after 2.2 s of outage and 22 s of 10 %. Ours counts what it has not seen as free of failures (14.4x over 1 h: 5.2 s and 52 s). What its
usual settings wait for is scraping, evaluating and gathering.

    python benchmarks/time_to_page.py [--quick] [--json]

`--quick` leaves 1 % out, which takes ten minutes until it pages anybody, and has the total outage once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ingest import free_port, running  # type: ignore[import-not-found] # beside this script
from stacks.callers import Caller  # type: ignore[import-not-found] # the folder beside it
from stacks.watchers import Pace, fournines, prometheus  # type: ignore[import-not-found] # as above

GOAL_SECONDS: Final = 8.0
SERVICES: Final = 5
RATE: Final = 50
SETTLE: Final = 20.0
"""Seconds before anything fails: more than a scrape of the slowest."""
SPREAD: Final = 30.0
"""Seconds over which services begin to fail: an evaluation of the slowest."""
ROUNDS: Final = 4
PACES: Final = {"prometheus usual": Pace(15, 30, 30), "prometheus fastest": Pace(1, 1, 0)}
OURS: Final = "fournines"
HERE: Final = Path(__file__).parent
_NAMED: Final = re.compile(r'"service": ?"([^"]+)"')


@dataclass(frozen=True)
class Scenario:
    """So much of the requests fail; whoever has not paged after `patience` seconds is said not to have."""

    name: str
    share: float
    patience: float


OUTAGE: Final = Scenario("outage", 1.0, 150.0)
TENTH: Final = Scenario("10 %", 0.1, 300.0)
HUNDREDTH: Final = Scenario("1 %", 0.01, 900.0)


@dataclass
class Hook:
    """The receiver of all three: when each first named a service."""

    told: dict[tuple[str, str], float] = field(default_factory=dict)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, of however many requests."""
        # Whoever told has gone, or all is over.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                arrived = time.time()
                length = re.search(rb"(?i)content-length: (\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                self._hear(head.split(b" ", 2)[1].decode().strip("/"), body.decode(), arrived)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    def _hear(self, who: str, body: str, arrived: float) -> None:
        if '"severity": "page"' in body or '"severity":"page"' in body:
            for service in _NAMED.findall(body):
                self.told.setdefault((who, service), arrived)


def measure(scenario: Scenario) -> dict[str, list[float | None]]:
    """Seconds to the page by who told, one a service; None where nobody was told in time."""
    services = {f"pay-{number}": free_port() for number in range(SERVICES)}
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        hook, port = Hook(), free_port()
        folders = {who: Path(name) / who.replace(" ", "-") for who in (OURS, *PACES)}
        for folder in folders.values():
            folder.mkdir()
        urls = {who: f"http://127.0.0.1:{port}/{folder.name}" for who, folder in folders.items()}
        otlp = stack.enter_context(fournines(folders[OURS], list(services), RATE, urls[OURS]))
        for service, own in services.items():
            stack.enter_context(_served(service, own, otlp))
        for who, pace in PACES.items():
            stack.enter_context(prometheus(folders[who], services, RATE, urls[who], pace))
        callers = asyncio.run(_fail(scenario, services, hook, port))
    return {who: [_waited(hook, folder.name, caller) for caller in callers] for who, folder in folders.items()}


@contextlib.contextmanager
def _served(service: str, port: int, otlp: str) -> Iterator[None]:
    command = (sys.executable, "-m", "uvicorn", "stacks.paid:app", "--port", port, "--no-access-log", "--app-dir", HERE)
    env = {"OTEL_SERVICE_NAME": service, "OTEL_EXPORTER_OTLP_ENDPOINT": otlp, "PATH": os.environ.get("PATH", "")}
    with running(command, f"http://127.0.0.1:{port}/metrics", env):
        yield


async def _fail(scenario: Scenario, services: Mapping[str, int], hook: Hook, port: int) -> list[Caller]:
    """Calls all of them, healthy at first, until each was told of by everybody or the patience is over."""
    server = await asyncio.start_server(hook, "127.0.0.1", port)
    begin = time.time() + SETTLE
    callers = [
        Caller(service, own, RATE, scenario.share, begin + random.uniform(0, SPREAD))
        for service, own in services.items()
    ]
    tasks = [asyncio.create_task(caller.run()) for caller in callers]
    deadline = begin + SPREAD + scenario.patience
    while time.time() < deadline and len(hook.told) < len(services) * (1 + len(PACES)):
        await asyncio.sleep(0.2)
        for task in tasks:
            if task.done():
                await task
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    server.close()
    return callers


def _waited(hook: Hook, who: str, caller: Caller) -> float | None:
    told = hook.told.get((who, caller.service))
    assert caller.first_failure is not None, "every service was made to fail"
    return None if told is None else told - caller.first_failure


def summed(times: Sequence[float | None]) -> dict[str, Any]:
    """Median, 95th percentile and slowest of those that came; and how many never did."""
    came = sorted(each for each in times if each is not None)
    told = {"pages": len(came), "never": len(times) - len(came)}
    if not came:
        return {**told, "median": None, "p95": None, "slowest": None}
    p95 = statistics.quantiles(came, n=20, method="inclusive")[-1] if len(came) > 1 else came[0]
    return {
        **told,
        "median": round(statistics.median(came), 2),
        "p95": round(p95, 2),
        "slowest": round(came[-1], 2),
        "fastest": round(came[0], 2),
    }


def report(found: Mapping[str, Mapping[str, Sequence[float | None]]]) -> dict[str, Any]:
    """The benchmark's one object."""
    rows = {name: {who: summed(times) for who, times in each.items()} for name, each in found.items()}
    outage = rows[OUTAGE.name]
    ours, usual = outage[OURS]["median"], outage["prometheus usual"]["median"]
    return {
        "name": "time_to_page",
        "value": ours,
        "unit": "s",
        "goal": GOAL_SECONDS,
        "peers": {who: outage[who]["median"] for who in PACES},
        "details": {
            "p95": outage[OURS]["p95"],
            "goal_p95": 10.0,
            "share_of_usual": round(ours / usual, 3) if ours and usual else None,
            "goal_share": 0.2,
            "seconds": rows,
            "requests_per_second": RATE,
            "paces": {who: pace.__dict__ for who, pace in PACES.items()},
        },
    }


def table(rows: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """The rows for people."""
    print(f"{'what fails':12} {'who pages':20} {'pages':>6} {'median s':>9} {'p95 s':>8} {'slowest':>8} {'never':>6}")
    for name, each in rows.items():
        for who, row in each.items():
            said = (f"{row[key]:.1f}" if row[key] is not None else "-" for key in ("median", "p95", "slowest"))
            median, p95, slowest = said
            print(f"{name:12} {who:20} {row['pages']:6} {median:>9} {p95:>8} {slowest:>8} {row['never']:6}")


def main() -> None:
    """Measures and prints; with --json only the object."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--quick", action="store_true", help="one total outage and one of 10 %%: about five minutes")
    options.add_argument("--json", action="store_true", help="print nothing but one JSON object")
    chosen = options.parse_args()
    scenarios = [OUTAGE, TENTH] if chosen.quick else [*[OUTAGE] * ROUNDS, TENTH, HUNDREDTH]
    found: dict[str, dict[str, list[float | None]]] = {}
    for scenario in scenarios:
        for who, times in measure(scenario).items():
            found.setdefault(scenario.name, {}).setdefault(who, []).extend(times)
    said = report(found)
    if not chosen.json:
        table(said["details"]["seconds"])
    print(json.dumps(said))


if __name__ == "__main__":
    main()
