"""What an SLO counted in any time that is kept: events, slices, or parts of shares, each by its method, of composites their members'.

The same arithmetic as an evaluation's over its windows, asked of history, which leaves corrected time out. An interval begins and ends
with a bucket as they are kept at that age: with a full minute of the last 35 days, with a full hour of what is older.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from ..arithmetic import IntArray
from ..composite import Rule, combine_bad_slices, weigh
from ..correction import merged
from ..events import EventCount
from ..objective import Objective
from ..sli import PROMQL
from ..slices import bad_slices, slice_parts
from ..slo import SLO, Method
from ..source import EventSource
from ..unit import PARTS, Unit
from ..window import DAY, HOUR, MINUTE, TIERS, Interval

MINUTES_KEPT: Final = TIERS[1].kept
_DEEPEST: Final = 20
"""Composites of composites are followed so far."""


class PastObjective(NamedTuple):
    """An objective, and the epoch second from which on it is in force."""

    since: int
    objective: Objective


class Tally(NamedTuple):
    """`good` of `total`, in parts of `one`, and how many of these may be bad, exactly."""

    good: int
    total: int
    one: int
    allowed: Fraction


class Unknown(Exception):
    """Nothing can be said of an SLO in that time; the text says why."""


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts over past intervals as of `now` (epoch seconds).

    `slos` are all there are, by name, `since` when each began to be observed; `objectives` which were in force, the oldest for ever before.
    """

    source: EventSource
    slos: Mapping[str, SLO]
    since: Mapping[str, int]
    objectives: Callable[[str], Sequence[PastObjective]]
    now: float

    def kept(self, interval: Interval) -> Interval:
        """The buckets that stand for an interval, up to now: those of following intervals follow each other."""
        end = min(interval.end, int(self.now) // MINUTE * MINUTE + MINUTE)
        start, end = (each // self._width(each) * self._width(each) for each in (interval.start, end))
        return Interval(start, max(start, end))

    def observed(self, name: str, interval: Interval) -> Interval:
        """The part of an interval in which an SLO was observed; empty where it was not."""
        since = self.since.get(name, -1)
        end = min(interval.end, int(self.now))
        start = end if since < 0 else max(interval.start, since)
        return Interval(start, max(start, end))

    def tally(self, slo: SLO, interval: Interval) -> Tally:
        """What it counted in an interval, and what was allowed. Raises `Unknown`."""
        within = self.kept(interval)
        if within.start < self.now - TIERS[-1].kept:
            raise Unknown(f"counts are kept for {TIERS[-1].kept // DAY} days")
        count = self._count(slo, within)
        return Tally(count.good, count.total, slo.unit.one, self._allowed(slo, within, count.total))

    def bad(self, slo: SLO, interval: Interval) -> int:
        """Its bad events in every bucket that an interval touches; of an SLO that counts events. Raises `Unknown`."""
        width = self._width(interval.start)
        start, end = interval.start // width * width, -(-interval.end // width) * width
        count = self._events(slo, Interval(start, end))
        return count.bad

    def _width(self, second: int) -> int:
        """Seconds of the buckets kept of that time: an hour near the age at which minutes go."""
        return MINUTE if second >= self.now - MINUTES_KEPT + DAY else HOUR

    def _count(self, slo: SLO, within: Interval) -> EventCount:
        composite = slo.sli.composite
        if composite is not None and composite.rule is Rule.WEIGHTED:
            return weigh(composite, [self._member(member.name, within) for member in composite.members])
        match slo.method:
            case Method.TIMESLICES:
                return self._timeslices(slo, within)
            case Method.RATIO_TIMESLICES:
                _, good, total = self._slices(slo, slo, within)
                busy = total > 0
                return EventCount(int(slice_parts(good[busy], total[busy]).sum()), int(busy.sum()) * PARTS)
            case Method.OCCURRENCES:
                return self._events(slo, within)

    def _member(self, name: str, within: Interval) -> EventCount:
        slo = self.slos.get(name)
        return self._count(slo, within) if slo else EventCount(0, 0)

    def _events(self, slo: SLO, within: Interval) -> EventCount:
        if slo.sli.signal == PROMQL:
            return self._asked_for(slo, within)
        return _added(self._history(slo, part) for part in _by_hours(within))

    def _asked_for(self, slo: SLO, within: Interval) -> EventCount:
        """What an engine says, which knows nothing of corrections: their time is asked for apart. A share is of the whole interval."""
        found = self._history(slo, within)
        if slo.unit is not Unit.EVENTS:
            return found
        stretches = merged(each for one in slo.corrections for each in one.intervals(within, MINUTE))
        out = _added(self._history(slo, each) for each in stretches)
        return EventCount(found.good - out.good, found.total - out.total)

    def _history(self, slo: SLO, within: Interval) -> EventCount:
        points = self.source.history(slo.name, within, within.seconds) if within.seconds else ()
        return EventCount(sum(point.good for point in points), sum(point.total for point in points))

    def _timeslices(self, slo: SLO, within: Interval) -> EventCount:
        """Good slices of those that its observed time has."""
        assert slo.slices is not None, "its method counts slices"
        bad = len(self._bad(slo, slo, within, _DEEPEST))
        covered = self.observed(slo.name, within).seconds
        if not covered:
            return EventCount(0, 0)
        total = max(1, bad, covered // slo.slices.window.seconds)
        return EventCount(total - bad, total)

    def _bad(self, slo: SLO, member: SLO, within: Interval, depth: int) -> IntArray:
        """The starts of the slices, cut as `slo` cuts them, in which a member or the SLO itself is bad."""
        composite = member.sli.composite
        if composite is None or not depth:
            starts, good, total = self._slices(slo, member, within)
            target = member.slices.target if member.slices and member.slices.target else member.objective.target
            return starts[bad_slices(good, total, target)]
        found = self._made_of(member, depth)
        if not found:
            return np.empty(0, np.int64)
        return combine_bad_slices(composite.rule, [self._bad(slo, each, within, depth - 1) for each in found])

    def _made_of(self, slo: SLO, depth: int) -> list[SLO]:
        """The members of a composite that are known; one that is made of nobody who is known is not."""
        composite = slo.sli.composite
        names = () if composite is None or not depth else [member.name for member in composite.members]
        found = [self.slos[name] for name in names if name in self.slos]
        return [each for each in found if each.sli.composite is None or self._made_of(each, depth - 1)]

    def _slices(self, slo: SLO, member: SLO, within: Interval) -> tuple[IntArray, IntArray, IntArray]:
        """(starts, good, total) of the slices that begin in an interval and had events."""
        assert slo.slices is not None, "its method counts slices"
        if member.sli.signal == PROMQL:
            raise Unknown("an engine that does not answer would look like slices without failures")
        length, width = slo.slices.window.seconds, self._width(within.start)
        if length % width:
            raise Unknown(
                f"slices of {slo.slices.window} can be counted of the last {MINUTES_KEPT // DAY - 1} days only"
            )
        start, end = (-(-each // length) * length for each in within)
        points = self.source.history(member.name, Interval(start, end), length) if start < end else ()
        rows = np.array(points, np.int64).reshape(-1, 3)
        return rows[:, 0], rows[:, 1], rows[:, 2]

    def _allowed(self, slo: SLO, within: Interval, total: int) -> Fraction:
        """How much may be bad: each part of an interval by the objective of its time, weighed by its events, or by its seconds."""
        parts = list(self._parts(slo, within))
        if len(parts) < 2:
            objective = parts[0].objective if parts else slo.objective
            return objective.allowed * total
        ends = [*(part.since for part in parts[1:]), within.end]
        stretches = [Interval(part.since, end) for part, end in zip(parts, ends, strict=True)]
        if slo.unit is Unit.EVENTS:
            weights = [self._events(slo, stretch).total for stretch in stretches[:-1]]
            weights.append(total - sum(weights))
        else:
            weights = [self.observed(slo.name, stretch).seconds for stretch in stretches]
        whole = sum(weights)
        if not whole:
            return slo.objective.allowed * total
        weighed = (part.objective.allowed * weight for part, weight in zip(parts, weights, strict=True))
        return sum(weighed, Fraction(0)) * total / whole

    def _parts(self, slo: SLO, within: Interval) -> list[PastObjective]:
        """The objectives in force in an interval, each from when on."""
        known = [
            PastObjective(since // self._width(since) * self._width(since), one)
            for since, one in self.objectives(slo.name)
        ]
        later = [one for one in known[1:] if within.start < one.since < within.end]
        before = [one for one in known if one not in later and one.since <= within.start] or known[:1]
        return [PastObjective(within.start, before[-1].objective), *later] if before else []


def _by_hours(within: Interval) -> Iterator[Interval]:
    """An interval's full hours together, which are read sixty times as fast, and what lies before and behind them."""
    start, end = -(-within.start // HOUR) * HOUR, within.end // HOUR * HOUR
    parts = (Interval(within.start, start), Interval(start, end), Interval(end, within.end))
    yield from (part for part in parts if part.seconds) if start <= end else (within,)


def _added(counts: Iterable[EventCount]) -> EventCount:
    good, total = 0, 0
    for count in counts:
        good, total = good + count.good, total + count.total
    return EventCount(good, total)
