"""A ledger for whoever only looks back: read beside a running collector, and never changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from fournines.collector import LedgerError, Signal
from fournines.collector.ledger.archive import Archive
from fournines.slo import BUCKET, HOUR, MINUTE, Interval


@pytest.fixture
def running(opened, otlp, span, slo, now):
    """A collector that was sent a failure and a success a minute ago, and ticks now."""
    collector = opened([slo("all")], now)
    body = otlp.spans(span(now - MINUTE, status=500), span(now - MINUTE, status=200))
    collector.accept(Signal.TRACES, body, now).result()
    return collector


def test_counts_are_read_while_a_collector_runs(running, now):
    """The same as the collector says, up to the end of the newest bucket."""
    asked = Interval(int(now) - HOUR, int(now) + HOUR)
    with Archive(running.ledger.path.parent) as archive, Archive(running.ledger.path) as by_file:
        found = archive.history("all", asked, BUCKET)

        assert [list(point) for point in running.history("all", asked, BUCKET)] == found.tolist()
        assert found.tolist() == by_file.history("all", asked, BUCKET).tolist()
        assert found[-1, 0] + BUCKET == archive.end
        assert 0 == len(archive.history("none", asked, BUCKET))
        assert 0 == len(archive.history("all", Interval(archive.end, archive.end + 9), BUCKET))


def test_what_is_no_ledger_is_said(tmp_path, running):
    """None there, one of another version, one that can't be read on."""
    with pytest.raises(LedgerError, match="there is no ledger"):
        Archive(tmp_path / "nowhere")
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(running.ledger.path)) as ledger, closing(sqlite3.connect(path)) as copy:
        ledger.backup(copy)
        copy.execute("PRAGMA user_version = 1")
    with pytest.raises(LedgerError, match="the ledger is of version 1; start `fournines serve` on it once"):
        Archive(path)
    with closing(sqlite3.connect(path)) as copy:
        version = running.ledger.reader().execute("PRAGMA user_version").fetchone()[0]
        copy.execute(f"PRAGMA user_version = {version}")
        copy.execute("DROP TABLE bucket")
    with pytest.raises(LedgerError, match="can't be read: no such table"):
        Archive(path)
