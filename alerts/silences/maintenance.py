"""Maintenance: times that are known beforehand, and in which nobody is told of what they concern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...slo import Correction, timestamp
from ..alert import Alert
from ..matching import Matchers
from .hold import Hold, longest, seen


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """Alerts that match are not told in the time of a correction, to the second. Nothing is taken out of their SLOs."""

    matchers: Matchers
    time: Correction

    def until(self, now: float) -> int | None:
        """When the time that `now` lies in is over (epoch seconds); None outside of it."""
        return self.time.end_at(int(now))


class _InForce(NamedTuple):
    """The windows that a second lies in, each with its end."""

    second: int
    windows: Sequence[tuple[MaintenanceWindow, int]]


class Maintenance:
    """All windows there are. Of use from any thread."""

    def __init__(self, windows: Sequence[MaintenanceWindow]) -> None:
        self._windows = tuple(windows)
        self._in_force = _InForce(-1, ())

    def holding(self, alert: Alert, now: float) -> Hold | None:
        """The window that an alert waits for."""
        if not (in_force := self._at(int(now))):
            return None
        labels = seen(alert)
        return longest([Hold(_words(each, end), end) for each, end in in_force if each.matchers.match(labels)])

    def _at(self, second: int) -> Sequence[tuple[MaintenanceWindow, int]]:
        """The windows in force, looked up once a second: a thousand alerts ask of the same."""
        known = self._in_force
        if known.second != second:
            found = ((each, each.until(second)) for each in self._windows)
            known = self._in_force = _InForce(second, [(each, end) for each, end in found if end is not None])
        return known.windows


def _words(window: MaintenanceWindow, until: float) -> str:
    return f"maintenance until {timestamp(until)}: {window.time.reason}"
