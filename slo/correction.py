"""Corrections: time that is taken out as if it never was, for maintenance or because what was counted then is false."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from dateutil.rrule import rrule, rrulestr

from .errors import InvalidValue
from .local_time import to_epoch, to_local, zone_named
from .window import DAY, MINUTE, TIERS, Interval

_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS: Final = (
    *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"),
    *("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYSETPOS"),
)
_RULE: Final = re.compile(r"[A-Z]+=[A-Z0-9,+-]+(;[A-Z]+=[A-Z0-9,+-]+)*")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}")
_UNTIL: Final = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?")
_UNTIL_UTC: Final = re.compile(r"(?<=UNTIL=)([0-9]{8}T[0-9]{6})Z")
_YEARS: Final = 40
"""Within so many years every date falls on every day of the week, those of leap years too."""

_LAST: Final = 253_402_214_399
"""The last second that has a date in every zone: of the last day but one of the year 9999."""

_LAST_YEARS: Final = range(10_000 - _YEARS - 28, 10_000 - _YEARS)
"""Years near the end of time, one of which has the calendar of any other year and of those after it."""


@dataclass(frozen=True, slots=True)
class Correction:
    """`seconds` from epoch second `start`, once, or by `rule` again and again, with who took it out and why. Raises `InvalidValue`.

    `rule` is an RFC 5545 recurrence (`FREQ=WEEKLY;BYDAY=SU`), at most an hour's, on clocks of `zone`: 02:00 stays 02:00 in summer.
    Only what it yields is corrected, `start` alone is not.
    """

    start: int
    seconds: int
    reason: str
    author: str
    rule: str = ""
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if not (self.reason.strip() and self.author.strip()):
            raise InvalidValue("a correction says its reason and its author")
        if not 0 < self.seconds <= TIERS[-1].kept:
            raise InvalidValue(f"a correction takes out 1s to {TIERS[-1].kept // DAY}d, not {self.seconds}s")
        if not 0 <= self.start <= _LAST - self.seconds:
            raise InvalidValue("a correction is of a time from 1970 to 9999")
        zone_named(self.zone)
        if self.rule:
            _check(self.rule, to_local(self.start, zone_named(self.zone)))

    def intervals(self, within: Interval, width: int = MINUTE) -> tuple[Interval, ...]:
        """What it takes out of `within`: in order, apart from each other, and widened to whole `width`s."""
        starts = self._starts(within.start - self.seconds - width, within.end)
        return merged(_cut(_widened(start, start + self.seconds, width), within) for start in starts)

    def end_at(self, second: int) -> int | None:
        """When it ends that `second` lies in, exactly; the last to end where times overlap, None where it lies in none."""
        starts = self._starts(second - self.seconds, second)
        return max((start + self.seconds for start in starts if start <= second < start + self.seconds), default=None)

    def _starts(self, first: int, last: int) -> Iterator[int]:
        """Epoch seconds at which it begins, from `first` to `last`; one that does not recur, anyhow."""
        if not self.rule:
            yield self.start
            return
        zone = zone_named(self.zone)
        for year in range(to_local(first, zone).year, to_local(last, zone).year + 1):
            starts = _starts_in(self.rule, self.start, self.zone, year)
            yield from starts[bisect_left(starts, first) : bisect_right(starts, last)]


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same seconds as few intervals, in order and apart from each other; empty ones are gone."""
    apart: list[Interval] = []
    for interval in sorted(each for each in intervals if each.seconds):
        if apart and interval.start <= apart[-1].end:
            apart[-1] = Interval(apart[-1].start, max(apart[-1].end, interval.end))
        else:
            apart.append(interval)
    return tuple(apart)


