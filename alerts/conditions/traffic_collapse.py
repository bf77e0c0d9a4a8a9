"""A service that reports gets far fewer requests than ever at that time of the week: who should come can't, or goes elsewhere.

The past is read beside the evaluations, a bounded number of services at a time; an evaluation only looks at what was found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import numpy as np

from ...slo import (
    HOUR,
    MINUTE,
    PROBE,
    PROMQL,
    SLI,
    SLO,
    SLOS,
    Evaluation,
    HistoryPoint,
    Interval,
    Layout,
    Severity,
    Unit,
    figures,
)
from ...slo.annotations import alerts_off, traffic_collapse
from ..alert import Alert, AlertKey, AlertKind
from ..state import ConditionState
from ..words import Words
from .condition import Judgement
from .traffic import SECONDS, WEEKS, Profile, Usual, around, condition, profile

SWITCH: Final = "traffic-collapse"
MOST_AT_ONCE: Final = 100
"""Services that are looked at in one look; with more than can be looked at in a minute, each is less often."""
MOST_READ: Final = 8
"""Hours of services of which the past is read in one look: it is read an hour ahead, and a start takes its time."""

_KINDS: Final = (AlertKind.TRAFFIC_COLLAPSE_PAGE, AlertKind.TRAFFIC_COLLAPSE)
_NOT_REQUESTS: Final = frozenset({PROBE, PROMQL, SLOS})


class TrafficSource(Protocol):
    """Whoever counted what came."""

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Counts of one SLO in steps of `step` seconds; empty ones are left out."""
        ...

    def counts_here(self, name: str) -> bool:
        """Whether it counted an SLO itself, and all of it: what could not be asked of others looks like nobody coming."""
        ...


@dataclass
class FakeTraffic:
    """Says how many came in the minute of an epoch second, to everybody; `read` is what it was asked for, the newest last."""

    per_minute: Callable[[int], int]
    elsewhere: Collection[str] = ()
    read: list[tuple[str, Interval]] = field(default_factory=list)

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """As told, minute by minute."""
        self.read.append((name, interval))
        minutes = range(interval.start, interval.end, step)
        return [HistoryPoint(t, 0, self.per_minute(t)) for t in minutes if self.per_minute(t)]

    def counts_here(self, name: str) -> bool:
        """All but those counted elsewhere."""
        return name not in self.elsewhere


