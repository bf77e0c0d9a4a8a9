"""One moment's counts of SLOs that are reckoned from their events.

events in windows -> corrected time out -> by the method: events, slices, parts -> composites of those
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ...slo import MINUTE, SLO, EventCount, Interval, Method, TimeWindow, Unit
from ...slo.arithmetic import BoolArray, FloatArray
from ...slo.composite import Rule, combine_bad_slices, weigh
from ..columns import IntColumn
from ..ledger.buckets import Booked
from ..ledger.tallies import NEVER
from .corrected import events_in_corrected
from .objectives import InForce
from .reckoned import Reckoned, members


class Moment(NamedTuple):
    """Events of SLOs in windows at one moment: (slo, window, (good, total, estimated)); `rows` are theirs, `since` when they began."""

    names: Sequence[str]
    windows: Sequence[TimeWindow]
    rows: Mapping[str, int]
    events: IntColumn
    since: IntColumn
    now: float


class Reckoning:
    """What is counted at a moment, which holds the members of every composite too."""

    def __init__(self, reckoned: Reckoned, moment: Moment) -> None:
        self._reckoned = reckoned
        self._moment = moment
        self._index = {name: index for index, name in enumerate(moment.names)}
        self._columns = {window: column for column, window in enumerate(moment.windows)}
        self._counts: dict[tuple[str, TimeWindow], Booked] = {}

    def put_in(self) -> dict[int, Sequence[Fraction]]:
        """Replaces, in place, their events by what they count; returns what their objectives allow where those changed, by index."""
        moment = self._moment
        allowed: dict[int, Sequence[Fraction]] = {}
        slos = [(index, self._reckoned.slos[name]) for name, index in self._index.items() if self._is_reckoned(name)]
        reckoned = [(index, slo, slo.windows & self._columns.keys()) for index, slo in slos]
        for _, slo, windows in reckoned:
            for window in windows:
                self._count(slo, window)
        for index, slo, _ in reckoned:
            if len(self._reckoned.objectives.of(slo.name)) > 1:
                allowed[index] = [self._allowed(slo, window) for window in moment.windows]
        for index, slo, windows in reckoned:
            moment.since[index] = self._since(slo)
            for window in windows:
                moment.events[index, self._columns[window]] = self._count(slo, window)
        return allowed

    def hear(self, heard: FloatArray, silent: BoolArray) -> None:
        """Says of composites, in place, when they were heard and whether they are silent: of all as soon as one is, of any when all are."""
        for name, index in self._index.items():
            slo = self._reckoned.slos.get(name)
            if slo is not None and slo.sli.composite is not None:
                heard[index], silent[index] = self._heard(slo, heard, silent)

    def _heard(self, slo: SLO, heard: FloatArray, silent: BoolArray) -> tuple[float, bool]:
        composite, index = slo.sli.composite, self._index[slo.name]
        if composite is None:
            return float(heard[index]), bool(silent[index])
        made_of = [self._heard(each, heard, silent) for each in self._made_of(slo)]
        if len(made_of) < len(composite.members) and (composite.rule is Rule.ALL or not made_of):
            return math.nan, False
        times, silences = [time for time, _ in made_of], [is_silent for _, is_silent in made_of]
        if composite.rule is Rule.ALL:
            return float(np.min(times)), any(silences)
        return float(np.fmax.reduce(times)), all(silences)

    def _is_reckoned(self, name: str) -> bool:
        return name in self._reckoned.names

    def _count(self, slo: SLO, window: TimeWindow) -> Booked:
        key = slo.name, window
        if key not in self._counts:
            self._counts[key] = self._counted(slo, window)
        return self._counts[key]

    def _counted(self, slo: SLO, window: TimeWindow) -> Booked:
        composite = slo.sli.composite
        if composite is not None and composite.rule is Rule.WEIGHTED:
            return Booked(*weigh(composite, [self._member_count(each.name, window) for each in composite.members]))
        match slo.method:
            case Method.TIMESLICES:
                return self._slices(slo, window)
            case Method.RATIO_TIMESLICES:
                slices = self._reckoned.slices(slo, slo, self._row(slo), window)
                return Booked(*slices.parts(window.interval(self._moment.now)))
            case Method.OCCURRENCES:
                return self._uncorrected(slo, window)

    def _member_count(self, name: str, window: TimeWindow) -> EventCount:
        slo = self._reckoned.slos.get(name)
        return EventCount(*self._count(slo, window)[:2]) if slo else EventCount(0, 0)

    def _uncorrected(self, slo: SLO, window: TimeWindow) -> Booked:
        """Its events but those in corrected time."""
        events = Booked(*self._moment.events[self._index[slo.name], self._columns[window]].tolist())
        if not slo.corrections:
            return events
        within = window.interval(self._moment.now)
        out = events_in_corrected(slo, self._row(slo), within, window.width, self._reckoned.stretches)
        return Booked(events.good - out.good, events.total - out.total, events.estimated - out.estimated)

    def _slices(self, slo: SLO, window: TimeWindow) -> Booked:
        """Good slices of those that the covered part of a window has; nothing before anything was observed."""
        since = self._since(slo)
        if since == NEVER:
            return Booked()
        assert slo.slices is not None, "its method counts slices"
        bad = len(self._bad(slo, slo, window))
        covered = min(window.elapsed(self._moment.now), max(1, int(self._moment.now) - since))
        total = max(1, bad, covered // slo.slices.window.seconds)
        return Booked(total - bad, total)

    def _bad(self, slo: SLO, member: SLO, window: TimeWindow) -> IntColumn:
        """The starts of the slices, cut as `slo` cuts them, in which a member or the SLO itself is bad."""
        composite = member.sli.composite
        if composite is None:
            slices = self._reckoned.slices(slo, member, self._row(member), window)
            return slices.bad(window.interval(self._moment.now))
        return combine_bad_slices(composite.rule, [self._bad(slo, each, window) for each in self._made_of(member)])

    def _made_of(self, slo: SLO) -> list[SLO]:
        """The members of a composite that are known; one that is made of nobody who is known is not."""
        found = [each for name in members(slo) if (each := self._reckoned.slos.get(name))]
        return [each for each in found if each.sli.composite is None or self._made_of(each)]

    def _since(self, slo: SLO) -> int:
        """The second from which an SLO is observed: a composite of all from when all are, any other from when one is."""
        composite = slo.sli.composite
        if composite is None:
            return int(self._moment.since[self._index[slo.name]])
        found = [self._since(each) for name in members(slo) if (each := self._reckoned.slos.get(name))]
        if composite.rule is Rule.ALL:
            return NEVER if NEVER in found else max(found, default=NEVER)
        return min((since for since in found if since != NEVER), default=NEVER)

    def _allowed(self, slo: SLO, window: TimeWindow) -> Fraction:
        """The share of failures that is allowed in a window, each part by the objective of its time and weighed by what it counts."""
        within, grid = window.interval(self._moment.now), max(MINUTE, window.width)
        known = [InForce(since // grid * grid, one) for since, one in self._reckoned.objectives.of(slo.name)]
        later = [one for one in known[1:] if within.start < one.since < within.end]
        if not later or window not in slo.windows:
            return slo.objective.allowed
        before = known[known.index(later[0]) - 1]
        return self._mean(slo, window, [InForce(within.start, before.objective), *later])

    def _mean(self, slo: SLO, window: TimeWindow, parts: Sequence[InForce]) -> Fraction:
        ends = [*(part.since for part in parts[1:]), window.interval(self._moment.now).end]
        stretches = [Interval(part.since, end) for part, end in zip(parts, ends, strict=True)]
        if slo.unit is Unit.EVENTS:
            weights = [self._events(slo, window, stretch) for stretch in stretches[:-1]]
            weights.append(self._count(slo, window).total - sum(weights))
        else:
            since = max(0, self._since(slo))
            weights = [Interval(max(since, start), end).seconds for start, end in stretches]
        whole = sum(weights)
        if not whole:
            return slo.objective.allowed
        allowed = (part.objective.allowed * weight for part, weight in zip(parts, weights, strict=True))
        return sum(allowed, Fraction(0)) / whole

    def _events(self, slo: SLO, window: TimeWindow, stretch: Interval) -> int:
        """The events of a part of a window, but those in corrected time."""
        stretches, row = self._reckoned.stretches, self._row(slo)
        found = stretches.events(row, stretch, window.width).total
        return found - events_in_corrected(slo, row, stretch, window.width, stretches).total

    def _row(self, slo: SLO) -> int:
        return self._moment.rows.get(slo.name, 0)
