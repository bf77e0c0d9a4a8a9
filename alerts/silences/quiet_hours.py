"""Quiet hours: when nobody is told of tickets. They wait, and are told when the hours are over."""

from __future__ import annotations

from collections.abc import Sequence

from ...slo import DAY, Severity, timestamp
from ...slo.hours import Hours
from ..alert import Alert
from .hold import Hold


class QuietHours:
    """All hours in which tickets wait. Of use from any thread."""

    def __init__(self, hours: Sequence[Hours]) -> None:
        self._hours = tuple(hours)
        self._known: tuple[float, float | None] = (-1.0, None)

    def holding(self, alert: Alert, now: float) -> Hold | None:
        """The quiet hours that a ticket waits for; one that people know of already waits for nothing."""
        if alert.severity is not Severity.TICKET or (alert.told and not alert.hushed):
            return None
        known = self._known
        if known[0] != now:  # a round asks of a thousand tickets at one moment
            known = self._known = (now, self._end(now))
        end = known[1]
        return None if end is None else Hold(f"quiet hours until {timestamp(end)}", end)

    def _end(self, now: float) -> float | None:
        """When it is no longer quiet: hours may follow each other, for a week at most."""
        end = now
        while end < now + 7 * DAY:
            ends = [float(found.end) for hours in self._hours if (found := hours.at(end)) is not None]
            if not ends:
                break
            end = max(ends)
        return None if end == now else end
