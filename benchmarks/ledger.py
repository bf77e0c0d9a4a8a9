"""How long a collector with 1,000 SLOs and 35 days of history needs to start, and how time, memory and the file grow.

    python benchmarks/ledger.py [--quick] [--json]

One process, real commits in a temporary folder. Read ratios, not seconds: machines differ, and disks more. Every bucket of every SLO is
filled, which is the most there can be. `value` is seconds from opening the ledger to the first evaluation.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np

from fournines.collector import Collector
from fournines.collector.kernels import load_decoders
from fournines.collector.ledger.buckets import Booked, Buckets
from fournines.collector.ledger.ledger import Ledger
from fournines.collector.ledger.packed import pack, parts_of
from fournines.collector.ledger.upkeep import PACKED_AT_ONCE, Upkeep
from fournines.slo import DAY, HOUR, MINUTE, SLI, SLO, Evaluator, Objective, SLIKind

KERNELS = Path(os.environ.get("FOURNINES_KERNELS", Path(__file__).resolve().parent.parent / ".tools" / "kernels"))
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


def packed(days: int, slos: int) -> Iterator[tuple[int, int, int, int, int, int, bytes]]:
    """Packed days of every width at full density: every bucket of every SLO has events."""
    random = np.random.default_rng(1)
    events = random.poisson(100, DAY // 10)
    failed = random.binomial(events, 0.001)
    today = int(NOW) // DAY * DAY
    for width, kept in ((10, min(days, 3)), (MINUTE, days), (HOUR, days)):
        index = np.arange(DAY // width)
        total, good = (finest.reshape(-1, width // 10).sum(axis=1) for finest in (events, events - failed))
        sums, blob = (
            (int(good.sum()), int(total.sum()), 0),
            pack(width, np.stack([index, good, total, 0 * good], axis=1)),
        )
        for day in range(today - kept * DAY, today, DAY):
            yield from ((width, day, slo, *sums, blob) for slo in range(1, slos + 1))


def collector_on(folder: Path, promises: list[SLO], now: float) -> Collector:
    """A collector on a ledger; its decoders are loaded once, before anything is measured."""
    return Collector(Ledger(folder, now), promises, now, load_decoders(KERNELS))


OPEN_ROWS = """
WITH RECURSIVE step(t) AS (SELECT ?2 UNION ALL SELECT t + ?1 FROM step WHERE t + ?1 < ?3)
INSERT INTO bucket SELECT ?1, t, id, 99 * ?1, 100 * ?1, 0 FROM step CROSS JOIN slo
"""


def filled(folder: Path, promises: list[SLO], days: int, *, day: bool = False) -> None:
    """A ledger with `days` of traffic at full density, packed, and the rows of today, or of a whole `day` that is to be packed."""
    collector_on(folder, promises, NOW).close()
    now = int(NOW)
    today = now // DAY * DAY
    with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as connection, connection:
        for width in (10, MINUTE, HOUR):
            connection.execute(OPEN_ROWS, (width, today - DAY if day else today, today + 2 * HOUR if day else now))
        if not day:
            connection.executemany("INSERT INTO day VALUES (?, ?, ?, ?, ?, ?, ?)", packed(days, len(promises)))
            connection.execute(
                "UPDATE tier SET packed = ?1, open = ?1, complete = ?2", (today, today - min(days, 3) * DAY)
            )


def restart(count: int, days: int) -> dict[str, float]:
    """Seconds to open such a ledger, and until the first evaluation is there; and the memory that took, kB an SLO."""
    with tempfile.TemporaryDirectory() as folder:
        promises = slos(count, 100)
        filled(Path(folder), promises, days)
        size = (Path(folder) / "ledger.db").stat().st_size / 1e6
        before = resident()
        began = time.perf_counter()
        collector = collector_on(Path(folder), promises, NOW)
        opened = time.perf_counter() - began
        evaluator = Evaluator(collector.slos)
        evaluator.at(collector, NOW)
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        for step in range(10):
            evaluator.at(collector, NOW + 10 * step)
        later = (time.perf_counter() - began) / 10
        memory = resident() - before
        collector.close()
    return {
        "slos": count,
        "days": days,
        "megabytes": round(size),
        "open": round(opened, 2),
        "seconds": round(seconds, 2),
        "evaluation_ms": round(1000 * later, 1),
        "kB_an_slo": round(memory / 1000 / count, 1),
    }


def resident() -> int:
    """Bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def housework(count: int, ticks: int) -> dict[str, float]:
    """What a tick costs while a day of so many SLOs at full density is packed, and how many such ticks the day takes."""
    with tempfile.TemporaryDirectory() as folder:
        promises = slos(count, 100)
        filled(Path(folder), promises, 0, day=True)
        now = int(NOW) // DAY * DAY + 2 * HOUR + 1.0
        collector = collector_on(Path(folder), promises, now)
        took = []
        for _ in range(ticks):
            began = time.perf_counter()
            collector.tick(now)
            took.append(1000 * (time.perf_counter() - began))
        collector.close()
    whole = sum(parts_of(width) * -(-count // PACKED_AT_ONCE) for width in (10, MINUTE, HOUR))
    return {
        "slos": count,
        "median_ms": round(sorted(took)[ticks // 2], 1),
        "worst_ms": round(max(took), 1),
        "ticks_a_day": whole,
    }


def growth(days: int, count: int) -> dict[str, list[float]]:
    """Megabytes of the file after each tenth of so many simulated days, a bucket of every minute of every SLO filled."""
    sizes = []
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Ledger(Path(folder), NOW)) as ledger:
        connection = ledger.writer
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany("INSERT INTO slo (id, name) VALUES (?, ?)", [(n, str(n)) for n in range(1, count + 1)])
        buckets = Buckets(connection)
        upkeep = Upkeep(connection, buckets)
        now = int(NOW) // DAY * DAY
        for day in range(days):
            for _ in range(24):
                now += HOUR
                for t in range(now - HOUR, now, MINUTE):
                    buckets.book(tuple(range(1, count + 1)), t, Booked(99, 100), now)
                ledger.commit([buckets])
                for _minute in range(60):
                    upkeep.stage(now)
                    if upkeep.changed:
                        ledger.commit([upkeep])
            if day % max(1, days // 10) == 0:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                sizes.append(round(ledger.path.stat().st_size / 1e6, 2))
        free = connection.execute("PRAGMA freelist_count").fetchone()[0] * 4096 / 1e6
    return {"days": [days], "slos": [count], "megabytes": sizes, "free_megabytes": [round(free, 2)]}


def main() -> None:
    """Prints what was measured; one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer SLOs and days")
    parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
    options = parser.parse_args()
    started = restart(1_000, 35)
    grown = [
        restart(count, days) for count, days in ((100, 35), (1_000, 7), *(() if options.quick else ((2_000, 35),)))
    ]
    house = housework(1_000, 30 if options.quick else 300)
    size = growth(20 if options.quick else 60, 10)
    if not options.json:
        print(f"restart: {started}")
        for one in grown:
            print(f"         {one}")
        print(f"packing a day: {house}\nfile: {size}")
    details = {"restart": started, "grown": grown, "housework": house, "file": size}
    result = {"name": "ledger_restart", "value": started["seconds"], "unit": "s", "goal": GOAL_SECONDS, "peers": {}}
    print(json.dumps({**result, "details": details}))


if __name__ == "__main__":
    main()
