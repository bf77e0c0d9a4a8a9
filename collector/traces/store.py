"""Kept traces on disk: a SQLite file of their own, bounded in traces, bytes and age.

It is evidence, not the ledger: nothing waits for it, a commit is not synced, and a file that can't be read is set aside and begun anew.
When there is too much, the service, route and state with the most traces loses its oldest.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ...slo import DAY, Attributes
from .choice import Hit, TraceState

FILE: Final = "traces.db"
VERSION: Final = 1
LOOK_EVERY: Final = 1.0
"""Seconds between looks for what is too old."""

MOST_SPANS: Final = 2_000
"""Spans and log records kept of one trace."""

_LOG: Final = logging.getLogger("fournines.collector")

_SCHEMA: Final = f"""
CREATE TABLE trace (
    id BLOB PRIMARY KEY, service TEXT NOT NULL, route TEXT NOT NULL, state INTEGER NOT NULL, received REAL NOT NULL,
    size INTEGER NOT NULL, parts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE span (
    trace BLOB NOT NULL, id BLOB NOT NULL, resource TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (trace, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE log (
    trace BLOB NOT NULL, digest BLOB NOT NULL, resource TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (trace, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE hit (
    service TEXT NOT NULL, start INTEGER NOT NULL, trace BLOB NOT NULL, span BLOB NOT NULL, route TEXT NOT NULL, state INTEGER NOT NULL,
    status TEXT NOT NULL, error TEXT NOT NULL, duration INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (service, start, trace, span)
) STRICT, WITHOUT ROWID;
CREATE INDEX hit_of_trace ON hit (trace);
PRAGMA user_version = {VERSION};
"""


class Retention(NamedTuple):
    """How much is kept: traces, bytes of their spans and log records, and seconds."""

    traces: int = 2_000
    bytes: int = 64 * 2**20
    seconds: float = 3 * DAY


class Kept(NamedTuple):
    """A trace that is kept, for whom it counts, and what it takes."""

    service: str
    route: str
    state: TraceState
    received: float
    size: int = 0
    parts: int = 0

    @property
    def group(self) -> tuple[str, str, TraceState]:
        """Whom it makes room for."""
        return self.service, self.route, self.state


class TracePart(NamedTuple):
    """A span or a log record, cleaned: of which trace, its own id, who sent it, and its message."""

    trace: bytes
    id: bytes
    resource: Attributes
    data: bytes


class TraceStore:
    """The file, written by one thread. Raises sqlite3.Error where it can't be opened or written; what is staged is then rolled back."""

    def __init__(self, folder: Path, bounds: Retention) -> None:
        self.path = folder / FILE
        self._bounds = bounds
        self._connection = _opened(self.path)
        self._groups: dict[tuple[str, str, TraceState], OrderedDict[bytes, None]] = {}
        self.kept: dict[bytes, Kept] = {}
        self.version = 0
        """Changes with the traces that are kept."""
        self.size = 0
        self._looked = 0.0
        self._read()

    def reader(self) -> sqlite3.Connection:
        """A connection that only reads, for one thread at a time."""
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA query_only = ON")
        return connection

    def begin(self) -> None:
        """Opens a transaction."""
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Makes room and ends the transaction."""
        self._write_traces()
        self._connection.execute("COMMIT")

    def roll_back(self) -> None:
        """Forgets the transaction, and reads again what is true."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._read()

    def keep(self, trace: bytes, hit: Hit, received: float) -> None:
        """Keeps a trace from now on, or knows a better reason for one that is kept."""
        known = self.kept.get(trace)
        if known is None:
            self._put(trace, Kept(hit.service, hit.route, hit.state, received))
        elif hit.state > known.state:
            self._put(trace, known._replace(service=hit.service, route=hit.route, state=hit.state))

    def add_hits(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Adds reasons: (service, start, trace, span, route, state, status, error, duration, name)."""
        self._connection.executemany("INSERT OR REPLACE INTO hit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def add_spans(self, parts: Sequence[TracePart]) -> int:
        """Adds spans of traces that are kept, and says how many found no room in their trace. One that comes again takes its own place."""
        return self._add("span", parts)

    def add_logs(self, parts: Sequence[TracePart]) -> int:
        """Adds log records of traces that are kept; as `add_spans`."""
        return self._add("log", parts)

    def tidy(self, now: float) -> int:
        """Lets go what is too much or too old, and says how many traces that were."""
        gone: list[bytes] = []
        if abs(now - self._looked) >= LOOK_EVERY:
            self._looked = now
            gone = [trace for trace, kept in self.kept.items() if kept.received < now - self._bounds.seconds]
            for trace in gone:
                self._remove(trace)
        while self.kept and (len(self.kept) > self._bounds.traces or self.size > self._bounds.bytes):
            largest = max(self._groups.values(), key=len)
            self._remove(next(iter(largest)))
            gone.append(b"")
        return len(gone)

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    def _add(self, table: str, parts: Sequence[TracePart]) -> int:
        full = 0
        for part in parts:
            known = self.kept.get(part.trace)
            if known is None or known.parts >= MOST_SPANS or known.size + len(part.data) > self._bounds.bytes // 8:
                full += 1
                continue
            resource = json.dumps(part.resource)
            size = len(part.data) + len(resource)
            old = self._connection.execute(
                f"SELECT length(data) + length(resource) FROM {table} WHERE trace = ? AND {_KEYS[table]} = ?",  # noqa: S608 - our own names
                (part.trace, part.id),
            ).fetchone()
            self._connection.execute(
                f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?)",  # noqa: S608 - our own names
                (part.trace, part.id, resource, part.data),
            )
            change = size - (old[0] if old else 0)
            self._put(part.trace, known._replace(size=known.size + change, parts=known.parts + (old is None)))
        return full

    def _put(self, trace: bytes, kept: Kept) -> None:
        known = self.kept.get(trace)
        if known is not None and known.group != kept.group:
            self._leave(trace, known)
        self.size += kept.size - (known.size if known else 0)
        self.version += known is None
        self.kept[trace] = kept
        self._groups.setdefault(kept.group, OrderedDict())[trace] = None
        self._changed.add(trace)

    def _leave(self, trace: bytes, known: Kept) -> None:
        group = self._groups[known.group]
        del group[trace]
        if not group:
            del self._groups[known.group]

    def _remove(self, trace: bytes) -> None:
        known = self.kept.pop(trace)
        self.version += 1
        self._leave(trace, known)
        self.size -= known.size
        self._changed.discard(trace)
        for table, column in (("trace", "id"), ("span", "trace"), ("log", "trace"), ("hit", "trace")):
            self._connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (trace,))  # noqa: S608 - our own names

    def _write_traces(self) -> None:
        rows = ((trace, self.kept[trace]) for trace in self._changed)
        self._connection.executemany(
            "INSERT OR REPLACE INTO trace VALUES (?, ?, ?, ?, ?, ?, ?)", [(trace, *kept) for trace, kept in rows]
        )
        self._changed.clear()

    def _read(self) -> None:
        self.kept.clear()
        self.version += 1
        self._groups.clear()
        self.size = 0
        self._changed: set[bytes] = set()
        rows = self._connection.execute("SELECT * FROM trace ORDER BY received")
        for trace, service, route, state, received, size, parts in rows:
            self._put(trace, Kept(service, route, TraceState(state), received, size, parts))
        self._changed.clear()


_KEYS: Final = {"span": "id", "log": "digest"}


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) or not path.exists():
            raise
        aside = path.with_name(path.name + ".damaged")
        _LOG.error("kept traces in %s can't be read (%s): set aside as %s, and begun anew", path, error, aside.name)
        path.replace(aside)
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        path.chmod(0o600)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "busy_timeout = 5000"):
            connection.execute(f"PRAGMA {pragma}")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        else:
            _check(version)
        connection.execute("SELECT count(*) FROM trace").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _check(version: int) -> None:
    if version != VERSION:
        raise sqlite3.DatabaseError(f"made by another version, {version}")
