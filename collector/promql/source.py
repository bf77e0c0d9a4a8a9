"""Counts from a Prometheus-compatible engine: asked for every few seconds, and at hand whenever somebody evaluates."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import numpy as np

from ...slo import MINUTE, SLO, EventCount, HistoryPoint, Interval, Observation, Queries, TimeWindow
from ..errors import EngineError, Unreachable
from .asked_slo import Known, queries_of
from .engine import Engine
from .inquiry import Inquiry

STALE: Final = 5 * MINUTE
"""Seconds after which what sends no sample is silent: as long as engines show a series' last one."""

PARALLEL: Final = 4
"""Questions an engine is asked at once."""

LONGEST_PAUSE: Final = 60.0
"""Seconds that an engine which can't be asked is left in peace, at most: each time twice as long."""

_MOST_DOUBLINGS: Final = 6
_LOG: Final = logging.getLogger("fournines.collector")
_NOTHING: Final = EventCount(0, 0)


class PromqlSource:
    """An `EventSource` that evaluations never wait for: `refresh` asks, and `observe` gives the last answers with their age.

    Counts are the engine's, each to the nearest whole event; see `rewriting` for how exact they are. Windows are asked for every
    `interval` seconds, long ones less often, at least every five minutes. With `counted_elsewhere`, SLOs of files without queries of
    their own are asked for too, as other collectors wrote them there.
    """

    def __init__(self, engine: Engine, interval: float = 10.0, *, counted_elsewhere: bool = False) -> None:
        self._engine = engine
        self._interval = interval
        self._inquiry = Inquiry(engine, interval)
        self._counted_elsewhere = counted_elsewhere
        self._known: dict[str, tuple[SLO, Known]] = {}
        self._queries: dict[str, Queries] = {}
        self._first = math.nan
        self._trouble = ""
        self._failures = 0
        self._answered = False
        self._unanswered = 0
        self._closing = False
        self._asking = threading.Lock()

    @property
    def trouble(self) -> str:
        """Why the engine can't be asked at all, in a sentence; empty when it can."""
        return self._trouble

    def names(self, slos: Iterable[SLO]) -> frozenset[str]:
        """Those of the SLOs that are asked for here."""
        return frozenset(slo.name for slo in slos if self._asked_of(slo) is not None)

    def refresh(self, slos: Iterable[SLO], now: float) -> float:
        """Asks whatever is due, and says in how many seconds to ask again. Blocks; where the engine can't be asked, for one time-out.

        An SLO whose question alone is not answered costs no other one its counts: it is asked for last the next time.
        """
        asked = {slo.name: (slo, queries) for slo in slos if (queries := self._asked_of(slo)) is not None}
        self._queries = {name: queries for name, (_, queries) in asked.items()}
        self._known = {
            name: known for name, known in self._known.items() if name in asked and known[0] == asked[name][0]
        }
        self._first = now if math.isnan(self._first) else self._first
        last = sorted(asked.values(), key=lambda each: bool(self._last(each[0]).unanswered))
        self._answered, self._unanswered = False, 0
        with self._asking, ThreadPoolExecutor(PARALLEL) as threads:
            errors = list(filter(None, threads.map(lambda each: self._ask(each[0], each[1], now), last)))
        if errors and not self._answered:
            self._note(f"{self._engine.address} can't be asked: {errors[0]}")
            self._failures += 1
        else:
            self._note("")
            self._failures = 0
        return max(self._interval, min(LONGEST_PAUSE, self._interval * (1 << min(self._failures, _MOST_DOUBLINGS))))

    def observe(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        """The last answers. An SLO that is not answered says why; one whose samples are too old is silent."""
        found = self._known
        known = [found[name][1] if name in found else Known() for name in names]
        counts = [[each.counts.get(window, _NOTHING) for window in windows] for each in known]
        shape = len(names), len(windows), 2
        events = np.array([(count.good, count.total) for row in counts for count in row], np.int64).reshape(shape)
        reasons = {row: reason for row, each in enumerate(known) if (reason := self._reason(each))}
        return Observation(
            good=events[:, :, 0],
            total=events[:, :, 1],
            estimated=np.zeros(shape[:2], np.int64),
            since=np.array([each.since for each in known], np.int64),
            heard=np.array([each.heard for each in known], np.float64),
            silent=np.array([self._is_silent(each, now) for each in known], np.bool_),
            unheard=reasons,
        )

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Counts of one SLO in steps, asked for now: nothing where the engine can't answer, which a metric counts."""
        queries = self._queries.get(name)
        if queries is None or self._trouble:
            return []
        try:
            return self._inquiry.history(queries, interval, step)
        except EngineError as error:
            _LOG.debug("no history of %s: %s", name, error)
            return []

    def close(self) -> None:
        """Asks nothing more; waits for what is being asked."""
        self._closing = True
        with self._asking:
            self._engine.close()

    def _asked_of(self, slo: SLO) -> Queries | None:
        return queries_of(slo, counted_elsewhere=self._counted_elsewhere)

    def _last(self, slo: SLO) -> Known:
        return self._known[slo.name][1] if slo.name in self._known else Known()

    def _ask(self, slo: SLO, queries: Queries, now: float) -> Unreachable | None:
        """Why it is not answered. Once as many in a row are not as are asked at once, nobody else is asked."""
        if self._closing or self._unanswered >= PARALLEL:
            return None
        known = self._last(slo)
        try:
            self._known[slo.name] = slo, self._inquiry.ask(slo, queries, known, now)
        except Unreachable as error:
            self._unanswered += 1
            self._known[slo.name] = slo, replace(known, unanswered=str(error))
            return error
        self._answered, self._unanswered = True, 0
        return None

    def _is_silent(self, known: Known, now: float) -> bool:
        if math.isnan(known.heard):
            return bool(self._trouble) and now - self._first > STALE
        return now - known.heard > STALE

    def _reason(self, known: Known) -> str:
        """Why an SLO has no counts, or none of now."""
        if self._trouble:
            return self._trouble
        if known.unanswered:
            return f"{self._engine.address} does not answer what is asked of it: {known.unanswered}"
        if known.refusal:
            return f"{self._engine.address} refuses a query of it: {known.refusal}"
        if not known.asked:
            return f"{self._engine.address} was not asked yet"
        return "" if not math.isnan(known.heard) else f"{self._engine.address} has no sample of it"

    def _note(self, trouble: str) -> None:
        """Says once that the engine can't be asked, and that it can again."""
        if trouble and not self._trouble:
            _LOG.warning("%s; SLOs that are asked for there have no data until it can", trouble)
        elif self._trouble and not trouble:
            _LOG.info("%s answers again", self._engine.address)
        self._trouble = trouble
