"""Hours of days: from one time of day to another, on clocks of a zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from .errors import InvalidValue
from .local_time import to_epoch, to_local, zone_named
from .window import Interval

EVERY_DAY: Final = frozenset(range(7))
"""Monday is 0."""

_DAY: Final = timedelta(days=1)
_DAY_MINUTES: Final = 24 * 60
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` to `end` on clocks of `zone`: over midnight where the end is before the start, a whole day where they are the same.

    `days` are those on which they begin, 0 for Monday. Raises `InvalidValue`.
    """

    start: time
    end: time
    zone: str = "UTC"
    days: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        zone_named(self.zone)
        if not self.days or not self.days <= EVERY_DAY:
            raise InvalidValue("hours begin on one day of the week or more")

    def at(self, now: float) -> Interval | None:
        """The hours that `now` (epoch seconds) lies in, as long as they are that day; None outside of them."""
        today = to_local(now, zone_named(self.zone)).date()
        begun = (self._on(day) for day in (today - _DAY, today) if day.weekday() in self.days)
        return next((each for each in begun if each.start <= now < each.end), None)

    def _on(self, day: date) -> Interval:
        zone = zone_named(self.zone)
        last = day if self.start < self.end else day + _DAY
        moments = (datetime.combine(day, self.start), datetime.combine(last, self.end))
        return Interval(*(to_epoch(moment, zone) for moment in moments))

    def minutes(self) -> Iterator[int]:
        """Their minutes of a week without a change of clocks, 0 for the first of Monday."""
        first, last = (each.hour * 60 + each.minute for each in (self.start, self.end))
        length = (last - first - 1) % _DAY_MINUTES + 1
        for day in self.days:
            yield from ((day * _DAY_MINUTES + first + minute) % _WEEK_MINUTES for minute in range(length))


def fill_the_week(hours: Iterable[Hours]) -> bool:
    """Whether there is no minute outside of them; those of each zone are looked at by themselves."""
    minutes: dict[str, set[int]] = {}
    for each in hours:
        minutes.setdefault(each.zone, set()).update(each.minutes())
    return any(len(found) == _WEEK_MINUTES for found in minutes.values())