@dataclass(frozen=True, slots=True)
class _Watched:
    """A service, by the SLO that sees most of its requests."""

    slo: SLO
    row: int
    severity: Severity

    @property
    def counts(self) -> tuple[str, SLI]:
        """What is compared with its own past."""
        return self.slo.name, self.slo.sli


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came in the ten minutes until `end`, and what is usual; `usual` is None where nothing can be said."""

    end: int
    count: int
    usual: Usual | None


def _ever() -> float:
    return -math.inf


class TrafficCollapse:
    """Met while less than a quarter of what is usual comes in ten minutes. `source` has the counts.

    `listening` says since when (epoch seconds) all that came was taken in: what nobody could bring did not stay away.
    """

    def __init__(self, source: TrafficSource, listening: Callable[[], float] = _ever) -> None:
        self._source = source
        self._listening = listening
        self._profiles: Mapping[tuple[str, int], Profile] = {}
        self._seen: Mapping[str, _Seen] = {}
        self._silent: Mapping[str, int] = {}
        self._watched: tuple[tuple[Layout | None, int], Mapping[str, _Watched]] = (None, 0), {}

    def look(self, evaluation: Evaluation) -> None:
        """Reads what came to services that it did not look at in this minute yet, and what is usual for the next to come. May block."""
        end = int(evaluation.now) // MINUTE * MINUTE
        hour = (end - 1) // HOUR * HOUR
        watched = self._services(evaluation)
        silent = {name: end for name, each in watched.items() if evaluation.observation.silent[each.row]}
        self._silent = {name: last for name, last in self._silent.items() if last > end - SECONDS} | silent
        self._read(watched, evaluation, (hour, hour + HOUR))
        known = [name for name in watched if (name, hour) in self._profiles and self._last(name) != end]
        due = sorted(known, key=self._last)[:MOST_AT_ONCE]
        found = {name: self._look(name, watched[name].slo, end) for name in due}
        self._seen = {name: seen for name, seen in {**self._seen, **found}.items() if name in watched}

    def _last(self, name: str) -> int:
        """The end of the ten minutes that were looked at last."""
        return self._seen[name].end if name in self._seen else 0

    def _read(self, watched: Mapping[str, _Watched], evaluation: Evaluation, hours: Sequence[int]) -> None:
        """What is usual in these hours, of the first services of which that is not known: few at once, for each takes milliseconds."""
        wanted = [(name, hour) for hour in hours for name in watched if (name, hour) not in self._profiles]
        kept = {key: known for key, known in self._profiles.items() if key[0] in watched and key[1] in hours}
        read = {(name, hour): self._profile(watched[name], evaluation, hour) for name, hour in wanted[:MOST_READ]}
        self._profiles = kept | read

    def judgements(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterator[Judgement]:
        """The services whose traffic collapsed or had."""
        _, watched = self._watched
        firing = {key.name for key in open_ if key.kind in _KINDS}
        for name in sorted(firing | {name for name, seen in self._seen.items() if _low(seen)}):
            known = watched.get(name)
            yield from self._judged(name, known, evaluation, open_) if known else _over(name, open_)

    def _judged(
        self, name: str, watched: _Watched, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]
    ) -> Iterator[Judgement]:
        row = evaluation.layout.rows.get(watched.slo.name)
        kind = AlertKind.TRAFFIC_COLLAPSE_PAGE if watched.severity is Severity.PAGE else AlertKind.TRAFFIC_COLLAPSE
        key, seen = AlertKey(kind, name), self._seen.get(name)
        if row is None or seen is None or seen.usual is None or evaluation.observation.silent[row]:
            yield Judgement(key, ConditionState.UNKNOWN, row)
        else:
            state = condition(seen.count, seen.usual, fires=key in open_)
            yield Judgement(key, state, row, partial(_words, name, seen.count, seen.usual))
        yield from (each for each in _over(name, open_) if each.key != key)

    def _look(self, name: str, slo: SLO, end: int) -> _Seen:
        recent = Interval(end - SECONDS, end)
        taken_out = any(correction.intervals(recent) for correction in slo.corrections)
        if taken_out or name in self._silent or self._listening() > recent.start:
            return _Seen(end, 0, None)  # what was not counted says nothing
        count = sum(point.total for point in self._source.history(slo.name, recent, MINUTE))
        return _Seen(end, count, self._profiles[name, (end - 1) // HOUR * HOUR].usual(end))

    def _profile(self, watched: _Watched, evaluation: Evaluation, hour: int) -> Profile:
        since = int(evaluation.observation.since[watched.row])
        read = [around(hour, week) for week in range(1, WEEKS + 1)]
        observed = [interval for interval in read if 0 <= since <= interval.start]
        return profile(hour, [(each, self._source.history(watched.slo.name, each, MINUTE)) for each in observed])

    def _services(self, evaluation: Evaluation) -> Mapping[str, _Watched]:
        """Whom to look at: found anew when SLOs change, and once an hour."""
        key = evaluation.layout, int(evaluation.now) // HOUR
        if self._watched[0] != key:
            before, self._watched = self._watched[1], (key, self._found(evaluation))
            self._forget(
                {name for name, each in self._watched[1].items() if each.counts != before.get(name, each).counts}
            )
        return self._watched[1]

    def _forget(self, services: Collection[str]) -> None:
        """What is known of services for which another SLO stands now, or one that counts something else."""
        self._profiles = {key: known for key, known in self._profiles.items() if key[0] not in services}
        self._seen = {name: seen for name, seen in self._seen.items() if name not in services}

    def _found(self, evaluation: Evaluation) -> Mapping[str, _Watched]:
        most = {slo.sli.service: (slo, row) for row, slo in self._least_first(evaluation)}
        off = {slo.sli.service for slo in evaluation.slos if SWITCH in alerts_off(slo)}
        pages = {slo.sli.service for slo in evaluation.slos if traffic_collapse(slo) is Severity.PAGE}
        return {
            service: _Watched(slo, row, Severity.PAGE if service in pages else Severity.TICKET)
            for service, (slo, row) in most.items()
            if service not in off
        }

    def _least_first(self, evaluation: Evaluation) -> Iterator[tuple[int, SLO]]:
        """Who counts requests, by how many they are."""
        layout = evaluation.layout
        totals = evaluation.observation.total[layout.every_row, layout.budget_columns]
        for row in np.argsort(totals, kind="stable").tolist():
            slo = evaluation.slos[row]
            if _counts_requests(slo) and self._source.counts_here(slo.name):
                yield row, slo


def _counts_requests(slo: SLO) -> bool:
    return slo.unit is Unit.EVENTS and slo.sli.signal not in _NOT_REQUESTS and not slo.group_of


def _low(seen: _Seen) -> bool:
    return seen.usual is not None and condition(seen.count, seen.usual, fires=False) is ConditionState.MET


def _over(name: str, open_: Mapping[AlertKey, Alert]) -> Iterator[Judgement]:
    """The end of alerts that nobody wants any more."""
    keys = (AlertKey(kind, name) for kind in _KINDS)
    return (Judgement(key, ConditionState.CLEAR, None) for key in keys if key in open_)


def _words(service: str, count: int, usual: Usual) -> Words:
    expected, minutes = figures.count(usual.events), SECONDS // MINUTE
    came = f"{figures.count(count)} event{'' if count == 1 else 's'} in {minutes} min"
    return Words(
        summary=f"traffic of {service} collapsed: {came}, usual at this time of the week are {expected}",
        description=(
            f"{service} reports, and almost nobody comes: less than a quarter of the median of {usual.weeks} former weeks at this time."
            " Look at what stands before it (DNS, load balancer, certificates, its callers), and whether its traffic was moved."
        ),
        reason=f"{came}, fewer than a quarter of {expected}",
        details={"came": came, "usual": f"{expected} (median of {usual.weeks} weeks)"},
        over=f"Its traffic is back: {came}, usual are {expected}.",
    )
