"""Kept traces: a tap that lets a thread of its own choose and store, and answers what is kept.

Counting never waits for it and never fails with it: what finds no room on the way is dropped, and counted. Card numbers and secrets are
taken out of everything before it is stored.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from ..books.taps import Arrival
from ..columns import Logs, Spans
from ..errors import CollectorError
from ..registry.registry import Registry
from .backlog import Backlog, BacklogItem
from .choice import Quotas, Reasons, TraceState
from .instruments import Instruments
from .keeper import Keeper
from .store import Retention, TraceStore
from .view import find_traces, trace_view

SHARE: Final = 0.001
"""Share of ordinary traces that are chosen, before the bounds of a minute."""


class Traces:
    """Keeps failed, slow and some ordinary traces of a collector in `folder`. A tap; raises CollectorError where its file can't be used."""

    def __init__(
        self,
        folder: Path,
        registry: CollectorRegistry,
        bounds: Retention = Retention(),  # noqa: B008 - immutable
        share: float = SHARE,
        quotas: Callable[[], Quotas] = Quotas,
    ) -> None:
        self._bounds = bounds
        try:
            self._store = TraceStore(folder, bounds)
            self._reader = self._store.reader()
        except sqlite3.Error as error:
            raise CollectorError(f"kept traces in {folder} can't be opened: {error}") from error
        self._reading = threading.Lock()
        self._instruments = Instruments(registry)
        self._keeper = Keeper(self._store, Reasons(share, quotas()), self._instruments)
        self._staged: list[BacklogItem] = []
        self._unseen = 0
        self._backlog = Backlog()
        self._thread = threading.Thread(target=self._run, name="fournines-traces", daemon=True)
        self._thread.start()

    # The tap.

    def stage(self, arrival: Arrival, registry: Registry) -> None:
        """Takes requests of spans or log records. What finds no room is not held on to, and counted as dropped with the commit."""
        if not (isinstance(arrival.columns, Spans | Logs) and arrival.body):
            return
        work = BacklogItem(arrival, arrival.columns, registry.catalogue)
        if self._backlog.finds_room(work):
            self._staged.append(work)
        else:
            self._unseen += len(arrival.pieces)

    @property
    def changed(self) -> bool:
        """Whether anything waits for the commit."""
        return bool(self._staged or self._unseen)

    def write(self, connection: sqlite3.Connection) -> None:
        """Nothing of it goes into the ledger."""

    def keep(self) -> None:
        """Hands over what was counted."""
        for work in self._staged:
            self._backlog.put(work)
        if self._unseen:
            self._instruments.dropped.labels("busy").inc(self._unseen)
        self._staged, self._unseen = [], 0

    def forget(self) -> None:
        """It was not counted, and comes again."""
        self._backlog.leave(self._staged)
        self._staged, self._unseen = [], 0

    # Reading.

    def find(
        self,
        now: float,
        service: str | None = None,
        route: str | None = None,
        state: str | None = None,
        limit: int = 50,
        before: tuple[float, str] | None = None,
    ) -> list[dict[str, Any]]:
        """The newest traces kept, of a service, a route, and a state (`failed`, `slow`, `sampled`) where asked for.

        `before` is the start and the id of one, behind which they come. Raises ValueError.
        """
        wanted = None if state is None else _state(state)
        place = None if before is None else (before[0], bytes.fromhex(before[1]))
        with self._reading:
            since = now - self._bounds.seconds
            return find_traces(self._reader, service, route, wanted, since, limit, place)

    def get(self, trace_id: str) -> dict[str, Any] | None:
        """One trace by its id in hexadecimal, as plain values; None where it is not kept. Raises ValueError for what is no id."""
        trace = bytes.fromhex(trace_id)
        if len(trace) != 16:
            raise ValueError("a trace id has 32 hexadecimal digits")
        with self._reading:
            return trace_view(self._reader, trace)

    # The thread.

    def settle(self, timeout: float = 30.0) -> bool:
        """Waits until all that was handed over is stored; says whether it is."""
        return self._backlog.settle(timeout)

    def close(self) -> None:
        """Stores what was handed over, and lets the file go."""
        self._backlog.close()
        self._thread.join()
        with self._reading:
            self._reader.close()
        self._store.close()

    def _run(self) -> None:
        going = True
        while going:
            group, looked_through, going = self._backlog.gather()
            if group:
                self._keeper.take(group)
                self._backlog.leave(group)
            if looked_through is not None:
                looked_through.set()


def _state(name: str) -> TraceState:
    try:
        return TraceState[name.upper()]
    except KeyError:
        raise ValueError(f"a state is failed, slow or sampled, not {name!r}") from None
