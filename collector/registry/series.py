"""From an attribute set to the SLOs it feeds, decided once and remembered, within bounds.

The bounds protect memory, never the counts: an attribute set that finds no room is decided anew each time, and counted as overflow. Only
its name is lost: what it did is told under `otel.metric.overflow` (metrics SDK specification, cardinality limits). Sets that nobody
sent for a while make room again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

import numpy as np

from ...slo import SPANS, XRAY, Attributes, SpanKind, Verdict
from ..columns import IntColumn
from ..senders.senders import OVERFLOW
from .judges import Judge
from .registry import Registry

T = TypeVar("T")

MOST_SERIES: Final = 10_000
MOST_OF_A_SERVICE: Final = 2_000
"""The specification's default limit for one instrument (metrics SDK, cardinality limits)."""

LONGEST_SET: Final = 4_096
"""Characters of an attribute set's texts, in all: one that has more finds no room."""

MOST_STREAMS: Final = 200_000
"""Metric streams whose feeds are remembered, so that their attributes need not be looked at again."""

MOST_OVERFLOWING: Final = 1_000
"""Services whose overflow is counted under their own name."""

OTHERS: Final = "other"
OVERFLOWED: Final[Attributes] = {OVERFLOW: True}

_SIDED: Final = frozenset({SPANS, XRAY})
"""Signals that tell who answered from who asked."""

_LOG: Final = logging.getLogger("fournines.collector")


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

    def judged(
        self, everything: T, nothing: T, parted: Callable[[Threshold], tuple[T, T]]
    ) -> Iterator[tuple[tuple[int, ...], T, T]]:
        """What of some events is good and what is bad, by the rows they count in; `parted` has them parted by a threshold."""
        if self.good:
            yield self.good, everything, nothing
        if self.bad:
            yield self.bad, nothing, everything
        for threshold, rows in self.timed:
            yield rows, *parted(threshold)


NOTHING: Final = Feeds()


class SeriesKey(NamedTuple):
    """What decides about an event: where it comes from, what it is, and its wanted attributes with their types."""

    service: str
    signals: tuple[str, ...]
    kind: int
    labels: frozenset[tuple[str, object, type]]


class _Known(NamedTuple):
    """What was decided, and by which judges."""

    judges: tuple[Judge, ...]
    feeds: Feeds


class _Alike(NamedTuple):
    """The same for one and the same object, which a decoder gives for equal sets."""

    labels: Attributes
    judges: tuple[Judge, ...]
    feeds: Feeds


class _Metric:
    """The streams of one metric of one resource, with the numbers of their feeds."""

    __slots__ = ("judges", "numbers")

    def __init__(self, judges: tuple[Judge, ...]) -> None:
        self.judges = judges
        self.numbers: dict[int, int] = {}


