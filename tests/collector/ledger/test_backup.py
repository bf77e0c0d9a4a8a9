"""Copies of a ledger, and what is said of its soundness."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import subprocess
import sys
import textwrap

import pytest
from prometheus_client import CollectorRegistry

from fournines.collector import Collector, LedgerError, Signal
from fournines.collector.ledger.backup import backup
from fournines.collector.ledger.instruments import LedgerInstruments
from fournines.collector.ledger.ledger import Ledger
from fournines.collector.ledger.verify import verify
from fournines.slo import DAY, HOUR

DAYS = 3


@pytest.fixture(scope="module")
def kept(tmp_path_factory, decoders, otlp, span, slo, now):
    """A folder with three days of events but their last hour, two of them packed: made once, copied for each test. And its SLOs."""
    folder, slos = tmp_path_factory.mktemp("kept"), [slo("all"), slo("quick", threshold="0.25")]
    with contextlib.closing(Collector(Ledger(folder, now - DAYS * DAY), slos, now - DAYS * DAY, decoders)) as collector:
        for hour in range(DAYS * 24):
            add_hour(collector, now - DAYS * DAY + hour * HOUR, otlp, span)
        for _ in range(150):
            collector.tick(now)
    return folder, slos


@pytest.fixture
def filled(kept, tmp_path, opened, otlp, span, now):
    """A running collector with three days of events, two of them packed, the last ones still in the log."""
    folder, slos = kept
    shutil.copytree(folder, tmp_path / "data")
    collector = opened(slos, now)
    add_hour(collector, now, otlp, span)
    collector.tick(now)
    return collector


def add_hour(collector, at, otlp, span):
    body = otlp.spans(*(span(at - 7 * step, status=500 if step == 3 else 200) for step in range(9)))
    assert collector.accept(Signal.TRACES, body, at).result().accepted == 9


def edit(path, *statements):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_copy_is_the_ledger(tmp_path, filled, decoders, now):
    """A copy of a running ledger is one file, sound, and a collector that opens it knows every event."""
    told = []
    size = backup(tmp_path / "data", tmp_path / "copy.db", lambda what, share: told.append((what, share)))
    (tmp_path / "restored").mkdir()
    (tmp_path / "copy.db").rename(tmp_path / "restored" / "ledger.db")
    expected = filled.totals()
    restored = Collector(Ledger(tmp_path / "restored", now), filled.slos, now, decoders)
    found = restored.totals()
    restored.close()

    assert size > 0
    assert found == expected
    assert ("checking the copy", 1) == told[-1]
    assert all(0 <= share <= 1 for _, share in told)
    assert ["lock"] == sorted(file.name for file in (tmp_path / "restored").iterdir() if file.name != "ledger.db")


def test_a_copy_is_of_one_moment(tmp_path, filled, otlp, span, now, monkeypatch):
    """What is committed while the copy is made neither gets in nor makes it begin again."""
    monkeypatch.setattr("fournines.collector.ledger.backup.PAGES_AT_ONCE", 5)
    before = filled.totals()["all"][1]
    shares = []

    def tell(what, share):
        filled.accept(Signal.TRACES, otlp.spans(span(now)), now).result()
        shares.append((what, share))

    backup(tmp_path / "data", tmp_path / "copy.db", tell)
    copying = [share for what, share in shares if what == "copying"]
    verdict = verify(tmp_path / "copy.db")

    assert verdict.sound, str(verdict)
    assert len(copying) > 5
    assert copying == sorted(copying)
    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert before == copy.execute("SELECT total FROM slo WHERE name = 'all'").fetchone()[0]
    assert filled.totals()["all"][1] == before + len(shares)


def test_a_copy_takes_nobodys_place(tmp_path, filled):
    """An existing file is never replaced, a failed copy leaves nothing, and what is wrong is said."""
    target = tmp_path / "copy.db"
    target.write_text("dear to somebody")
    with pytest.raises(LedgerError, match="there already"):
        backup(tmp_path / "data", target)
    assert "dear to somebody" == target.read_text()
    with pytest.raises(LedgerError, match="no ledger"):
        backup(tmp_path / "nowhere", tmp_path / "new.db")
    with pytest.raises(LedgerError, match="no folder"):
        backup(tmp_path / "data", tmp_path / "no" / "new.db")

    def taken(what, share):
        (tmp_path / "new.db").write_text("quicker")

    with pytest.raises(LedgerError, match="can't be made"):
        backup(tmp_path / "data", tmp_path / "new.db", taken)
    assert "quicker" == (tmp_path / "new.db").read_text()
    assert not list(tmp_path.glob("*.partial"))


def test_a_copy_needs_room(tmp_path, filled, monkeypatch):
    """A disk without room is told before anything is copied."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("usage", (), {"free": 10}))
    with pytest.raises(LedgerError, match="has room for 0 MB"):
        backup(tmp_path / "data", tmp_path / "copy.db")


