"""A ledger of every version that was ever released opens, keeps every count, and is of the newest version then."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from fournines.collector import Collector, Ledger, Signal
from fournines.collector.ledger.schema import STEPS
from fournines.collector.ledger.verify import verify
from fournines.slo import DAY, Interval, Window

LEDGERS = Path(__file__).with_name("ledgers")
RELEASED = sorted(LEDGERS.glob("version-*.sql"))


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
def test_a_released_ledger_goes_on(tmp_path, otlp, span, slo, decoders, now, released):
    """Totals, histories and windows are what they were; days are packed; what was remembered is recognised; and all adds up."""
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "ledger.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(released.read_text())
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert all(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)
        totals = {
            name: tuple(events)
            for name, *events in connection.execute(
                "SELECT name, good, total, estimated FROM slo WHERE candidate = '' AND name NOT LIKE 'bill%' AND name NOT LIKE 'shop%'"
            )
        }
        rows = connection.execute(
            "SELECT sum(b.total) FROM bucket b JOIN slo s ON s.id = b.slo WHERE width = 10"
        ).fetchone()[0]
        digests = connection.execute("SELECT count(*) FROM digest").fetchone()[0]
    collector = Collector(Ledger(tmp_path / "data", now), [slo("all")], now, decoders)
    try:
        for _ in range(60):
            collector.tick(now)
        found = collector.totals()
        total = found["all"][1]
        history = collector.history("all", Interval(int(now) // DAY * DAY - 4 * DAY, int(now) + 10), 600)
        seen = collector.observe(["all"], [Window(30 * DAY)], now)
        packed = collector.ledger.writer.execute("SELECT sum(total) FROM day WHERE width = 10").fetchone()[0]
        remembered = collector.ledger.writer.execute("SELECT count(*) FROM digest").fetchone()[0]
        assert collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result().accepted == 1
    finally:
        collector.close()
    verdict = verify(path)

    assert {name: found[name] for name in totals} == totals
    assert total == sum(point.total for point in history) == seen.total[0, 0]
    assert 0 < packed < rows
    assert remembered == digests
    assert verdict.sound, str(verdict)
    assert verdict.version == len(STEPS)
    assert verify_words(released, tmp_path)


def verify_words(released, tmp_path):
    """An older ledger, not opened yet, is said to be checked by its pages only."""
    path = tmp_path / "old.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(released.read_text())
    return "only its pages" in str(verify(path))


def test_every_released_version_has_a_ledger():
    """There is one ledger of each version but the newest."""
    assert [f"version-{number}" for number in range(1, len(STEPS))] == [path.stem for path in RELEASED]
