"""Calendar windows: a day, a week, a month, a quarter or a year of local time, from its beginning to its end, then the next one."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, cast, get_args

from .errors import InvalidValue
from .local_time import to_epoch, to_local, zone_named
from .window import BUCKET, DAY, TIERS, Interval, Window, tier_at

CalendarUnit = Literal["d", "w", "M", "Q", "Y"]

FIRST_MONDAY: Final = datetime.fromisoformat("2001-01-01")
"""Where periods are counted from by default: the first day of a week, a month, a quarter, a year and a millennium."""

_DAYS: Final = {"d": 1, "w": 7}
_MONTHS: Final = {"M": 1, "Q": 3, "Y": 12}
_LONGEST_DAYS: Final = {"d": 1, "w": 7, "M": 31, "Q": 92, "Y": 366}
_TEXT: Final = re.compile(r"([1-9][0-9]{0,3})([dwMQY])")


@dataclass(frozen=True, slots=True)
class CalendarWindow:
    """The period of `count` units that now is in. Periods begin `start` + k x `count` units of local time in `zone`, for whole k.

    A month that has no such day begins on its last one. Raises `InvalidValue` for what is no calendar, or is not kept that long.
    """

    count: int
    unit: CalendarUnit
    start: datetime = FIRST_MONDAY
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.unit not in get_args(CalendarUnit):
            raise InvalidValue(f"{self.unit!r} is no unit of calendars; write d, w, M, Q or Y")
        if self.count < 1 or self.seconds + DAY > TIERS[-1].kept:
            raise InvalidValue(f"a calendar window spans 1d to 1Y, not {self}")
        if self.start.tzinfo is not None:
            raise InvalidValue("a calendar starts at a local time, whose zone stands beside it")
        zone_named(self.zone)

    @property
    def seconds(self) -> int:
        """How long its longest period is, an hour that clocks are put back left aside."""
        return self.count * _LONGEST_DAYS[self.unit] * DAY

    @property
    def width(self) -> int:
        """Seconds of the buckets it is counted from: those still kept at the end of its longest period."""
        return tier_at(self.seconds + DAY).width

    @property
    def rolling(self) -> Window:
        """The rolling window as long as its longest period: what is asked of whoever knows no calendar, as PromQL."""
        return Window(self.seconds)

    def interval(self, now: float) -> Interval:
        """What it covers at `now`: from the period's start, rounded down to a bucket's, to the end of the bucket being filled."""
        start, _ = self.period(now)
        return Interval(start // self.width * self.width, int(now // BUCKET) * BUCKET + BUCKET)

    def length(self, now: float) -> int:
        """Seconds of the whole period that `now` is in."""
        start, end = self.period(now)
        return end - start

    def elapsed(self, now: float) -> int:
        """Seconds of the period that lie behind `now`, from where its interval starts; from 1 to the period's length."""
        return min(self.length(now), max(1, math.floor(now) - self.interval(now).start))

    def ahead(self, now: float) -> float:
        """Seconds until the next period begins, which has a budget of its own."""
        return self.period(now)[1] - now

    def period(self, now: float) -> tuple[int, int]:
        """Epoch seconds at which the period that `now` is in begins, and at which the next one does."""
        shown = self._shown(now)
        number = max(each for each in (shown - 1, shown, shown + 1) if self._begin(each) <= now)
        return self._begin(number), self._begin(number + 1)

    def _shown(self, now: float) -> int:
        """Which period it is by what clocks show: the one before where they were put back, or the next where it begins late."""
        local = to_local(now, zone_named(self.zone))
        if self.unit in _DAYS:
            return (local - self.start).days // (self.count * _DAYS[self.unit])
        months = (local.year - self.start.year) * 12 + local.month - self.start.month
        return months // (self.count * _MONTHS[self.unit])

    def _begin(self, number: int) -> int:
        steps = number * self.count
        if self.unit in _DAYS:
            local = self.start + timedelta(days=steps * _DAYS[self.unit])
        else:
            local = _months_later(self.start, steps * _MONTHS[self.unit])
        return to_epoch(local, zone_named(self.zone))

    def __lt__(self, other: TimeWindow) -> bool:
        return _order(self) < _order(other)

    def __gt__(self, other: TimeWindow) -> bool:
        return _order(self) > _order(other)

    def __str__(self) -> str:
        """As files say it: `1M`."""
        return f"{self.count}{self.unit}"


TimeWindow = Window | CalendarWindow
"""What a budget may be over; shorter ones sort first."""


def parse_window(text: str, start: datetime | None = None, zone: str = "UTC") -> TimeWindow:
    """Reads `30d` as a rolling window and `1M` as a calendar's; with a `start`, `1d` and `2w` as calendars' too. `InvalidValue`."""
    match = _TEXT.fullmatch(text)
    if match is None or (start is None and match[2] in _DAYS):
        return Window.parse(text)
    return CalendarWindow(int(match[1]), cast(CalendarUnit, match[2]), start or FIRST_MONDAY, zone)


def _months_later(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def _order(window: TimeWindow) -> tuple[int, str, str, str]:
    if isinstance(window, Window):
        return window.seconds, "", "", ""
    return window.seconds, str(window), window.zone, window.start.isoformat()
