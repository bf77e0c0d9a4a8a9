"""Kept traces: a tap that lets a thread of its own choose and store, and answers what is kept.

Counting never waits for it and never fails with it: what finds no room on the way is dropped, and counted. Card numbers and secrets are
taken out of everything before it is stored.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import xxhash
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client import CollectorRegistry, Counter, Gauge

from ...slo import Attributes
from .. import names
from ..books.taps import Arrival
from ..cards import REDACTED
from ..columns import IdColumns, Logs, Spans
from ..credentials import is_secret
from ..errors import CollectorError
from ..redaction import LARGEST, clean_message, without_sensitive
from ..registry.catalogue import Catalogue
from ..registry.registry import Registry
from ..suspicion import is_suspicious
from .choice import (
    Hit,
    Quotas,
    Reasons,
    Thresholds,
    TraceState,
)
from .keys import TraceKeys, keys_of
from .ring import Passed, Ring, size_of
from .store import Bounds, Part, TraceStore
from .view import find_traces, trace_view

SHARE: Final = 0.001
"""Share of ordinary traces that are chosen, before the bounds of a minute."""

MOST_WAITING: Final = 24 * 2**20
LARGEST_WAITING: Final = 96 * 2**20
"""Bytes of bodies and columns that may wait to be looked at, and how large one may be that waits alone."""

AT_ONCE: Final = 64
PATIENCE: Final = 0.02
"""Requests that are looked through in one go, and seconds that one more is waited for: looking costs the same for many."""

_LOG: Final = logging.getLogger("fournines.collector")


class _Work(NamedTuple):
    """A committed request, and the SLOs in force with it."""

    arrival: Arrival
    columns: Spans | Logs
    catalogue: Catalogue

    @property
    def size(self) -> int:
        """Bytes it holds in memory, about."""
        return size_of(self.arrival.body, self.columns)


class _Instruments:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.kept = Counter(names.TRACES_KEPT, "Traces that were chosen to be kept", ("state",), registry=registry)
        self.dropped = Counter(
            names.TRACES_DROPPED,
            "Spans and log records of kept traces, or requests not looked at, that were dropped",
            ("reason",),
            registry=registry,
        )
        self.traces = Gauge(names.TRACES, "Traces kept", registry=registry)
        self.bytes = Gauge(names.TRACES_BYTES, "Bytes of spans and log records kept", registry=registry)


class Traces:
    """Keeps failed, slow and some ordinary traces of a collector in `folder`. A tap; raises CollectorError where its file can't be used."""

    def __init__(
        self,
        folder: Path,
        registry: CollectorRegistry,
        bounds: Bounds = Bounds(),  # noqa: B008 - immutable
        share: float = SHARE,
        quotas: Callable[[], Quotas] = Quotas,
    ) -> None:
        self._instruments = _Instruments(registry)
        self._bounds = bounds
        try:
            self._store = TraceStore(folder, bounds)
            self._reader = self._store.reader()
        except sqlite3.Error as error:
            raise CollectorError(f"kept traces in {folder} can't be opened: {error}") from error
        self._reading = threading.Lock()
        self._thresholds, self._reasons, self._ring = Thresholds(), Reasons(share, quotas()), Ring()
        self._kept = TraceKeys(self._store.kept)
        self._version = self._store.version
        self._staged: list[_Work] = []
        self._queue: queue.SimpleQueue[_Work | threading.Event | None] = queue.SimpleQueue()
        self._waiting = 0
        self._unseen = 0
        self._room = threading.Lock()
        self._failing = False
        self._tell()
        self._thread = threading.Thread(target=self._run, name="fournines-traces", daemon=True)
        self._thread.start()

    # The tap.

    def stage(self, arrival: Arrival, registry: Registry) -> None:
        """Takes requests of spans or log records. What finds no room is not held on to, and counted as dropped with the commit."""
        if not (isinstance(arrival.columns, Spans | Logs) and arrival.body):
            return
        work = _Work(arrival, arrival.columns, registry.catalogue)
        if self._finds_room(work.size):
            self._staged.append(work)
        else:
            self._unseen += len(arrival.pieces)

    def _finds_room(self, size: int) -> bool:
        with self._room:
            fits = size <= LARGEST_WAITING if not self._waiting else self._waiting + size <= MOST_WAITING
            self._waiting += size if fits else 0
        return fits

    def _leave(self, works: list[_Work]) -> None:
        with self._room:
            self._waiting -= sum(work.size for work in works)

    @property
    def changed(self) -> bool:
        """Whether anything waits for the commit."""
        return bool(self._staged or self._unseen)

    def write(self, connection: sqlite3.Connection) -> None:
        """Nothing of it goes into the ledger."""

    def keep(self) -> None:
        """Hands over what was counted."""
        for work in self._staged:
            self._queue.put(work)
        if self._unseen:
            self._instruments.dropped.labels("busy").inc(self._unseen)
        self._staged, self._unseen = [], 0

    def forget(self) -> None:
        """It was not counted, and comes again."""
        self._leave(self._staged)
        self._staged, self._unseen = [], 0

    # Reading.

    def find(
        self,
        now: float,
        service: str | None = None,
        route: str | None = None,
        state: str | None = None,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """The newest traces kept, of a service, a route, and a state (`failed`, `slow`, `sampled`) where asked for. Raises ValueError."""
        wanted = None if state is None else _state(state)
        with self._reading:
            return find_traces(self._reader, service, route, wanted, now - self._bounds.seconds, limit)

    def get(self, trace_id: str) -> dict[str, Any] | None:
        """One trace by its id in hexadecimal, as plain values; None where it is not kept. Raises ValueError for what is no id."""
        trace = bytes.fromhex(trace_id)
        if len(trace) != 16:
            raise ValueError("a trace id has 32 hexadecimal digits")
        with self._reading:
            return trace_view(self._reader, trace)

    def settle(self, timeout: float = 30.0) -> bool:
        """Waits until all that was handed over is stored; says whether it is."""
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout)

    def close(self) -> None:
        """Stores what was handed over, and lets the file go."""
        self._queue.put(None)
        self._thread.join()
        with self._reading:
            self._reader.close()
        self._store.close()

    # The thread.

    def _run(self) -> None:
        going = True
        while going:
            work, events, going = self._gather()
            if work:
                self._take(work)
            for event in events:
                event.set()

    def _gather(self) -> tuple[list[_Work], list[threading.Event], bool]:
        work: list[_Work] = []
        item = self._queue.get()
        while isinstance(item, _Work):
            work.append(item)
            if len(work) == AT_ONCE or self._waiting > MOST_WAITING // 2:
                return work, [], True
            try:
                item = self._queue.get(timeout=PATIENCE)
            except queue.Empty:
                return work, [], True
        return work, [] if item is None else [item], item is not None

    def _take(self, group: list[_Work]) -> None:
        try:
            self._store.begin()
            self._look_at(group)
            self._store.tidy(max(work.arrival.received for work in group))
            self._store.commit()
            self._failing = False
        except Exception as error:  # noqa: BLE001 - evidence that can't be kept must not end the thread that keeps it
            self._fail(group, error)
        finally:
            self._leave(group)
            self._follow()
            self._tell()

    def _fail(self, group: list[_Work], error: Exception) -> None:
        self._instruments.dropped.labels("disk" if isinstance(error, sqlite3.Error) else "fault").inc(
            sum(len(work.arrival.pieces) for work in group)
        )
        if not self._failing:
            self._failing = True
            _LOG.error("traces are not kept now", exc_info=error)
        try:
            self._store.roll_back()
        except sqlite3.Error as again:
            _LOG.debug("kept traces can't be read again: %s", again)

    def _follow(self) -> None:
        """Knows which traces are kept now."""
        if self._version != self._store.version:
            self._version = self._store.version
            self._kept = TraceKeys(self._store.kept)

    def _look_at(self, group: list[_Work]) -> None:
        """Chooses among requests, and stores what is chosen of them and of those before: in one go, so that all is looked through once."""
        passed = [Passed(work.arrival, work.columns, keys_of(work.columns.ids)) for work in group]
        known = [self._kept.rows(request.keys) for request in passed]
        chosen = [
            trace
            for work, rows in zip(group, known, strict=True)
            if isinstance(work.columns, Spans)
            for trace in self._choose(work, work.columns, rows)
        ]
        if chosen:
            self._follow()
            for before, rows in self._ring.find(TraceKeys(chosen)):
                self._save(before, rows)
            known = [self._kept.rows(request.keys) for request in passed]
        for request, rows in zip(passed, known, strict=True):
            if len(rows):
                self._save(request, rows)
            self._ring.add(request)

    def _choose(self, work: _Work, spans: Spans, known: NDArray[np.intp]) -> list[bytes]:
        """Keeps traces there is a reason for; returns those that were not kept before. `known` are the rows of those that are kept."""
        received = work.arrival.received
        chosen: list[bytes] = []
        found: list[tuple[Hit, list[int]]] = []
        for hit, rest, again in self._reasons.among(spans, self._thresholds.of(work.catalogue), known, received):
            given = self._reasons.quotas.take(hit, len(rest), received)
            for row in (fresh := rest[:given]):
                trace = _trace_of(spans.ids, row)
                if trace not in self._store.kept:
                    chosen.append(trace)
                    self._instruments.kept.labels(hit.state.name.lower()).inc()
                self._store.keep(trace, hit, received)
            for row in again:
                if (trace := _trace_of(spans.ids, row)) in self._store.kept:
                    self._store.keep(trace, hit, received)
            found.append((hit, [*fresh, *again]))
        self._add_hits(work, found)
        return chosen

    def _add_hits(self, work: _Work, found: list[tuple[Hit, list[int]]]) -> None:
        spans = work.columns
        assert isinstance(spans, Spans), "only spans are reasons"
        rows = [row for _, some in found for row in some]
        if not rows:
            return
        messages = _messages(work.arrival.body, spans, rows)
        for hit, some in found:
            self._store.add_hits(
                (hit.service, int(spans.start[row]), _trace_of(spans.ids, row), int(spans.ids[row, 2]).to_bytes(8), hit.route,
                 int(hit.state), hit.status, hit.error, int(spans.end[row] - spans.start[row]), without_sensitive(messages[row].name))
                for row in some
                if _trace_of(spans.ids, row) in self._store.kept and row in messages
            )  # fmt: skip

    def _save(self, passed: Passed, rows: NDArray[np.intp]) -> None:
        columns = passed.columns
        wanted = [row for row in rows.tolist() if _trace_of(columns.ids, row) in self._store.kept]
        parts = []
        for row, message in _messages(passed.arrival.body, columns, wanted).items():
            if is_suspicious(message.SerializeToString()):
                if message.ByteSize() > LARGEST:
                    continue  # counted as unreadable: to work it through would hold up all others
                clean_message(message)
            data = message.SerializeToString()
            resource = _cleaned(columns.resources[int(columns.resource[row])])
            identity = int(columns.ids[row, 2]).to_bytes(8)
            if isinstance(columns, Logs):
                identity = xxhash.xxh3_128_digest(data)
            parts.append(Part(_trace_of(columns.ids, row), identity, resource, data))
        missing = len(wanted) - len(parts)
        full = self._store.add_spans(parts) if isinstance(columns, Spans) else self._store.add_logs(parts)
        for reason, count in (("trace_full", full), ("unreadable", missing)):
            if count:
                self._instruments.dropped.labels(reason).inc(count)

    def _tell(self) -> None:
        self._instruments.traces.set(len(self._store.kept))
        self._instruments.bytes.set(self._store.size)


def _state(name: str) -> TraceState:
    try:
        return TraceState[name.upper()]
    except KeyError:
        raise ValueError(f"a state is failed, slow or sampled, not {name!r}") from None


def _trace_of(ids: IdColumns, row: int) -> bytes:
    return int(ids[row, 0]).to_bytes(8) + int(ids[row, 1]).to_bytes(8)


def _messages(body: bytes, columns: Spans | Logs, rows: list[int]) -> dict[int, Any]:
    """The messages of some rows, by row; those that the library can't read are left out."""
    make: Any = Span if isinstance(columns, Spans) else LogRecord
    found = {}
    for row in rows:
        start, size = columns.place[row].tolist()
        try:
            found[row] = make.FromString(body[start : start + size])
        except DecodeError:
            continue  # counted by the caller, who misses it
    return found


def _cleaned(resource: Attributes) -> Attributes:
    return {
        key: REDACTED if is_secret(key) else without_sensitive(value)
        for key, value in resource.items()
        if isinstance(value, str)
    } | {key: value for key, value in resource.items() if not isinstance(value, str)}
