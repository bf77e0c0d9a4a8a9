"""The tables of this folder, in the ledger's file but with a version of their own: `PRAGMA user_version` belongs to the collector.

Migrations only go forward. All steps that are missing run in one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from .errors import StoreError

_VERSION_1: Final = (
    """CREATE TABLE alert (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        slo TEXT NOT NULL,
        service TEXT NOT NULL,
        labels TEXT NOT NULL,
        reason TEXT NOT NULL,
        summary TEXT NOT NULL,
        since REAL NOT NULL,
        clear_since REAL,
        told INTEGER NOT NULL,
        resolved REAL
    ) STRICT""",
    "CREATE UNIQUE INDEX alert_open ON alert (kind, name) WHERE resolved IS NULL",
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        incident INTEGER NOT NULL,
        receiver TEXT NOT NULL,
        dedup_key TEXT NOT NULL,
        action TEXT NOT NULL,
        notification TEXT NOT NULL,
        created REAL NOT NULL,
        due REAL NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'pending',
        reason TEXT NOT NULL DEFAULT '',
        finished REAL
    ) STRICT""",
    "CREATE INDEX outbox_pending ON outbox (receiver, due) WHERE state = 'pending'",
    "CREATE INDEX outbox_incident ON outbox (incident)",
    "CREATE TABLE slo_state (slo TEXT PRIMARY KEY, state TEXT NOT NULL, since REAL NOT NULL) STRICT, WITHOUT ROWID",
)

_VERSION_2: Final = (
    """CREATE TABLE alert_silence (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        matchers TEXT NOT NULL,
        start REAL NOT NULL,
        until REAL NOT NULL,
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        ended REAL,
        ended_by TEXT,
        ended_reason TEXT
    ) STRICT""",
    "ALTER TABLE outbox ADD COLUMN reference TEXT",
    "ALTER TABLE outbox ADD COLUMN repeat_at REAL",
    "ALTER TABLE outbox ADD COLUMN instead_of TEXT",
    "CREATE INDEX outbox_repeating ON outbox (receiver, repeat_at) WHERE repeat_at IS NOT NULL",
    "CREATE INDEX outbox_finished ON outbox (finished) WHERE finished IS NOT NULL",
    "CREATE INDEX outbox_order ON outbox (receiver, dedup_key) WHERE state = 'pending'",
    "CREATE INDEX outbox_stages ON outbox (state, receiver)",
    "CREATE INDEX outbox_failed ON outbox (receiver, finished) WHERE state IN ('rejected', 'given_up')",
    "ALTER TABLE alert ADD COLUMN opened REAL",
    "ALTER TABLE alert ADD COLUMN opened_again INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE alert ADD COLUMN flaps INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE alert ADD COLUMN told_at REAL",
    "ALTER TABLE alert ADD COLUMN hushed TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE alert ADD COLUMN escalated_since REAL",
    "ALTER TABLE alert ADD COLUMN acknowledged TEXT",
    "ALTER TABLE alert ADD COLUMN decisions TEXT NOT NULL DEFAULT '[]'",
    "UPDATE alert SET told_at = since WHERE told AND resolved IS NULL",
    "CREATE INDEX alert_lately ON alert (kind, name, resolved) WHERE resolved IS NOT NULL",
    """CREATE TABLE alert_note (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        incident INTEGER NOT NULL,
        at REAL NOT NULL,
        author TEXT NOT NULL,
        text TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX alert_note_incident ON alert_note (incident)",
    "CREATE TABLE alert_opening (incident INTEGER NOT NULL, since REAL NOT NULL, resolved REAL) STRICT",
    "CREATE INDEX alert_opening_incident ON alert_opening (incident)",
    "INSERT INTO alert_opening SELECT number, since, resolved FROM alert",
)

_VERSION_3: Final = (
    "ALTER TABLE alert ADD COLUMN answered TEXT",
    "ALTER TABLE alert ADD COLUMN verdict TEXT",
    "UPDATE alert SET answered = acknowledged",
    "CREATE INDEX alert_ended ON alert (resolved, number) WHERE resolved IS NOT NULL",
)

MIGRATIONS: Final = (_VERSION_1, _VERSION_2, _VERSION_3)

_BUSY_SECONDS: Final = 10.0


def connect(path: Path | str) -> sqlite3.Connection:
    """A connection of its own to the ledger's file, every commit on disk before it returns, schema brought up to date.

    May be handed from thread to thread, but used by one at a time. `StoreError` when the file can't be used.
    """
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection)
    except (sqlite3.Error, StoreError) as error:
        if connection is not None:
            connection.close()
        raise StoreError(f"alerts can't be kept in {path}: {error}") from error
    return connection


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the tables to the newest version; does nothing when they are there. `StoreError` when they are newer still."""
    with transaction(connection):
        connection.execute("CREATE TABLE IF NOT EXISTS alerts_schema (version INTEGER NOT NULL) STRICT")
        found = connection.execute("SELECT version FROM alerts_schema").fetchone()
        version = found[0] if found else 0
        if version > len(MIGRATIONS):
            raise StoreError(f"its alert tables are version {version}, newer than this program's {len(MIGRATIONS)}")
        for statement in (statement for step in MIGRATIONS[version:] for statement in step):
            connection.execute(statement)
        if version < len(MIGRATIONS):
            connection.execute("DELETE FROM alerts_schema")
            connection.execute("INSERT INTO alerts_schema VALUES (?)", (len(MIGRATIONS),))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it; the write lock is taken at its start. `StoreError` when SQLite can't."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise StoreError(f"alerts can't be written: {error}") from error
