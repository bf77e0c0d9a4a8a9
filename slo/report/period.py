"""The time that a report is of: a week, a month, a quarter or a year of local time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ..errors import InvalidValue
from ..local_time import to_epoch, to_local, zone_named
from ..window import Interval

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_TEXT: Final = re.compile(
    r"(?P<year>[0-9]{4})(-(?P<month>[0-9]{2})|-W(?P<week>[0-9]{2})|-Q(?P<quarter>[1-4]))?", re.ASCII
)
_YEARS: Final = range(1971, 9_999)


@dataclass(frozen=True, slots=True)
class Period:
    """From its `first` day up to the day `after` it; `text` is how it is written: `2026-10`, `2026-W43` (ISO 8601), `2026-Q4`, `2026`.

    `months` is how many it has; 0 of a week.
    """

    text: str
    first: date
    after: date
    months: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Reads how it is written; `InvalidValue` for anything else."""
        match = _TEXT.fullmatch(text)
        if match is None or int(match["year"]) not in _YEARS:
            raise InvalidValue(f"{text!r} is no period; write a month as 2026-10, or 2026-W43, 2026-Q4, 2026")
        year = int(match["year"])
        if match["week"]:
            return _week(text, year, int(match["week"]))
        if match["quarter"]:
            return _months(text, year, 3 * int(match["quarter"]) - 2, 3)
        if match["month"]:
            return _months(text, year, int(match["month"]), 1)
        return _months(text, year, 1, 12)

    @classmethod
    def month_before(cls, now: float, zone: str = "UTC") -> Period:
        """The last month that was over at `now` (epoch seconds) in a time zone."""
        today = to_local(now, zone_named(zone)).date()
        last = today.replace(day=1) - timedelta(days=1)
        return cls.parse(f"{last:%Y-%m}")

    def interval(self, zone: str) -> Interval:
        """Its epoch seconds on clocks of a time zone."""
        named = zone_named(zone)
        start, end = (to_epoch(datetime.combine(day, datetime.min.time()), named) for day in (self.first, self.after))
        return Interval(start, end)

    def last_months(self, number: int) -> tuple[Period, ...]:
        """So many months, the last of which holds its last day; the oldest first."""
        last = self.after - timedelta(days=1)
        count = last.year * 12 + last.month - 1
        found = (divmod(each, 12) for each in range(count - number + 1, count + 1))
        return tuple(_months(f"{year:04d}-{month + 1:02d}", year, month + 1, 1) for year, month in found)

    @property
    def name(self) -> str:
        """In words: `October 2026`, `week 43 of 2026`, `fourth quarter of 2026`, `2026`."""
        year = self.text[:4]
        if not self.months:
            return f"week {int(self.text[-2:])} of {year}"
        if self.months == 3:
            return f"{('first', 'second', 'third', 'fourth')[int(self.text[-1]) - 1]} quarter of {year}"
        return f"{MONTHS[self.first.month - 1]} {year}" if self.months == 1 else year


def _week(text: str, year: int, week: int) -> Period:
    try:
        first = date.fromisocalendar(year, week, 1)
    except ValueError:
        raise InvalidValue(f"{text!r} is no period: {year} has no week {week}") from None
    return Period(text, first, first + timedelta(days=7), 0)


def _months(text: str, year: int, month: int, number: int) -> Period:
    if not 1 <= month <= len(MONTHS):
        raise InvalidValue(f"{text!r} is no period: there is no month {month}")
    years, after = divmod(month - 1 + number, 12)
    return Period(text, date(year, month, 1), date(year + years, after + 1, 1), number)
