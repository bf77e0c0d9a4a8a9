"""Maintenance: times that are known beforehand, and in which nobody is told of what they concern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


class Maintenance:
    """All windows there are."""

    def __init__(self, windows: Sequence[MaintenanceWindow]) -> None:
        self._windows = tuple(windows)

    def holding(self, alert: Alert, now: float) -> Hold | None:
        """The window that an alert waits for."""
        labels = seen(alert)
        found = ((each, each.until(now)) for each in self._windows if each.matchers.match(labels))
        return longest([Hold(_words(each, until), until) for each, until in found if until is not None])


def _words(window: MaintenanceWindow, until: float) -> str:
    return f"maintenance until {timestamp(until)}: {window.time.reason}"
