"""Where counts come from: the one question the domain asks, and the arrays it wants for an answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, Protocol

import numpy as np

from .arithmetic import BoolArray, FloatArray, IntArray
from .calendar_window import TimeWindow
from .events import EventCount
from .window import Interval


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What a source counted. Rows are the SLOs asked for, columns the windows asked for.

    `total` holds the events of `good`, `estimated` ones that nobody sent (always bad), and all other bad ones. `since` is the epoch
    second from which the SLO is observed, -1 for never; `heard` the epoch seconds of its service's last export, nan for never;
    `silent` whether the service stopped reporting without a good-bye. `allowed` holds, by row, the share of events that may be bad in
    each window, for SLOs whose objective changed within one: each part by the objective of its time, weighed by its events. `unheard`
    says, by row, why there are no counts, where the source knows.
    """

    good: IntArray
    total: IntArray
    estimated: IntArray
    since: IntArray
    heard: FloatArray
    silent: BoolArray
    allowed: Mapping[int, Sequence[Fraction]] = field(default_factory=dict)
    unheard: Mapping[int, str] = field(default_factory=dict)


class HistoryPoint(NamedTuple):
    """Events of the step that starts at epoch second `t`."""

    t: int
    good: int
    total: int

    @property
    def bad(self) -> int:
        """Events that broke the promise."""
        return self.total - self.good


class EventSource(Protocol):
    """Whoever has the counts: the ledger, or a Prometheus-compatible engine."""

    def observe(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        """Counts of every SLO in every window, each over `window.interval(now)`. An SLO it does not know has zeroes and is never heard."""
        ...

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Counts of one SLO in steps of `step` seconds from `interval.start`; empty steps are left out."""
        ...


@dataclass(frozen=True)
class FakeEventSource:
    """Answers what it is told: for tests of whoever asks an `EventSource`.

    `count` says what an SLO had in a window. One of which nothing else is said was observed from the beginning, is heard at the moment
    it is asked about, and is not silent; `estimated` events are among the bad ones of each count.
    """

    count: Callable[[str, TimeWindow], EventCount]
    since: Mapping[str, int] = field(default_factory=dict)
    heard: Mapping[str, float] = field(default_factory=dict)
    silent: Collection[str] = ()
    estimated: int = 0
    points: Mapping[str, Sequence[HistoryPoint]] = field(default_factory=dict)
    allowed: Mapping[str, Callable[[TimeWindow], Fraction]] = field(default_factory=dict)
    unheard: Mapping[str, str] = field(default_factory=dict)

    def observe(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        """What it was told."""
        counts = [[self.count(name, window) for window in windows] for name in names]
        shape = (len(names), len(windows))
        return Observation(
            good=np.array([[count.good for count in row] for row in counts], dtype=np.int64).reshape(shape),
            total=np.array([[count.total for count in row] for row in counts], dtype=np.int64).reshape(shape),
            estimated=np.full(shape, self.estimated, dtype=np.int64),
            since=np.array([self.since.get(name, 0) for name in names], dtype=np.int64),
            heard=np.array([self.heard.get(name, now) for name in names], dtype=np.float64),
            silent=np.array([name in self.silent for name in names], dtype=np.bool_),
            allowed={
                row: [*map(self.allowed[name], windows)] for row, name in enumerate(names) if name in self.allowed
            },
            unheard={row: self.unheard[name] for row, name in enumerate(names) if name in self.unheard},
        )

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Those of `points` that begin in the interval, whatever the step."""
        return [point for point in self.points.get(name, ()) if interval.start <= point.t < interval.end]
