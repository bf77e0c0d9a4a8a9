"""What an engine is asked of one SLO in one window, and what its numbers count in the SLO's unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from ...slo import PARTS, SLO, EventCount, Method, Queries
from .rewriting import amount_in, events_in, exact_growth_in, growth_in, mean_in

Numbers = Sequence[float | None]
"""What each text was answered with; None for nothing, and for what is no number."""


class Question(Protocol):
    """What is asked of an SLO."""

    def texts(self, seconds: int) -> Sequence[str]:
        """The queries over a window of so many seconds."""
        ...

    def count(self, numbers: Numbers, covered: int) -> EventCount:
        """What their answers count; `covered` are the seconds of the window since the SLO's data began."""
        ...


@dataclass(frozen=True, slots=True)
class Events:
    """Events, and those of them that are good or bad: whole ones, each to the nearest."""

    queries: Queries

    def texts(self, seconds: int) -> Sequence[str]:
        """The part, and all of them."""
        return part_and_total(self.queries, seconds, exact_growth_in)

    def count(self, numbers: Numbers, covered: int) -> EventCount:
        """No answer for the part is none of it: series of failures begin with the first one."""
        part, total = (round(number or 0) for number in numbers)
        total = max(0, total)
        part = min(max(0, part), total)
        return EventCount(part if self.queries.good else total - part, total)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of good events that is there already, in parts: rounded against us. Shares of parts of a window don't add up."""

    queries: Queries

    def texts(self, seconds: int) -> Sequence[str]:
        """The share over the window."""
        return (share_in(self.queries, seconds),)

    def count(self, numbers: Numbers, covered: int) -> EventCount:
        """All parts, as far as there was anything to have a share of."""
        (share,) = numbers
        return EventCount(0, 0) if share is None else EventCount(_parts(share), PARTS)


@dataclass(frozen=True, slots=True)
class BadSlices:
    """Slices that miss their target. One without events is good."""

    queries: Queries
    length: int
    target: Decimal

    def texts(self, seconds: int) -> Sequence[str]:
        """How many of them are bad."""
        share = share_in(self.queries, self.length)
        return (f"count_over_time(((({share}) >= 0) < {self.target:f})[{seconds}s:{self.length}s])",)

    def count(self, numbers: Numbers, covered: int) -> EventCount:
        """Of all slices since there are data."""
        bad = round(numbers[0] or 0)
        total = max(1, bad, covered // self.length)
        return EventCount(total - bad, total)


@dataclass(frozen=True, slots=True)
class SliceShares:
    """The share of good events of each slice that has any."""

    queries: Queries
    length: int

    def texts(self, seconds: int) -> Sequence[str]:
        """Their sum, and how many there are."""
        shares = f"((({share_in(self.queries, self.length)}) >= 0)[{seconds}s:{self.length}s])"
        return f"sum_over_time{shares}", f"count_over_time{shares}"

    def count(self, numbers: Numbers, covered: int) -> EventCount:
        """In parts."""
        shares, slices = numbers[0] or 0.0, round(numbers[1] or 0)
        return EventCount(min(slices * PARTS, max(0, math.floor(shares * PARTS))), slices * PARTS)


def question_of(slo: SLO, queries: Queries) -> Question:
    """What is asked of an SLO, whose events these queries give."""
    if slo.slices is None:
        return Share(queries) if queries.raw else Events(queries)
    length = slo.slices.window.seconds
    if slo.method is Method.RATIO_TIMESLICES:
        return SliceShares(queries, length)
    assert slo.slices.target is not None, "slices of no composite have a target"
    return BadSlices(queries, length, slo.slices.target)


def part_and_total(queries: Queries, seconds: int, growth: Callable[[str, int], str]) -> tuple[str, str]:
    """Good or bad events in a window, and all of them; of counters by their growth."""
    put_in = queries.over(seconds)
    texts = (put_in.good or put_in.bad), put_in.total
    if queries.is_windowed:
        made = [events_in(text, seconds) for text in texts]
    else:
        made = [(growth if queries.counter else amount_in)(text, seconds) for text in texts]
    return made[0], made[1]


def share_in(queries: Queries, seconds: int) -> str:
    """The share of good events in a window; not a number without any."""
    if queries.raw:
        return queries.over(seconds).raw if queries.is_windowed else mean_in(queries.raw, seconds)
    part, total = part_and_total(queries, seconds, growth_in)
    share = f"({part} or 0 * ({total})) / ({total})"
    return share if queries.good else f"1 - {share}"


def _parts(share: float) -> int:
    return min(PARTS, max(0, math.floor(share * PARTS)))
