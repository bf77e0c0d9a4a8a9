"""Whether the ledger's file can be trusted: what is checked before it is used, and what is checked while it is.

A small file is checked page by page when it is opened. Of a large one the tables a start reads are; the rest is checked beside the
work, and what is found is said, counted, and makes the next start check everything.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from functools import cache
from pathlib import Path
from typing import Final

from ..errors import LedgerError
from .schema import APPLICATION_ID, migrate

CHECKED_BYTES: Final = 64 * 2**20
"""Up to this size a ledger is checked page by page when it is opened: half a second."""

READ_FIRST: Final = frozenset(
    [
        "meta",
        "slo",
        "service",
        "sender",
        "digest",
        "tracked",
        "silence",
        "declaration",
        "slo_group",
        "tier",
        "dropped",
        "page_keys",
        "page_cells",
        "boundary",
        "interval",
        "fraction",
        "objective",
        "correction",
        "version",
        "deployment",
        "gate_override",
        "contributor",
        "prometheus_pending",
        # of version 1:
        "delta",
        "cumulative",
        "family",
    ]
)
"""The tables a start reads. They are small; what makes a ledger large is read later."""

DAMAGED: Final = "damaged"
"""Key in `meta` that stands there after damage was found while the ledger was in use."""

_LOG: Final = logging.getLogger("fournines.collector")


def check_integrity(connection: sqlite3.Connection, path: Path) -> bool:
    """Refuses a file that is not a sound ledger: sqlite3.DatabaseError for damage, LedgerError for a database of something else.

    An empty file becomes a ledger. False when part of the file is still to be checked, by an `Inspection`.
    """
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        return True  # new, or a first start that was cut off before it made a table
    mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if mark != APPLICATION_ID:
        raise LedgerError(f"{path} is a database of something else; give fournines another folder with --data")
    suspect = connection.execute("SELECT 1 FROM meta WHERE key = ?", (DAMAGED,)).fetchone()
    if suspect or path.stat().st_size <= CHECKED_BYTES:
        _check_table(connection, None)
        if suspect:
            connection.execute("DELETE FROM meta WHERE key = ?", (DAMAGED,))
        return True
    for table in sorted(_tables(connection) & READ_FIRST):
        _check_table(connection, table)
    return False


def check_tables(connection: sqlite3.Connection) -> None:
    """sqlite3.DatabaseError when a ledger that was brought forward lacks a table."""
    missing = _expected() - _tables(connection)
    if missing:
        raise sqlite3.DatabaseError(f"no such table: {', '.join(sorted(missing))}")


@cache
def _expected() -> frozenset[str]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        return _tables(connection)


def _tables(connection: sqlite3.Connection) -> frozenset[str]:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return frozenset(name for (name,) in rows)


def _check_table(connection: sqlite3.Connection, table: str | None) -> None:
    """A table, and its indexes; all of the file without one."""
    name = "1" if table is None else f"'{table}'"
    found = str(connection.execute(f"PRAGMA quick_check({name})").fetchone()[0])
    if found != "ok":
        raise sqlite3.DatabaseError(found)


class Inspection:
    """Checks the other tables of a ledger on a thread of its own, through `connection`, which it closes. `damage` is what it found."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._stopped = False
        self.damage: str | None = None
        self._thread = threading.Thread(target=self._inspect, name="fournines-inspection", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is not done yet."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ends it, finished or not."""
        self._stopped = True
        if self.running:
            self._connection.interrupt()
        self._thread.join()

    def _inspect(self) -> None:
        with contextlib.closing(self._connection):
            try:
                for table in sorted(_tables(self._connection) - READ_FIRST):
                    if not self._stopped:
                        _check_table(self._connection, table)
                if not self._stopped:
                    _LOG.info("the ledger %s is sound: what was not checked at the start is now", self._path)
            except sqlite3.OperationalError as error:
                if not self._stopped:
                    _LOG.warning("the ledger %s could not be checked to its end: %s", self._path, error)
            except sqlite3.Error as error:
                self.damage = str(error)
                self._tell(error)

    def _tell(self, error: sqlite3.Error) -> None:
        _LOG.critical(
            "the ledger %s is DAMAGED (%s). It counts on; what it says of the past may be wrong. Make a copy of it, and restart: "
            "the start will check all of it, set it aside and begin a new one, or put a backup in its place",
            self._path,
            error,
        )
        try:
            with contextlib.closing(sqlite3.connect(self._path, isolation_level=None, timeout=5)) as writer:
                writer.execute("INSERT OR REPLACE INTO meta VALUES (?, 1)", (DAMAGED,))
        except sqlite3.Error as failure:
            _LOG.warning("that could not be written down: %s", failure)
