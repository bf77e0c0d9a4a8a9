"""A set of SLOs laid out in arrays: which row of every array is whose, and which column is which window's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .arithmetic import IntArray
from .calendar_window import CalendarWindow
from .slo import SLO


class Layout:
    """Rows are SLOs, columns are the windows that any of them needs, shortest first. Names are unique (`ValueError` otherwise)."""

    def __init__(self, slos: Sequence[SLO]) -> None:
        self.slos = tuple(slos)
        self.names = tuple(slo.name for slo in self.slos)
        self.rows = {name: row for row, name in enumerate(self.names)}
        if len(self.rows) != len(self.names):
            raise ValueError("two SLOs have one name")
        self.windows = tuple(sorted({window for slo in self.slos for window in slo.windows}))
        self.columns = {window: column for column, window in enumerate(self.windows)}
        self._lengths: IntArray = np.array([window.seconds for window in self.windows], dtype=np.int64)
        self._calendars = [
            (column, window) for column, window in enumerate(self.windows) if isinstance(window, CalendarWindow)
        ]
        self.every_row = np.arange(len(self.slos))
        self.budget_columns = np.array([self.columns[slo.window] for slo in self.slos], dtype=np.intp)
        self.shortest_columns = np.array([self.columns[min(slo.windows)] for slo in self.slos], dtype=np.intp)

    def lengths(self, now: float) -> IntArray:
        """Seconds of each whole window: of a calendar's, those of the period that `now` is in."""
        return self._with_calendars(lambda window: window.length(now))

    def elapsed(self, now: float) -> IntArray:
        """Seconds of each window that lie behind `now`."""
        return self._with_calendars(lambda window: window.elapsed(now))

    def _with_calendars(self, seconds: Callable[[CalendarWindow], int]) -> IntArray:
        found = self._lengths.copy()
        for column, window in self._calendars:
            found[column] = seconds(window)
        return found