class Series:
    """The dictionary of attribute sets. It follows the registry by itself.

    `overflows` counts look-ups of sets that found no room, by service; `sweeps` how often room was made.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        # What was asked for since the last sweep, and what was asked for before it.
        self._young: dict[SeriesKey, _Known] = {}
        self._old: dict[SeriesKey, _Known] = {}
        self._per_service: dict[str, int] = {}
        self._alike: dict[tuple[str, tuple[str, ...], int, int], _Alike] = {}
        self._metrics: dict[tuple[bytes, str], _Metric] = {}
        self._streams = 0
        self._numbers: dict[Feeds, int] = {NOTHING: 0}
        self._feeds: list[Feeds] = [NOTHING]
        self.overflows: dict[str, int] = {}
        self.sweeps = 0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def feeds(self, service: str, signals: tuple[str, ...], kind: int, labels: Attributes) -> Feeds:
        """The rows that events with these attributes count in. `kind` is OTLP's span kind, or 0 for a metric."""
        judges = self._registry.judges(service)
        if not judges:
            return NOTHING
        place = (service, signals, kind, id(labels))
        alike = self._alike.get(place)
        if alike is not None and alike.labels is labels and alike.judges is judges:
            return alike.feeds
        key = _key(service, signals, kind, labels)
        known = self._find(key)
        if known is not None and known.judges is judges:
            feeds = known.feeds
        else:
            feeds = self._intern(_decide(judges, signals, kind, labels))
            if not self._keep(key, _Known(judges, feeds), known):
                return feeds
        if len(self._alike) >= MOST_SERIES:
            self._alike.clear()
        self._alike[place] = _Alike(labels, judges, feeds)
        return feeds

    def of_streams(
        self, service: str, name: str, identity: bytes, streams: IntColumn, labels: Callable[[int], Attributes]
    ) -> IntColumn:
        """The numbers of the feeds of a metric's streams; see `numbered`. `labels` gives the attributes of the stream at an index."""
        judges = self._registry.judges(service)
        if not any(judge.sli.signal == name for judge in judges):
            return np.zeros(len(streams), np.int64)
        metric = self._metrics.get((identity, name))
        if metric is None or metric.judges is not judges:
            metric = self._metrics[identity, name] = _Metric(judges)
        hashes = streams.tolist()
        numbers = list(map(metric.numbers.get, hashes))
        if None in numbers:
            for index, stream in enumerate(hashes):
                if stream not in metric.numbers:
                    metric.numbers[stream] = self._numbers[self.feeds(service, (name,), 0, labels(index))]
                    self._streams += 1
            numbers = list(map(metric.numbers.get, hashes))
        return np.array(numbers, np.int64)

    def numbered(self, number: int) -> Feeds:
        """The feeds with a number, until `trim` is called."""
        return self._feeds[number]

    def trim(self) -> None:
        """Drops what can be decided again, where it has become much; to be called between requests."""
        if self._streams > MOST_STREAMS or len(self._metrics) > MOST_STREAMS or len(self._feeds) > MOST_SERIES:
            self._metrics.clear()
            self._streams = 0
            self._alike.clear()
            self._numbers, self._feeds = {NOTHING: 0}, [NOTHING]
            for known in (*self._young.values(), *self._old.values()):
                self._intern(known.feeds)

    def sweep(self) -> None:
        """Makes room: attribute sets that nobody asked for since the sweep before the last are forgotten."""
        self.sweeps += 1
        self._alike.clear()
        self._metrics.clear()
        self._streams = 0
        for key in self._old:
            self._per_service[key.service] -= 1
            if not self._per_service[key.service]:
                del self._per_service[key.service]
        self._old, self._young = self._young, {}

    def named(self, service: str, signals: tuple[str, ...], kind: int, labels: Attributes) -> Attributes:
        """The attributes under which what such events did is told: their own if their set is known."""
        alike = self._alike.get((service, signals, kind, id(labels)))
        if alike is not None and alike.labels is labels:
            return labels
        known = _key(service, signals, kind, labels)
        return labels if known in self._young or known in self._old else OVERFLOWED

    def _find(self, key: SeriesKey) -> _Known | None:
        known = self._young.get(key)
        if known is None and (known := self._old.pop(key, None)) is not None:
            self._young[key] = known
        return known

    def _keep(self, key: SeriesKey, decided: _Known, known: _Known | None) -> bool:
        if known is None and not self._has_room(key):
            return False
        self._young[key] = decided
        return True

    def _has_room(self, key: SeriesKey) -> bool:
        service = key.service
        count = self._per_service.get(service, 0)
        if len(self) >= MOST_SERIES or count >= MOST_OF_A_SERVICE or _length(key) > LONGEST_SET:
            self._overflow(service)
            return False
        self._per_service[service] = count + 1
        return True

    def _overflow(self, service: str) -> None:
        """Counts it, and says so once a service."""
        if service not in self.overflows and len(self.overflows) >= MOST_OVERFLOWING:
            service = OTHERS
        if service not in self.overflows:
            _LOG.warning(
                "%.200s sends more attribute sets than are kept apart (%d a service, %d in all), or sets of more than %d characters; "
                "its events count all the same",
                service,
                MOST_OF_A_SERVICE,
                MOST_SERIES,
                LONGEST_SET,
            )
        self.overflows[service] = self.overflows.get(service, 0) + 1

    def _intern(self, feeds: Feeds) -> Feeds:
        """One object for equal feeds, so that attribute sets that count alike are counted together."""
        number = self._numbers.get(feeds)
        if number is None:
            number = self._numbers[feeds] = len(self._feeds)
            self._feeds.append(feeds)
        return self._feeds[number]


def _key(service: str, signals: tuple[str, ...], kind: int, labels: Attributes) -> SeriesKey:
    return SeriesKey(service, signals, kind, frozenset((k, v, v.__class__) for k, v in labels.items()))


def _length(key: SeriesKey) -> int:
    """Characters of a set's texts."""
    return sum(len(value) for _, value, _ in key.labels if isinstance(value, str))


def _decide(judges: tuple[Judge, ...], signals: tuple[str, ...], kind: int, labels: Attributes) -> Feeds:
    good: list[int] = []
    bad: list[int] = []
    timed: dict[Threshold, list[int]] = {}
    for judge in judges:
        sli = judge.sli
        if sli.signal not in signals or (sli.signal in _SIDED and sli.span_kind is not SpanKind(kind)):
            continue
        verdict = sli.verdict(labels)
        if verdict is Verdict.BAD:
            bad += judge.rows(labels)
        elif verdict is Verdict.GOOD and sli.threshold is None:
            good += judge.rows(labels)
        elif verdict is Verdict.GOOD and sli.threshold is not None:
            threshold = Threshold(sli.threshold_nanoseconds or 0, float(sli.threshold))
            timed.setdefault(threshold, []).extend(judge.rows(labels))
    return Feeds(tuple(good), tuple(bad), tuple((threshold, tuple(rows)) for threshold, rows in timed.items()))
