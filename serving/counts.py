"""The counts of all SLOs: the ledger's, and an engine's of those that are asked for there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from prometheus_client import CollectorRegistry, Counter

from ..collector import Breakdown, Collector, Contributor
from ..collector.names import PROMQL_QUERIES
from ..collector.promql.engine import Engine
from ..collector.promql.source import PromqlSource
from ..settings import Prometheus
from ..slo import PROMQL, HistoryPoint, Interval, Observation, TimeWindow
from .plan import unmasked

_NO_ENGINE: Final = (
    "its counts are asked for in PromQL, and no engine is set: say in the configuration `prometheus: {url: ...}`"
)


def engine_of(asked: Prometheus | None, registry: CollectorRegistry) -> PromqlSource | None:
    """The engine that the settings name; None where they name none."""
    if asked is None:
        return None
    queries = Counter(PROMQL_QUERIES, "Questions to the engine by what became of them", ("result",), registry=registry)
    engine = Engine(
        str(asked.url), unmasked(asked.headers), asked.timeout, told=lambda result: queries.labels(result).inc()
    )
    return PromqlSource(engine, asked.interval, counted_elsewhere=asked.counted_elsewhere)


class Counts:
    """An `EventSource` over a collector and, where one is set, an engine: one observation holds the rows of both."""

    def __init__(self, collector: Collector, engine: PromqlSource | None) -> None:
        self._collector = collector
        self._engine = engine
        self._split: tuple[int, frozenset[str]] = -1, frozenset()

    def trouble(self) -> str:
        """Why SLOs have no counts that should have some; empty where all is well."""
        if self._engine is not None:
            return self._engine.trouble
        return _NO_ENGINE if self._elsewhere() else ""

    def refresh(self, now: float) -> float:
        """Has the engine asked for the SLOs there are; see `PromqlSource.refresh`."""
        return math.inf if self._engine is None else self._engine.refresh(self._collector.slos, now)

    def close(self) -> None:
        """Asks the engine nothing more."""
        if self._engine is not None:
            self._engine.close()

    def observe(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        """Counts of every SLO in every window, from whoever has them."""
        seen, elsewhere = self._collector.observe(names, windows, now), self._elsewhere()
        rows = [row for row, name in enumerate(names) if name in elsewhere] if elsewhere else []
        if not rows:
            return seen
        if self._engine is None:
            return replace(seen, unheard=dict.fromkeys(rows, _NO_ENGINE))
        return _put_in(seen, rows, self._engine.observe([names[row] for row in rows], windows, now))

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Counts of one SLO in steps of `step` seconds; empty steps are left out."""
        if self._engine is not None and name in self._elsewhere():
            return self._engine.history(name, interval, step)
        return self._collector.history(name, interval, step)

    def contributors(self, name: str, interval: Interval, breakdown: Breakdown) -> Sequence[tuple[Contributor, int]]:
        """What one SLO's bad events had in common, as far as the ledger knows."""
        return self._collector.contributors(name, interval, breakdown)

    def counts_here(self, name: str) -> bool:
        """Whether the ledger counts an SLO, and no engine need be asked."""
        return name not in self._elsewhere()

    def _elsewhere(self) -> frozenset[str]:
        """The SLOs that the ledger does not count."""
        catalogue = self._collector.catalogue
        version, names = self._split
        if version != catalogue.version:
            if self._engine is None:
                names = frozenset(slo.name for slo in catalogue.slos if slo.sli.signal == PROMQL)
            else:
                names = self._engine.names(catalogue.slos)
            self._split = catalogue.version, names
        return names


def _put_in(seen: Observation, rows: Sequence[int], found: Observation) -> Observation:
    """The observation with rows of another one in place of its own."""
    return Observation(
        good=_with(seen.good, rows, found.good),
        total=_with(seen.total, rows, found.total),
        estimated=_with(seen.estimated, rows, found.estimated),
        since=_with(seen.since, rows, found.since),
        heard=_with(seen.heard, rows, found.heard),
        silent=_with(seen.silent, rows, found.silent),
        allowed={row: allowed for row, allowed in seen.allowed.items() if row not in set(rows)},
        unheard={rows[row]: reason for row, reason in found.unheard.items()},
    )


def _with(values: Any, rows: Sequence[int], found: Any) -> Any:
    put = np.array(values)
    put[rows] = found
    return put
