"""How fast one SLO's budget went, in any window at any moment of the past: every moment judged at once, by the engine's own comparison."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ...slo import SLO, Window
from ...slo.arithmetic import IntArray, Limits, compare
from .history import History
from .policy import Clause


class _One(Limits):
    """One limit for every row."""

    def __init__(self, limit: Fraction, rows: int) -> None:
        self.exact = [limit] * rows
        self.floats = np.broadcast_to(np.float64(limit), rows)


class _Failing(NamedTuple):
    """The ticks at which a window holds bad events, by index, and what it holds then: without any it burns at 0, above no limit."""

    ticks: IntArray
    bad: IntArray
    total: IntArray
    covered: IntArray


class BurnHistory:
    """One SLO's burn over a span. Each window is counted once, and each comparison made once, whoever asks for it."""

    def __init__(self, slo: SLO, history: History) -> None:
        self.slo = slo
        self.history = history
        self._windows: dict[Window, _Failing] = {}
        self._burning: dict[tuple[frozenset[Window], Fraction], IntArray] = {}

    def holds(self, clause: Clause) -> IntArray:
        """The ticks, by index, at which a clause holds."""
        ticks = self.above(clause.windows, clause.factor)
        failing = self._in(clause.windows[0])
        return ticks[failing.bad[np.searchsorted(failing.ticks, ticks)] >= clause.least]

    def above(self, windows: tuple[Window, ...], factor: Fraction) -> IntArray:
        """The ticks, by index, at which each of some windows burns above `factor`: strictly, and exactly."""
        key = frozenset(windows), factor
        if key not in self._burning:
            shortest, *longer = sorted(windows)
            ticks = self._above(shortest, factor, self._in(shortest).ticks)
            for window in longer:
                ticks = self._above(window, factor, ticks)
            self._burning[key] = ticks
        return self._burning[key]

    def spent(self, start: int, end: int) -> Fraction:
        """The share of the SLO's budget, as it is at `end`, that went between two moments of the span (epoch seconds)."""
        span, (totals, covered) = self.history.span, self._budgets
        tick = min(max(0, -(-(end - span.interval.start) // span.step) - 1), len(totals) - 1)
        allowed = self.slo.objective.allowed * Fraction(int(totals[tick]) * self.slo.window.seconds, int(covered[tick]))
        return self.history.bad_between(start, end) / allowed if allowed else Fraction(0)

    @cached_property
    def _budgets(self) -> tuple[IntArray, IntArray]:
        """Events in the budget's window, and how much of it was observed, at every tick."""
        seconds, ticks = self.slo.window.seconds, self.history.span.ticks
        return self.history.total_in(seconds, ticks), self.history.covered(seconds, ticks)

    def _above(self, window: Window, factor: Fraction, ticks: IntArray) -> IntArray:
        """Those of some ticks at which a window burns above `factor`; all of them hold bad events."""
        failing = self._in(window)
        if len(ticks) < len(failing.ticks):
            rows = np.searchsorted(failing.ticks, ticks)
            failing = _Failing(*(each[rows] for each in failing))
        limits = _One(factor * self.slo.objective.allowed, len(ticks))
        signs = compare(failing.bad, failing.total, limits, np.int64(window.seconds), failing.covered)
        return ticks[signs > 0]

    def _in(self, window: Window) -> _Failing:
        if window not in self._windows:
            self._windows[window] = _failing(self.history, window)
        return self._windows[window]


def _failing(history: History, window: Window) -> _Failing:
    bad = history.bad_in(window)
    ticks = np.flatnonzero(bad)
    moments = history.span.ticks if len(ticks) == len(bad) else history.span.ticks[ticks]
    total, covered = (of(window.seconds, moments) for of in (history.total_in, history.covered))
    return _Failing(ticks, bad[ticks], total, covered)
