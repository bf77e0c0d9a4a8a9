"""The ledger's file: durable, held by one process, and never replaced when it can't be read."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from fournines.collector import Collector, LedgerError, Signal, Unavailable
from fournines.collector import collector as collector_module
from fournines.collector.ledger.ledger import Ledger
from fournines.collector.ledger.schema import APPLICATION_ID, STEPS, migrate
from fournines.slo import Interval


def test_a_commit_survives_power_loss(tmp_path, now):
    """The writing connection uses a write-ahead log and syncs it at every commit."""
    ledger = Ledger(tmp_path, now)
    found = [ledger.writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    ledger.close()

    assert ["wal", 2] == found


def test_birth_and_secret_stay(tmp_path, now):
    """A ledger's birth and its secret are those of its first opening."""
    first = Ledger(tmp_path, now)
    first.close()
    second = Ledger(tmp_path, now + 1000)
    second.close()

    assert (int(now), first.secret) == (second.birth, second.secret)


def test_a_second_holder_is_refused(tmp_path, now):
    """Whoever opens a folder that is in use is told which folder, and by which process."""
    ledger = Ledger(tmp_path, now)
    with pytest.raises(LedgerError, match=rf"{tmp_path} is in use by process {os.getpid()}"):
        Ledger(tmp_path, now)
    ledger.close()
    Ledger(tmp_path, now).close()


@pytest.mark.parametrize("place", [0, 100, 4096, 8192])
def test_a_damaged_file_is_refused_and_left_alone(tmp_path, now, place):
    """A ledger that was written over is refused with a word about damage, and not a byte of it is changed."""
    Ledger(tmp_path, now).close()
    file = tmp_path / "ledger.db"
    content = bytearray(file.read_bytes())
    content[place : place + 600] = b"\xa5" * 600
    file.write_bytes(content)

    with pytest.raises(LedgerError, match=r"damaged|something else"):
        Ledger(tmp_path, now)
    assert bytes(content) == file.read_bytes()


def test_a_foreign_database_is_refused(tmp_path, now):
    """A database that is no ledger is not made one."""
    connection = sqlite3.connect(tmp_path / "ledger.db")
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()

    with pytest.raises(LedgerError, match="something else"):
        Ledger(tmp_path, now)


def test_a_newer_ledger_is_refused(tmp_path, now):
    """A ledger of a version this program does not know is refused, and says what to do."""
    ledger = Ledger(tmp_path, now)
    ledger.writer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    ledger.close()

    with pytest.raises(LedgerError, match="use a newer fournines"):
        Ledger(tmp_path, now)


def test_a_ledger_that_lost_a_table_is_refused(tmp_path, opened, now):
    """A ledger in which something is missing is refused, and the folder is free again."""
    opened().close()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "ledger.db")) as connection:
        connection.execute("DROP TABLE sender")
    for _ in range(2):
        with pytest.raises(LedgerError, match="no such table: sender"):
            opened()


def test_a_start_that_cannot_write_is_refused(opened, slo, monkeypatch):
    """A collector that can't write down its SLOs does not start, and lets the folder go."""
    reserve = Ledger.commit

    def fails(self, parts):
        self.writer.execute("PRAGMA query_only = ON")
        reserve(self, parts)

    monkeypatch.setattr(Ledger, "commit", fails)
    with pytest.raises(LedgerError, match="readonly"):
        opened([slo("all")])
    monkeypatch.undo()
    assert 1 == len(opened([slo("all")]).slos)


def test_a_folder_that_is_a_file_is_refused(tmp_path, now):
    """Data can't be kept in a file."""
    (tmp_path / "data").write_text("")

    with pytest.raises(LedgerError, match="can't be used for data"):
        Ledger(tmp_path / "data", now)


def test_migration_goes_forward_step_by_step():
    """A ledger of any version is brought to the newest, each step once; a failing step leaves the one before."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, ("CREATE TABLE a (x);",))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, ("CREATE TABLE a (x);", "CREATE TABLE b (x); CREATE TABLE a (x);"))
    connection.execute("ROLLBACK")
    migrate(connection, ("CREATE TABLE a (x);", "CREATE TABLE c (x);"))
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]
    marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")]
    connection.close()

    assert ["a", "c"] == tables
    assert [2, APPLICATION_ID] == marks


WAYS_TO_FAIL = {
    "full": ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000000"),
    "read-only": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
}


@pytest.mark.parametrize("way", WAYS_TO_FAIL)
def test_a_failed_commit_leaves_nothing_behind(opened, otlp, span, slo, now, way):
    """What can't be written is refused for now, changes nothing, and counts once when it comes again."""
    fail, heal = WAYS_TO_FAIL[way]
    collector = opened([slo("all"), slo("quick", threshold="0.25")])
    before = otlp.spans(span(now))
    collector.accept(Signal.TRACES, before, now).result()
    body = otlp.spans(*(span(now - index * 61, status=500) for index in range(500)))
    collector.ledger.writer.execute(fail)

    with pytest.raises(Unavailable):
        collector.accept(Signal.TRACES, body, now).result()
    assert not collector.healthy
    assert (1, 1, 0) == collector.totals()["all"]
    assert 1 == sum(point.total for point in collector.history("all", Interval(int(now) - 86_400, int(now) + 10), 3600))

    collector.ledger.writer.execute(heal)
    assert not collector.accept(Signal.TRACES, body, now).result().repeated
    assert collector.healthy
    assert (1, 501, 0) == collector.totals()["all"]
    assert collector.accept(Signal.TRACES, body, now).result().repeated
    assert (1, 501, 0) == collector.totals()["all"]


