"""Sources of counts for the domain's tests, and SLOs to ask them about."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from fournines.slo import (
    MINUTE,
    SLI,
    SLO,
    TIERS,
    Correction,
    EventCount,
    FakeEventSource,
    HistoryPoint,
    Interval,
    Objective,
    Observation,
    SLIKind,
    SpecError,
    TimeWindow,
    load_slos,
    merged,
)

NOTHING = EventCount(0, 0)


def _sum(one: EventCount, other: EventCount) -> EventCount:
    return EventCount(one.good + other.good, one.total + other.total)


def _slo(name: str = "payments-availability", target: str = "0.9999", **changes) -> SLO:
    sli = changes.pop("sli", SLI(SLIKind.AVAILABILITY, "payments"))
    return SLO(name, sli, Objective(Decimal(target)), **changes)


@dataclass
class StatedCounts:
    """A source that answers what it is told: counts by name and window, and how each SLO is seen."""

    counts: Mapping[str, Mapping[TimeWindow, EventCount]]
    since: Mapping[str, int] = field(default_factory=dict)
    heard: Mapping[str, float] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    estimated: int = 0
    allowed: Mapping[str, Callable[[TimeWindow], Fraction]] = field(default_factory=dict)
    unheard: Mapping[str, str] = field(default_factory=dict)
    asked: list[tuple[tuple[str, ...], tuple[TimeWindow, ...]]] = field(default_factory=list)

    def observe(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        self.asked.append((tuple(names), tuple(windows)))
        none = EventCount(0, 0)
        source = FakeEventSource(
            lambda name, window: self.counts.get(name, {}).get(window, none),
            self.since,
            self.heard,
            self.silent,
            self.estimated,
            allowed=self.allowed,
            unheard=self.unheard,
        )
        return source.observe(names, windows, now)

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        return ()


@dataclass
class BookedEvents:
    """A source that books events into the domain's tiers of buckets, drops what is no longer kept, and adds up what is left.

    What `corrections` take out is left out, bucket by bucket.
    """

    since: int
    corrections: tuple[Correction, ...] = ()
    buckets: dict[tuple[int, int], EventCount] = field(default_factory=dict)

    def book(self, time: float, count: EventCount) -> None:
        for tier in TIERS:
            key = (tier.width, math.floor(time / tier.width) * tier.width)
            self.buckets[key] = _sum(self.buckets.get(key, NOTHING), count)

    def drop_old(self, now: float) -> None:
        kept = {tier.width: tier.kept for tier in TIERS}
        self.buckets = {
            (width, start): count
            for (width, start), count in self.buckets.items()
            if start + width >= now - kept[width]
        }

    def count(self, interval: Interval) -> EventCount:
        """Of each second the widest bucket that lies within the interval counts."""

        def within(width: int, start: int) -> bool:
            return interval.start <= start and start + width <= interval.end

        total = NOTHING
        for (width, start), count in self.buckets.items():
            wider = (tier.width for tier in TIERS if tier.width > width)
            if within(width, start) and not any(within(each, start // each * each) for each in wider):
                total = _sum(total, count)
        return total

    def _count_of(self, window: TimeWindow, now: float) -> EventCount:
        start, end = window.interval(now)
        width, total = max(MINUTE, window.width), NOTHING
        taken = merged(each for one in self.corrections for each in one.intervals(Interval(start, end), width))
        for gap in taken:
            total, start = _sum(total, self.count(Interval(start, gap.start))), gap.end
        return _sum(total, self.count(Interval(start, end)))

    def observe(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        self.drop_old(now)
        counts = {window: self._count_of(window, now) for window in windows}
        stated = StatedCounts(dict.fromkeys(names, counts), since=dict.fromkeys(names, self.since))
        return stated.observe(names, windows, now)

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        return ()


@pytest.fixture(scope="session")
def make_slo() -> Callable[..., SLO]:
    """Makes an availability SLO of payments: `make_slo(name, target, **fields)`."""
    return _slo


@pytest.fixture(scope="session")
def stated_counts() -> type[StatedCounts]:
    """A source that answers what it is told."""
    return StatedCounts


@pytest.fixture(scope="session")
def booked_events() -> type[BookedEvents]:
    """A source that books events into buckets as the tiers say."""
    return BookedEvents


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., tuple[SLO, ...]]:
    """Loads SLO files given as texts by name: `load("...")` or `load(**{"a.yaml": "...", "b.yaml": "..."})`."""

    def load_texts(text: str | None = None, **texts: str) -> tuple[SLO, ...]:
        for name, content in ({"slos.yaml": text} if text is not None else texts).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return load_slos([tmp_path])

    return load_texts


@pytest.fixture
def faults_of(load: Callable[..., tuple[SLO, ...]]) -> Callable[..., list[str]]:
    """The faults of SLO files given as texts, each as `line: path: message`."""

    def faults(text: str | None = None, **texts: str) -> list[str]:
        with pytest.raises(SpecError) as caught:
            load(text, **texts)
        return [f"{fault.line}: {fault.path}: {fault.message}" for fault in caught.value.faults]

    return faults
