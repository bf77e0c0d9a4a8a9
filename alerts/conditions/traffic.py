"""How few events are a collapse: what came in ten minutes, beside what came at the same time of the former weeks.

Usual is the median of up to four weeks, so that one outage or holiday among them changes nothing. Of each week the least counts of that
time, an hour before and an hour after it: clocks are put forward and back, and a rush may come late. A collapse is less than a quarter
of that, and there is none where fewer than 50 are usual: by chance alone, with everything as ever, that is seen once in a billion times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from ...slo import DAY, HOUR, MINUTE, HistoryPoint, Interval
from ...slo.arithmetic import IntArray
from ..state import ConditionState

SECONDS: Final = 10 * MINUTE
WEEKS: Final = 4
FEWEST_WEEKS: Final = 2
LEAST_USUAL: Final = 50
COLLAPSED: Final = 4
"""Less than one in so many of the usual is a collapse."""
RECOVERED: Final = 2
"""One in so many of the usual, or more, ends it: what lies between leaves everything as it is."""

_WEEK: Final = 7 * DAY


class Usual(NamedTuple):
    """How many events come in that time, as of so many former weeks."""

    events: int
    weeks: int


class Profile(NamedTuple):
    """What is usual in one hour of so many former weeks: `events` in the ten minutes until the end of each of its minutes."""

    hour: int
    events: IntArray
    weeks: int

    def usual(self, end: int) -> Usual:
        """What is usual in the ten minutes until epoch second `end`, the end of a minute of that hour."""
        return Usual(int(self.events[(end - self.hour) // MINUTE - 1]), self.weeks)


def around(hour: int, week: int) -> Interval:
    """What a profile of an hour reads of the `week`-th week before it."""
    return Interval(hour - week * _WEEK - HOUR - SECONDS, hour - week * _WEEK + 2 * HOUR)


def profile(hour: int, weeks: Sequence[tuple[Interval, Sequence[HistoryPoint]]]) -> Profile:
    """From the minutes of each week's interval (see `around`), empty ones left out."""
    least = [_least(interval, points) for interval, points in weeks]
    usual = np.sort(least, axis=0)[(len(least) - 1) // 2] if least else np.zeros(HOUR // MINUTE, np.int64)
    return Profile(hour, usual, len(weeks))


def _least(interval: Interval, points: Sequence[HistoryPoint]) -> IntArray:
    """For the end of each minute of the hour, the least that came in ten minutes then, an hour before and an hour after."""
    minutes = np.zeros(interval.seconds // MINUTE, np.int64)
    for point in points:
        minutes[(point.t - interval.start) // MINUTE] += point.total
    ten = np.convolve(minutes, np.ones(SECONDS // MINUTE, np.int64), "valid")[1:]
    least: IntArray = ten.reshape(3, HOUR // MINUTE).min(axis=0)
    return least


def condition(count: int, usual: Usual, *, fires: bool) -> ConditionState:
    """What so many events say, where the alert fires already or not.

    With too few weeks there is nothing to judge by. Where little is usual at that time, nobody can tell that few are a collapse, but that
    it is over all the same.
    """
    if usual.weeks < FEWEST_WEEKS:
        return ConditionState.CLEAR
    if usual.events < LEAST_USUAL:
        return ConditionState.CLEAR if count * RECOVERED >= usual.events else ConditionState.UNKNOWN
    if count * COLLAPSED < usual.events:
        return ConditionState.MET
    return ConditionState.MET if fires and count * RECOVERED < usual.events else ConditionState.CLEAR
