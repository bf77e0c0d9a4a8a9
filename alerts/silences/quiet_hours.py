"""Quiet hours: when nobody is told of tickets. They wait, and are told when the hours are over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from ...slo import DAY, Interval, Severity, timestamp
from ...slo.local_time import to_epoch, to_local, zone_named
from ..alert import Alert
from ..errors import InvalidQuietHours
from .hold import Hold

EVERY_DAY: Final = frozenset(range(7))
"""Monday is 0."""

_DAY: Final = timedelta(days=1)
_WEEK_MINUTES: Final = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` on clocks of `zone`, a whole day where they are the same, over midnight where the end is before the start.

    `days` are those on which the hours begin, 0 for Monday. Raises `InvalidQuietHours`.
    """

    start: time
    end: time
    zone: str = "UTC"
    days: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        zone_named(self.zone)
        if not self.days or not self.days <= EVERY_DAY:
            raise InvalidQuietHours("quiet hours begin on one day of the week or more")

    def at(self, now: float) -> Interval | None:
        """The hours that `now` lies in (epoch seconds), None outside of them. A day of 23 or 25 hours has its own length."""
        today = to_local(now, zone_named(self.zone)).date()
        begun = (self._on(day) for day in (today - _DAY, today) if day.weekday() in self.days)
        return next((each for each in begun if each.start <= now < each.end), None)

    def _on(self, day: date) -> Interval:
        zone = zone_named(self.zone)
        last = day if self.start < self.end else day + _DAY
        moments = (datetime.combine(day, self.start), datetime.combine(last, self.end))
        return Interval(*(to_epoch(moment, zone) for moment in moments))

    def minutes(self) -> Iterator[int]:
        """The quiet minutes of a week without a change of clocks, 0 for the first of Monday."""
        first, last = (each.hour * 60 + each.minute for each in (self.start, self.end))
        length = (last - first - 1) % (24 * 60) + 1
        for day in self.days:
            yield from ((day * 24 * 60 + first + minute) % _WEEK_MINUTES for minute in range(length))


class QuietTickets:
    """Holds tickets back in all quiet hours there are. Raises `InvalidQuietHours` where those leave no time to tell of any."""

    def __init__(self, hours: Sequence[QuietHours]) -> None:
        for zone in {each.zone for each in hours}:
            quiet = {minute for each in hours if each.zone == zone for minute in each.minutes()}
            if len(quiet) == _WEEK_MINUTES:
                raise InvalidQuietHours("quiet hours leave no time at which anybody is told of tickets")
        self._hours = tuple(hours)

    def holding(self, alert: Alert, now: float) -> Hold | None:
        """The quiet hours that a ticket waits for."""
        if alert.severity is not Severity.TICKET:
            return None
        end = self._end(now)
        return None if end is None else Hold(f"quiet hours until {timestamp(end)}", end)

    def _end(self, now: float) -> float | None:
        """When it is no longer quiet: hours may follow each other, for a week at most."""
        end = now
        while end < now + 7 * DAY:
            ends = [float(each.end) for hours in self._hours if (each := hours.at(end)) is not None]
            if not ends:
                break
            end = max(ends)
        return None if end == now else end
