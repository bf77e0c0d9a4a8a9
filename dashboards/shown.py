"""Which time a page shows: the last hours, or from a moment to another, which its address says so that it can be sent to others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from ..slo import DAY, HOUR, Interval, figures, timestamp

PRESETS: Final = {"1h": HOUR, "3h": 3 * HOUR, "12h": 12 * HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
"""Lengths of time that one can choose, until now."""

STEPS: Final = (60, 120, 300, 600, 1800, HOUR, 2 * HOUR, 6 * HOUR, DAY)
_MOST_STEPS: Final = 120

_LATEST: Final = 253_402_300_799  # the last moment that has a date of four digits


class Moment(NamedTuple):
    """A moment in words and as a machine reads it."""

    words: str
    moment: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The time that a page shows, in whole steps. `last` is how it was asked for; empty where it was from a moment to another."""

    interval: Interval
    step: int
    last: str = ""

    @classmethod
    def of_last(cls, last: str, now: float) -> Shown:
        """The last hours or days, ending with the step that is being filled."""
        seconds = PRESETS[last]
        step = step_of(seconds)
        end = int(now // step) * step + step
        return cls(Interval(end - -(-seconds // step) * step, end), step, last)

    @classmethod
    def of_moments(cls, start: int, end: int) -> Shown:
        """From a moment to another, in the whole steps that hold both."""
        step = step_of(end - start)
        last = _LATEST // step * step
        return cls(Interval(min(start // step * step, last - step), min(-(-end // step) * step, last)), step)

    @property
    def query(self) -> dict[str, str]:
        """What has a page show this time again, whenever it is opened."""
        return {"from": str(self.interval.start), "to": str(self.interval.end)}

    @property
    def asked(self) -> dict[str, str]:
        """What has a page show the time that was asked for."""
        return {"last": self.last} if self.last else self.query

    def moments(self, now: float) -> tuple[Moment, Moment]:
        """Its beginning and its end."""
        return _moment(self.interval.start, now), _moment(self.interval.end, now)

    def choices(self, path: str, **more: str) -> Iterator[tuple[str, str, bool]]:
        """What else may be shown: words, address, and whether that is what is shown."""
        for last in PRESETS:
            yield last, f"{path}?{urlencode({'last': last, **more})}#history", last == self.last
        yield "Link to this time", f"{path}?{urlencode({**self.query, **more})}#history", not self.last


def step_of(seconds: int) -> int:
    """The shortest step in which so much time is drawn."""
    return next((step for step in STEPS if seconds <= step * _MOST_STEPS), -(-seconds // (_MOST_STEPS * DAY)) * DAY)


def _moment(t: int, now: float) -> Moment:
    return Moment(figures.clock(t, now), timestamp(t))
