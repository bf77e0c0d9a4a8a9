"""Counts of one SLO over the time of a backtest, as cumulative sums: what any window held at any moment is one subtraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

import numpy as np

from ...slo import BUCKET, DAY, HOUR, HistoryPoint, Interval, Window, tier_at
from ...slo.arithmetic import IntArray
from ..errors import BacktestError

STEPS: Final = (3600, 1800, 1200, 900, 600, 300, 180, 120, 60, 30, 20, 10)
"""Steps in seconds that fit the buckets counts are kept in, longest first."""

MOST_STEPS: Final = 10_000_000
"""Three years of the shortest: what is replayed is held in memory."""

_BEFORE: Final = DAY
"""So much longer than any window history is read, so that a service that was quiet for a while is not taken for a new one."""


class HistorySource(Protocol):
    """Whoever has counts of the past: the ledger, an API, an engine, a file, or a random model."""

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint] | IntArray:
        """Counts of one SLO in steps of `step` seconds: points, or rows of (t, good, total); empty steps may be left out."""
        ...


@dataclass(frozen=True)
class FakeHistorySource:
    """Answers what it is told: for tests of whoever asks a `HistorySource`."""

    points: Mapping[str, Sequence[HistoryPoint]] = field(default_factory=dict)

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Those of `points` that begin in the interval, whatever the step."""
        return [point for point in self.points.get(name, ()) if interval.start <= point.t < interval.end]


class Span(NamedTuple):
    """The time that is replayed, and how finely: a policy is asked at the end of each step of `step` seconds."""

    interval: Interval
    step: int

    @classmethod
    def of(cls, interval: Interval, step: int) -> Span:
        """Whole steps that hold the interval. Raises BacktestError for a step that fits no buckets, no time at all, and too much."""
        if step not in STEPS:
            raise BacktestError(f"a step is one of {', '.join(map(str, reversed(STEPS)))} seconds, not {step}")
        whole = Interval(interval.start // step * step, -(-interval.end // step) * step)
        if not whole.seconds:
            raise BacktestError("the end of the time to replay does not lie after its beginning")
        if whole.seconds // step > MOST_STEPS:
            raise BacktestError(
                f"the time to replay has more than {MOST_STEPS:,} steps of {step} s: begin later, or say a longer step"
            )
        return cls(whole, step)

    @property
    def ticks(self) -> IntArray:
        """The moments a policy is asked, in epoch seconds."""
        return _ticks(self)

    def fits(self, window: Window) -> bool:
        """Whether a window begins at the boundary of a step, whenever it is asked about."""
        return window.seconds % self.step == 0


@lru_cache(maxsize=1)
def _ticks(span: Span) -> IntArray:
    ticks = np.arange(span.interval.start + span.step, span.interval.end + 1, span.step, dtype=np.int64)
    ticks.flags.writeable = False
    return ticks


@dataclass(frozen=True, eq=False)
class History:
    """Counts of one SLO before and within a span. `bad` and `total` are cumulative, one item a step from `start`, and a 0 before them.

    `since` is the epoch second of the first event, -1 where there is none: what is older than `start` is not known.
    """

    span: Span
    start: int
    since: int
    bad: IntArray
    total: IntArray

    def bad_in(self, window: Window) -> IntArray:
        """Bad events in a window at every tick, over what `window.interval` covers of those there were until then."""
        return self._between(self.bad, window.seconds, self.span.ticks)

    def total_in(self, seconds: int, ticks: IntArray) -> IntArray:
        """Events in a window of so many seconds, at some of the ticks (epoch seconds)."""
        return self._between(self.total, seconds, ticks)

    def covered(self, seconds: int, ticks: IntArray) -> IntArray:
        """How much of a window of so many seconds was observed, at some of the ticks: from 1 to all of it."""
        if self.since < 0 or not len(ticks) or ticks[0] - self.since >= seconds:
            return np.broadcast_to(np.int64(1 if self.since < 0 else seconds), ticks.shape)
        return np.clip(ticks - self.since, 1, seconds)

    def _between(self, cumulative: IntArray, seconds: int, ticks: IntArray) -> IntArray:
        step, width = self.span.step, tier_at(seconds).width
        if ticks is not self.span.ticks or seconds % step:
            begins = ((ticks - seconds) // width * width - self.start) // step
            return cumulative[(ticks - self.start) // step] - cumulative[begins]
        together = max(1, width // step)  # so many ticks in a row share a window's beginning
        end = (int(ticks[0]) - self.start) // step
        first = end - seconds // step
        begins = np.repeat(cumulative[first // together * together : first + len(ticks) : together], together)
        return cumulative[end : end + len(ticks)] - begins[first % together :][: len(ticks)]

    def failing(self, start: int, end: int) -> IntArray:
        """The beginnings of the steps with bad events from second `start` up to second `end`; both at the boundaries of steps."""
        first, last = self._step(start), self._step(end)
        return self.start + (first + np.flatnonzero(np.diff(self.bad[first : last + 1]))) * self.span.step

    def bad_between(self, start: int, end: int) -> int:
        """Bad events in the steps that hold second `start` up to second `end`."""
        first, last = self._step(start), self._step(end + self.span.step - 1)
        return int(self.bad[last] - self.bad[first])

    def _step(self, second: int) -> int:
        return min(max(0, (second - self.start) // self.span.step), len(self.total) - 1)


def read_history(source: HistorySource, name: str, span: Span, longest: int) -> History:
    """What `source` knows of an SLO, from `longest` seconds and a day before the span on."""
    start = (span.interval.start - longest - _BEFORE) // HOUR * HOUR
    found = source.history(name, Interval(start, span.interval.end), span.step)
    rows = np.asarray(found, dtype=np.int64).reshape(-1, 3)
    rows = rows[(rows[:, 0] >= start) & (rows[:, 0] < span.interval.end)]
    since = int(rows[:, 0].min()) // BUCKET * BUCKET if len(rows) else -1
    steps = -(-(span.interval.end - start) // span.step)
    at = (rows[:, 0] - start) // span.step
    bad, total = (_cumulative(at, counts, steps) for counts in (rows[:, 2] - rows[:, 1], rows[:, 2]))
    return History(span, start, since, bad, total)


def _cumulative(at: IntArray, counts: IntArray, steps: int) -> IntArray:
    sums = np.zeros(steps + 1, dtype=np.int64)
    np.add.at(sums, at + 1, counts)
    return np.cumsum(sums)
