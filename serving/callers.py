"""Who calls whom, from the newest kept traces and the SLO files; looked up anew when it is asked and old."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, Protocol

from ..collector import Collector
from ..dashboards.calls import Call, Calls, calls_in, with_declared

LOOKED_AT: Final = 60
"""Traces that are read: each takes a millisecond or more."""

GOOD_FOR: Final = 15.0
"""Seconds in which nobody looks again."""


class TraceShelf(Protocol):
    """Whoever keeps traces."""

    def find(
        self,
        now: float,
        service: str | None = None,
        route: str | None = None,
        state: str | None = None,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """The newest traces kept."""
        ...

    def get(self, trace_id: str) -> dict[str, Any] | None:
        """One trace."""
        ...


class Callers:
    """Reads traces at most every `GOOD_FOR` seconds. `now` gives epoch seconds. Of use from any thread."""

    def __init__(self, collector: Collector, traces: TraceShelf, now: Callable[[], float]) -> None:
        self._collector = collector
        self._traces = traces
        self._now = now
        self._looking = threading.Lock()
        self._seen: tuple[float, dict[Call, Calls]] | None = None

    def calls(self) -> dict[Call, Calls]:
        """What is known."""
        return with_declared(self._from_traces(), self._collector.slos)

    def _from_traces(self) -> dict[Call, Calls]:
        now = self._now()
        with self._looking:
            if self._seen is None or not 0 <= now - self._seen[0] < GOOD_FOR:
                found = (self._traces.get(each["trace_id"]) for each in self._traces.find(now, limit=LOOKED_AT))
                self._seen = now, calls_in(each for each in found if each is not None)
            return self._seen[1]
