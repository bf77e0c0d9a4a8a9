"""Time as the domain sees it: intervals [start, end) of whole epoch seconds, rolling windows, and the tiers counts are kept in.

Counts are booked into buckets. Young ones are kept fine, old ones coarse, and a coarser bucket is the exact sum of its finer
ones. A window therefore starts at a boundary of the buckets kept at that age, and ends with the bucket being filled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from .errors import InvalidValue

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400

_UNITS: Final = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw])")


class Tier(NamedTuple):
    """Buckets of `width` seconds, kept until they are `kept` seconds old."""

    width: int
    kept: int


TIERS: Final = (Tier(10, 3 * DAY), Tier(MINUTE, 35 * DAY), Tier(HOUR, 400 * DAY))
"""Finest first; each width divides the next."""

BUCKET: Final = TIERS[0].width
"""Seconds in the finest bucket: what every event is booked into."""


class Interval(NamedTuple):
    """The seconds from `start` up to, but not including, `end`."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """Length; 0 for an empty interval."""
        return max(0, self.end - self.start)


def tier_at(age: float) -> Tier:
    """The tier in which counts `age` seconds old are read: the finest still kept. Older than all: the coarsest."""
    for tier in TIERS:
        if age <= tier.kept:
            return tier
    return TIERS[-1]


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A rolling window: the last `seconds` seconds. Raises `InvalidValue` unless it spans a bucket or more and is kept somewhere."""

    seconds: int

    def __post_init__(self) -> None:
        if not BUCKET <= self.seconds <= TIERS[-1].kept:
            raise InvalidValue(f"a window spans {BUCKET}s to {TIERS[-1].kept // DAY}d, not {self.seconds}s")

    @classmethod
    def parse(cls, text: str) -> Window:
        """Reads `5m`, `1h30m`, `30d`, `4w`; `InvalidValue` for anything else. Months, quarters and years belong to calendars."""
        parts = _DURATION.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise InvalidValue(f"{text!r} is no duration; write 5m, 1h, 30d or 4w")
        return cls(sum(int(number) * _UNITS[unit] for number, unit in parts))

    @property
    def width(self) -> int:
        """Seconds of the buckets it is counted from: those of its start's age."""
        return tier_at(self.seconds).width

    @property
    def rolling(self) -> Window:
        """Itself."""
        return self

    def length(self, now: float) -> int:
        """Its seconds, at any time."""
        return self.seconds

    def elapsed(self, now: float) -> int:
        """Its seconds: it ends now."""
        return self.seconds

    def ahead(self, now: float) -> int:
        """Its seconds: by then all that it has now has left it."""
        return self.seconds

    def interval(self, now: float) -> Interval:
        """What the window covers at `now`: the bucket being filled counts whole, the start is a boundary of its age's tier."""
        start = int((now - self.seconds) // self.width) * self.width
        return Interval(start, int(now // BUCKET) * BUCKET + BUCKET)

    def __str__(self) -> str:
        """The shortest exact text: `5m`, `1h`, `30d`; whole days before weeks, as SLO files say it."""
        for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
            if self.seconds % size == 0:
                return f"{self.seconds // size}{unit}"
        return f"{self.seconds}s"
