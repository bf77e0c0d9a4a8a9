"""Counts of the past from a Prometheus-compatible engine that a collector's `/metrics` was scraped into, or written to."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

import httpx
import numpy as np

from ..alerts.rules.promql import selector
from ..collector.promql.engine import Engine
from ..slo import Interval, metric_names
from ..slo.arithmetic import IntArray

MOST_STEPS: Final = 10_000
"""Of one question: an engine answers 11,000 points a series at most."""

_Series = dict[frozenset[tuple[str, str]], dict[int, int]]


class PrometheusHistory:
    """What `slo_events_total` grew by, summed over collectors: whole events, resets taken into account. `with` closes it.

    What a counter held when it was first seen is not counted, as in `increase`, nor what it grew by between the last look and a reset: a
    collector's own never falls, as long as it keeps its ledger. Raises `EngineError` where it can't be asked.
    """

    def __init__(self, url: str, timeout: float = 60.0, transport: httpx.BaseTransport | None = None) -> None:
        self._engine = Engine(url, timeout=timeout, transport=transport)

    def history(self, name: str, interval: Interval, step: int) -> IntArray:
        """Rows of (t, good, total) of one SLO, of the steps in which a counter grew; a time may come twice, to be added."""
        series: _Series = {}
        for piece in _pieces(interval, step):
            for labels, found in self._engine.over(selector(metric_names.EVENTS, {"slo": name}), piece, step):
                values = series.setdefault(frozenset(labels.items()), {})
                values.update((int(t), round(value)) for t, value in found)
        rows = [
            _grown(values, (metric_names.RESULT, metric_names.GOOD) in labels, step)
            for labels, values in series.items()
        ]
        return np.concatenate([np.empty((0, 3), np.int64), *rows])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.close()


def _pieces(interval: Interval, step: int) -> Iterator[Interval]:
    """The interval in parts that one answer can hold, both ends of each included."""
    for start in range(interval.start, interval.end, MOST_STEPS * step):
        yield Interval(start, min(start + MOST_STEPS * step, interval.end))


def _grown(values: dict[int, int], is_good: bool, step: int) -> IntArray:  # noqa: FBT001 - two kinds of a counter there are
    """A counter's growth, in the step at whose end it was seen; one that fell began anew."""
    times, counts = (np.array(of, np.int64) for of in (list(values), list(values.values())))
    growth = np.where(counts[1:] < counts[:-1], counts[1:], np.diff(counts))
    rows = np.column_stack([times[1:] - step, growth * is_good, growth])
    return rows[growth > 0]
