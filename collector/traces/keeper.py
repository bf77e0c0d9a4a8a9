"""Looks through requests, chooses traces, and stores what belongs to them: of these requests, and of those that passed before."""

from __future__ import annotations

import logging
import sqlite3
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..columns import Spans
from ..redaction import without_sensitive
from .backlog import BacklogItem
from .choice import Hit, Reasons, Thresholds
from .instruments import Instruments
from .keys import TraceKeys, trace_numbers_of
from .parts import messages, parts, span_id_of, trace_id_of
from .ring import Passed, Ring
from .store import TraceStore

_LOG: Final = logging.getLogger("fournines.collector")


class Keeper:
    """Used by one thread. What goes wrong is dropped, counted and said once; the next requests are looked through all the same."""

    def __init__(self, store: TraceStore, reasons: Reasons, instruments: Instruments) -> None:
        self._store = store
        self._reasons = reasons
        self._instruments = instruments
        self._thresholds, self._ring = Thresholds(), Ring()
        self._kept = TraceKeys(store.kept)
        self._version = store.version
        self._failing = False
        self._tell()

    def take(self, group: list[BacklogItem]) -> None:
        """Stores what is to be kept of some requests, in one transaction."""
        try:
            self._store.begin()
            self._look_at(group)
            self._store.tidy(max(work.arrival.received for work in group))
            self._store.commit()
            self._failing = False
        except Exception as error:  # noqa: BLE001 - evidence that can't be kept must not end the thread that keeps it
            self._fail(group, error)
        finally:
            self._follow()
            self._tell()

    def _fail(self, group: list[BacklogItem], error: Exception) -> None:
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

    def _tell(self) -> None:
        self._instruments.traces.set(len(self._store.kept))
        self._instruments.bytes.set(self._store.size)

    def _look_at(self, group: list[BacklogItem]) -> None:
        """Chooses among requests, and stores what is chosen of them and of those before: in one go, so that all is looked through once."""
        passed = [Passed(work.arrival, work.columns, trace_numbers_of(work.columns.ids)) for work in group]
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

    def _choose(self, work: BacklogItem, spans: Spans, known: NDArray[np.intp]) -> list[bytes]:
        """Keeps traces there is a reason for; returns those that were not kept before. `known` are the rows of those that are kept."""
        received = work.arrival.received
        chosen: list[bytes] = []
        found: list[tuple[Hit, list[int]]] = []
        for hit, rest, again in self._reasons.among(spans, self._thresholds.of(work.catalogue), known, received):
            given = self._reasons.quotas.take(hit, len(rest), received)
            for row in (fresh := rest[:given]):
                trace = trace_id_of(spans.ids, row)
                if trace not in self._store.kept:
                    chosen.append(trace)
                    self._instruments.kept.labels(hit.state.name.lower()).inc()
                self._store.keep(trace, hit, received)
            for row in again:
                if (trace := trace_id_of(spans.ids, row)) in self._store.kept:
                    self._store.keep(trace, hit, received)
            found.append((hit, [*fresh, *again]))
        self._add_hits(work.arrival.body, spans, found)
        return chosen

    def _add_hits(self, body: bytes, spans: Spans, found: list[tuple[Hit, list[int]]]) -> None:
        """Stores why traces are kept, span by span."""
        read = messages(body, spans, [row for _, some in found for row in some])
        for hit, some in found:
            self._store.add_hits(
                (hit.service, int(spans.start[row]), trace, span_id_of(spans.ids, row), hit.route, int(hit.state), hit.status, hit.error,
                 int(spans.end[row] - spans.start[row]), without_sensitive(read[row].name))
                for row in some
                if (trace := trace_id_of(spans.ids, row)) in self._store.kept and row in read
            )  # fmt: skip

    def _save(self, passed: Passed, rows: NDArray[np.intp]) -> None:
        """Stores rows of a request."""
        columns = passed.columns
        wanted = [row for row in rows.tolist() if trace_id_of(columns.ids, row) in self._store.kept]
        some = parts(passed.arrival.body, columns, wanted)
        full = self._store.add_spans(some) if isinstance(columns, Spans) else self._store.add_logs(some)
        for reason, count in (("trace_full", full), ("unreadable", len(wanted) - len(some))):
            if count:
                self._instruments.dropped.labels(reason).inc(count)
