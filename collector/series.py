"""From an attribute set to the SLOs it feeds, decided once and remembered, within bounds.

The bounds protect memory, never the counts: an attribute set that finds no room is decided anew each time, and counted as overflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from ..slo import SPANS, XRAY, Attributes, SpanKind, Verdict
from .registry import Judge, Registry

MOST_SERIES: Final = 10_000
MOST_OF_A_SERVICE: Final = 2_000
"""The specification's default limit for one instrument (metrics SDK, cardinality limits)."""


class Threshold(NamedTuple):
    """A latency threshold, as spans' clocks count and as histograms' boundaries do."""

    nanoseconds: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Feeds:
    """The rows an event counts in: as good, as bad, or as its duration decides."""

    good: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()
    timed: tuple[tuple[Threshold, tuple[int, ...]], ...] = ()


_SIDED: Final = frozenset({SPANS, XRAY})

NOTHING: Final = Feeds()


class SeriesKey(NamedTuple):
    """What decides about an event: where it comes from, what it is, and its wanted attributes with their types."""

    service: str
    signal: str
    kind: int
    labels: frozenset[tuple[str, object, type]]


class Series:
    """The dictionary of attribute sets. It follows the registry by itself."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[SeriesKey, tuple[tuple[Judge, ...], Feeds]] = {}
        self._per_service: dict[str, int] = {}
        self._interned: dict[Feeds, Feeds] = {}
        self.overflows = 0

    def __len__(self) -> int:
        return len(self._known)

    def feeds(self, service: str, signal: str, kind: int, labels: Attributes) -> Feeds:
        """The rows that events with these attributes count in. `kind` is OTLP's span kind, or 0 for a metric."""
        judges = self._registry.judges(service)
        if not judges:
            return NOTHING
        key = SeriesKey(service, signal, kind, frozenset((k, v, v.__class__) for k, v in labels.items()))
        known = self._known.get(key)
        if known is not None and known[0] is judges:
            return known[1]
        feeds = self._intern(_decide(judges, signal, kind, labels))
        if known is not None or self._has_room(service):
            self._known[key] = (judges, feeds)
        return feeds

    def _has_room(self, service: str) -> bool:
        count = self._per_service.get(service, 0)
        if len(self._known) >= MOST_SERIES or count >= MOST_OF_A_SERVICE:
            self.overflows += 1
            return False
        self._per_service[service] = count + 1
        return True

    def _intern(self, feeds: Feeds) -> Feeds:
        """One object for equal feeds, so that attribute sets that count alike are counted together."""
        if len(self._interned) > MOST_SERIES:
            self._interned.clear()
        return self._interned.setdefault(feeds, feeds)


def _decide(judges: tuple[Judge, ...], signal: str, kind: int, labels: Attributes) -> Feeds:
    good: list[int] = []
    bad: list[int] = []
    timed: dict[Threshold, list[int]] = {}
    for sli, row in judges:
        if sli.signal != signal or (signal in _SIDED and sli.span_kind is not SpanKind(kind)):
            continue
        verdict = sli.verdict(labels)
        if verdict is Verdict.BAD:
            bad.append(row)
        elif verdict is Verdict.GOOD and sli.threshold is None:
            good.append(row)
        elif verdict is Verdict.GOOD and sli.threshold is not None:
            threshold = Threshold(sli.threshold_nanoseconds or 0, float(sli.threshold))
            timed.setdefault(threshold, []).append(row)
    return Feeds(tuple(good), tuple(bad), tuple((threshold, tuple(rows)) for threshold, rows in timed.items()))