def test_everything_in_a_failed_group_is_refused(opened, otlp, span, slo, now):
    """When a commit fails, every request in it is told so, new services and streams are forgotten, and all count once later."""
    collector = opened([slo("all")])
    bodies = [otlp.spans(span(now), service=f"s{index}") for index in range(50)]
    collector.ledger.writer.execute("PRAGMA query_only = ON")
    errors = [f.exception() for f in [collector.accept(Signal.TRACES, body, now) for body in bodies]]
    assert all(isinstance(error, Unavailable) for error in errors)
    assert ["all"] == [one.name for one in collector.slos]

    collector.ledger.writer.execute("PRAGMA query_only = OFF")
    with ThreadPoolExecutor() as pool:
        assert all(pool.map(lambda b: collector.accept(Signal.TRACES, b, now).result().accepted == 1, bodies))
    assert 101 == len(collector.slos)


def test_a_tick_finds_out_that_the_ledger_can_be_written_again(opened, otlp, span, now, caplog):
    """An unhealthy ledger is tried at every tick, and each change is logged once."""
    collector = opened()
    collector.ledger.writer.execute("PRAGMA query_only = ON")
    for _ in range(3):
        assert collector.accept(Signal.TRACES, otlp.spans(span(now)), now).exception() is not None
    with pytest.raises(Unavailable):
        collector.tick(now + 1)
    collector.ledger.writer.execute("PRAGMA query_only = OFF")
    collector.tick(now + 2)

    assert collector.healthy
    assert 2 == len([record for record in caplog.records if record.name == "fournines.collector"])


FULL_DISK = """
    import os, resource, sys
    from pathlib import Path
    from fournines.collector import Collector, Ledger, Signal, Unavailable
    from fournines.collector.kernels import load_decoders
    decoders = load_decoders(Path(os.environ["FOURNINES_KERNELS"]))
    folder, limit, now = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    collector = Collector(Ledger(folder, now), (), now, decoders)
    bodies = sys.stdin.buffer.read()
    bodies = [bodies[i:i + len(bodies) // 40] for i in range(0, len(bodies), len(bodies) // 40)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    first = [collector.accept(Signal.TRACES, body, now) for body in bodies]
    kept = sum(future.exception() is None for future in first)
    refused = sum(isinstance(future.exception(), Unavailable) for future in first)
    total = collector.totals().get("payments-availability", (0, 0, 0))[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = sum(collector.accept(Signal.TRACES, body, now).result().accepted for body in bodies)
    collector.tick(now + 61)
    collector.close()
    collector = Collector(Ledger(folder, now), (), now, decoders)
    print(kept, refused, again, collector.totals()["payments-availability"][1])
    collector.close()
"""


def test_a_full_disk_refuses_and_recovers(tmp_path, otlp, span, decoders, now):
    """When the file can grow no more, requests are refused; when it can again, each counts exactly once."""
    bodies = [otlp.spans(*(span(now - 7200 + 61 * step) for step in range(100))) for _ in range(40)]
    assert 1 == len({len(body) for body in bodies})
    size = 60 * 1024
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), tmp_path, str(size), str(now)],
        input=b"".join(bodies),
        capture_output=True,
        check=True,
        timeout=60,
    )
    kept, refused, again, counted = map(int, run.stdout.split())

    assert 40 == kept + refused
    assert refused > 0
    assert (4000, 4000) == (again, counted)


def test_closing_is_done_once_and_for_all(opened, otlp, span, now):
    """A closed collector takes nothing in, and says so to whoever comes."""
    collector: Collector = opened()
    collector.close()
    collector.close()

    with pytest.raises(Unavailable, match="closing"):
        collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result()
    with pytest.raises(Unavailable, match="closing"):
        collector.tick(now)


def test_damage_met_while_the_books_are_read_is_looked_for_at_the_next_start(opened, now, monkeypatch):
    """A page of a table that is checked late may be damaged: this start is refused, and the next one checks every page."""
    collector = opened()
    folder = collector.ledger.path.parent
    collector.close()

    def broken(*_):
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(collector_module, "Books", broken)
    with pytest.raises(LedgerError, match="damaged"):
        opened(replace_damaged=True)
    with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as connection:
        assert [(1,)] == connection.execute("SELECT value FROM meta WHERE key = 'damaged'").fetchall()