def test_a_running_ledger_is_verified(tmp_path, filled):
    """A sound ledger is called sound, in a line with its SLOs and events, running or not, with packed days in it."""
    running = verify(tmp_path / "data")
    packed = filled.ledger.writer.execute("SELECT count(*) FROM day").fetchone()[0]
    filled.close()
    closed = verify(tmp_path / "data" / "ledger.db")

    assert running.sound, str(running)
    assert running == closed
    assert packed > 0
    assert f"{running.events} events" in str(running)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "UPDATE bucket SET total = total + 1 WHERE width = 60 AND t = (SELECT max(t) FROM bucket WHERE width = 60)",
            "finer",
        ),
        ("DELETE FROM bucket WHERE width = 10 AND t = (SELECT max(t) FROM bucket WHERE width = 10)", "finer buckets"),
        ("UPDATE slo SET total = total + 1, good = good + 1 WHERE name = 'all'", "its totals are"),
        (
            "UPDATE day SET buckets = CAST(substr(buckets, 1, length(buckets) - 3) || x'ffeedd' AS BLOB) WHERE width = 10",
            "damaged",
        ),
        ("UPDATE day SET total = total + 1 WHERE width = 3600", "its row says"),
        ("DELETE FROM day WHERE width = 60", "finer buckets"),
        ("INSERT INTO late SELECT 10, max(day), 1, 1, 1, 0 FROM day", "finer buckets"),
    ],
)
def test_what_does_not_add_up_is_found(tmp_path, filled, statement, words):
    """Whatever is changed behind the collector's back is told, with the SLO, the time and the numbers; the ledger is not changed."""
    filled.close()
    path = tmp_path / "data" / "ledger.db"
    edit(path, statement)
    content = path.read_bytes()
    verdict = verify(path)

    assert not verdict.sound
    assert words in str(verdict)
    assert "NOT sound" in str(verdict)
    assert content == path.read_bytes()