def _widened(start: int, end: int, width: int) -> Interval:
    return Interval(start // width * width, -(-end // width) * width)


def _cut(interval: Interval, within: Interval) -> Interval:
    return Interval(max(interval.start, within.start), min(interval.end, within.end))


@lru_cache(maxsize=4096)
def _starts_in(rule: str, start: int, zone: str, year: int) -> tuple[int, ...]:
    """Where a recurrence begins in one year of local time: it is followed from its start, so this is dear."""
    clocks = zone_named(zone)
    first, last = datetime(year, 1, 1), datetime(year, 12, 31, 23, 59, 59)  # noqa: DTZ001 - local
    found = _recurrence(rule, to_local(start, clocks), zone).between(first, last, inc=True)
    return tuple(to_epoch(local, clocks) for local in found)


def _recurrence(rule: str, local: datetime, zone: str = "UTC") -> rrule:
    """A rule from a local time on; dateutil wants the moment it ends in local time as well."""
    text = _UNTIL_UTC.sub(lambda match: _localised(match[1], zone), rule)
    made = rrulestr(text, dtstart=local)
    assert isinstance(made, rrule), "one line is one rule"
    return made


def _localised(text: str, zone: str) -> str:
    moment = datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return f"{to_local(moment.timestamp(), zone_named(zone)):%Y%m%dT%H%M%S}"


def _check(rule: str, local: datetime) -> None:
    parts = [part.partition("=") for part in rule.split(";")]
    said = {name: value for name, _, value in parts}
    if not _RULE.fullmatch(rule) or said.keys() - set(_PARTS) or len(said) < len(parts):
        raise InvalidValue(f"{rule!r} is no recurrence; write FREQ=WEEKLY;BYDAY=SU, each of {', '.join(_PARTS)} once")
    if said.get("FREQ") not in _FREQUENCIES:
        raise InvalidValue(f"a correction recurs {', '.join(_FREQUENCIES)}, not {said.get('FREQ', 'without FREQ')}")
    for name in ("INTERVAL", "COUNT"):
        if not _NUMBER.fullmatch(said.get(name, "1")):
            raise InvalidValue(f"{name} is a whole number of 1 or more, not {said[name]}")
    if "UNTIL" in said and ("COUNT" in said or not _UNTIL.fullmatch(said["UNTIL"])):
        raise InvalidValue(f"UNTIL, which stands without COUNT, is such as 20261231T235959Z, not {said['UNTIL']}")
    _check_weekdays(said)
    _check_that_it_happens(rule, local)


def _check_weekdays(said: Mapping[str, str]) -> None:
    """`2SU` is the second Sunday of a month or a year: dateutil fails where no such one can be, and elsewhere takes it for any."""
    most = {"MONTHLY": 5, "YEARLY": 5 if "BYMONTH" in said else 53}.get(said["FREQ"], 0)
    for number in re.findall(r"[0-9]+", said.get("BYDAY", "")):
        if len(number) > 2 or not 1 <= int(number) <= most:
            raise InvalidValue(
                f"BYDAY counts to 5 in a month, to 53 in a year, and in nothing else; not {said['BYDAY']}"
            )


def _check_that_it_happens(rule: str, local: datetime) -> None:
    """A rule that yields nothing is followed to the end of time: so it is tried where that is near, in years of the same dates."""
    year = next(year for year in _LAST_YEARS if _calendar_of(year) == _calendar_of(local.year))
    endless = ";".join(part for part in rule.split(";") if not part.startswith("UNTIL="))
    try:
        tries = (_recurrence(text, first) for text, first in ((endless, local.replace(year=year)), (rule, local)))
        happens = all(next(iter(each), None) is not None for each in tries)
    except (ValueError, OverflowError) as error:
        raise InvalidValue(f"{rule!r} is no recurrence: {error}") from None
    if not happens:
        raise InvalidValue(f"{rule!r} never happens, or not within {_YEARS} years")


def _calendar_of(year: int) -> tuple[int, int]:
    """The weekday it begins with, and where it stands between leap years."""
    return date(year, 1, 1).weekday(), year % 4