def test_a_damaged_page_is_found(tmp_path, filled):
    """A page that was written over is told, and ends the check, not the program."""
    filled.close()
    path = tmp_path / "data" / "ledger.db"
    content = bytearray(path.read_bytes())
    for page in range(4, len(content) // 4096, 3):
        content[page * 4096 : page * 4096 + 300] = b"\xa5" * 300
    path.write_bytes(content)

    assert not verify(path).sound


def test_what_is_no_ledger_is_refused(tmp_path):
    """Nothing, something else, and a ledger of the future are refused with the reason."""
    with pytest.raises(LedgerError, match="there is no ledger"):
        verify(tmp_path)
    (tmp_path / "ledger.db").write_text("no ledger at all, but long enough to be one" * 10)
    with pytest.raises(LedgerError, match="can't be read"):
        verify(tmp_path)
    (tmp_path / "ledger.db").unlink()
    edit(tmp_path / "ledger.db", "CREATE TABLE theirs (a)")
    with pytest.raises(LedgerError, match="no ledger of fournines"):
        verify(tmp_path)
    (tmp_path / "ledger.db").unlink()
    Ledger(tmp_path, 1.0).close()
    edit(tmp_path / "ledger.db", "PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="version 99"):
        verify(tmp_path)


def spoil(path, first=1):
    content = bytearray(path.read_bytes())
    for page in range(first, len(content) // 4096):
        content[page * 4096 : page * 4096 + 600] = b"\xa5" * 600
    path.write_bytes(content)
    return bytes(content)


def test_a_damaged_ledger_is_set_aside_when_asked(tmp_path, opened, otlp, span, slo, now, caplog):
    """It is renamed with its time, whole, with its log; a new one begins, counts, and says so; restarting changes nothing more."""
    opened([slo("all")]).close()
    path = tmp_path / "data" / "ledger.db"
    content = spoil(path)
    path.with_name("ledger.db-wal").write_bytes(b"a log")
    with pytest.raises(LedgerError, match="damaged"):
        Ledger(tmp_path / "data", now)
    assert b"a log" == path.with_name("ledger.db-wal").read_bytes()
    for _ in range(2):
        ledger = Ledger(tmp_path / "data", now, replace_damaged=True)
        ledger.close()
    old = tmp_path / "data" / "ledger.db.damaged-20260921T141320Z"

    assert (old,) == ledger.damaged
    assert content == old.read_bytes()
    assert b"a log" == old.with_name(old.name + "-wal").read_bytes()
    assert verify(path).sound
    assert 1 == len([record for record in caplog.records if record.levelno == logging.CRITICAL])
    assert str(old) in caplog.text


def test_a_disk_that_spoils_ledgers_is_not_fed(tmp_path, now):
    """With three damaged ledgers beside it a fourth is refused, and left where it is."""
    for _ in range(3):
        Ledger(tmp_path, now).close()
        spoil(tmp_path / "ledger.db")
        Ledger(tmp_path, now, replace_damaged=True).close()
    content = spoil(tmp_path / "ledger.db")
    with pytest.raises(LedgerError, match="disk may be failing"):
        Ledger(tmp_path, now, replace_damaged=True)
    assert content == (tmp_path / "ledger.db").read_bytes()
    assert 3 == len(list(tmp_path.glob("*.damaged-*")))


def test_what_is_not_damage_is_never_set_aside(tmp_path, now):
    """Somebody else's database, a newer ledger and a held one are refused, whatever was asked."""
    edit(tmp_path / "ledger.db", "CREATE TABLE theirs (a)")
    with pytest.raises(LedgerError, match="something else"):
        Ledger(tmp_path, now, replace_damaged=True)
    (tmp_path / "ledger.db").unlink()
    held = Ledger(tmp_path, now)
    with pytest.raises(LedgerError, match="in use"):
        Ledger(tmp_path, now, replace_damaged=True)
    held.writer.execute("PRAGMA user_version = 99")
    held.close()
    with pytest.raises(LedgerError, match="newer fournines"):
        Ledger(tmp_path, now, replace_damaged=True)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_large_ledger_is_checked_while_it_works(tmp_path, filled, now, monkeypatch, caplog):
    """Beyond a size the rest is checked beside the work; damage is told, and makes the next start check all of it."""
    filled.close()
    monkeypatch.setattr("fournines.collector.ledger.integrity.CHECKED_BYTES", 0)
    caplog.set_level(logging.INFO)
    sound = Ledger(tmp_path / "data", now)
    sound.inspection._thread.join()
    sound.close()
    assert "is sound" in caplog.text
    path = tmp_path / "data" / "ledger.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'day'").fetchone()[0]
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4096 : (root - 1) * 4096 + 600] = b"\xa5" * 600
    path.write_bytes(content)
    ledger = Ledger(tmp_path / "data", now)
    ledger.inspection._thread.join()
    damage = ledger.inspection.damage
    ledger.close()

    assert damage
    assert "is DAMAGED" in caplog.text
    with pytest.raises(LedgerError, match="damaged"):
        Ledger(tmp_path / "data", now)


def test_whatever_a_start_reads_is_checked_before(tmp_path, opened, otlp, histogram, now, monkeypatch):
    """Of a large ledger too: damage where a start reads is found in time to set the ledger aside, and not while it is read."""
    collector = opened((), now)
    body = otlp.points(histogram(now - 9, now, 5), cumulative=True)
    collector.accept(Signal.METRICS, body, now).result()
    collector.close()
    monkeypatch.setattr("fournines.collector.ledger.integrity.CHECKED_BYTES", 0)
    path = tmp_path / "data" / "ledger.db"
    content = path.read_bytes()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'"))
    read = roots.keys() - {
        "bucket",
        "day",
        "late",
        "blame",
        "audit",
        "version_count",
        "version_duration",
        "sqlite_sequence",
    }
    for table in read:
        spoilt = bytearray(content)
        spoilt[(roots[table] - 1) * 4096 : roots[table] * 4096] = b"\xa5" * 4096
        path.write_bytes(spoilt)
        with pytest.raises(LedgerError, match="damaged"):
            Ledger(tmp_path / "data", now)

    assert read >= {
        "page_cells",
        "boundary",
        "interval",
        "fraction",
        "objective",
        "correction",
        "contributor",
        "prometheus_pending",
    }


READ_ONLY = """
    import sys
    from pathlib import Path
    from fournines.collector import Ledger, LedgerError
    try:
        Ledger(Path(sys.argv[1]), 1.79e9)
    except LedgerError as error:
        print(error)
"""


def test_a_read_only_mount_is_refused(tmp_path, filled):
    """On a file system that is mounted read-only the start is refused with the reason, and nothing is changed."""
    filled.close()
    data = tmp_path / "data"
    mount = f'mount --bind {data} {data} && mount -o remount,ro,bind {data} && exec "$@"'
    command = ["unshare", "-m", "sh", "-c", mount, "sh"]
    try:
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
            pytest.skip("nothing can be mounted here")
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    content = (data / "ledger.db").read_bytes()
    run = subprocess.run(
        [*command, sys.executable, "-c", textwrap.dedent(READ_ONLY), data],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert "Read-only file system" in run.stdout
    assert content == (data / "ledger.db").read_bytes()
    assert verify(data).sound


def test_a_ledger_tells_of_itself(tmp_path, filled):
    """Size, free bytes, late rows and damage are gauges; once it is closed, only what needs no reading is told."""
    registry = CollectorRegistry()
    LedgerInstruments(registry, filled.ledger)

    def value(name):
        return registry.get_sample_value(f"fournines_ledger_{name}")

    assert value("bytes") > 10_000
    assert value("free_bytes") >= 0
    assert (0, 0, 0) == (value("late_rows"), value("damaged"), value("set_aside"))
    filled.close()
    (tmp_path / "data" / "ledger.db").rename(tmp_path / "gone.db")
    assert 0 == value("damaged")
