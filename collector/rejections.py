"""What of a request was refused for good, and why, in words for its sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..slo import DAY
from .columns import IntColumn, Signal
from .counters import Counters
from .ledger.buckets import FUTURE, OLDEST, latest_end, oldest_booked
from .receipt import Receipt

IN_THE_FUTURE: Final = "future"
TOO_OLD: Final = "too_old"
NO_TEMPORALITY: Final = "no_temporality"
IMPLAUSIBLE: Final = "implausible"

_TEXTS: Final = {
    IN_THE_FUTURE: f"more than {FUTURE // 60} minutes in the future; is the sender's clock right?",
    TOO_OLD: f"older than the {OLDEST.kept // DAY} days that are kept",
    NO_TEMPORALITY: "neither delta nor cumulative",
    IMPLAUSIBLE: "of an implausible count",
}
_NOUNS: Final = {Signal.TRACES: "spans", Signal.METRICS: "data points", Signal.LOGS: "log records"}


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """What became of a request: its receipt, refused items by reason, and points by what they turned out to be."""

    receipt: Receipt
    signal: Signal
    rejected: Mapping[str, int]
    points: Mapping[str, int]

    def count(self, counters: Counters) -> None:
        """Counts it, once it is true."""
        signal = self.signal.name.lower()
        counters.child(counters.accepted, signal).inc(self.receipt.accepted)
        for reason, count in self.rejected.items():
            counters.rejected.labels(signal, reason).inc(count)
        for seen, count in self.points.items():
            counters.points.labels(seen).inc(count)


class Rejections:
    """Counts of one request's refused items by reason."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self._counts: dict[str, int] = {}

    def add(self, reason: str, count: int = 1) -> None:
        """Counts refused items."""
        if count:
            self._counts[reason] = self._counts.get(reason, 0) + count

    def by_time(self, end: IntColumn, booked: IntColumn, received: float) -> NDArray[np.bool_]:
        """Which rows have a time that can be booked; the others are counted."""
        latest, oldest = latest_end(received), oldest_booked(received)
        if len(end) and end.max() <= latest and booked.min() >= oldest:
            return np.ones(len(end), np.bool_)
        future = end > latest
        old = ~future & (booked < oldest)
        self.add(IN_THE_FUTURE, int(np.count_nonzero(future)))
        self.add(TOO_OLD, int(np.count_nonzero(old)))
        return ~(future | old)

    def outcome(self, items: int, points: Mapping[str, int] | None = None) -> RequestOutcome:
        """What became of the request; `items` is all it held."""
        if not self._counts:
            return RequestOutcome(Receipt(items), self._signal, {}, points or {})
        rejected = sum(self._counts.values())
        noun = _NOUNS[self._signal]
        reason = "; ".join(f"{count} {noun} {_TEXTS[reason]}" for reason, count in self._counts.items())
        return RequestOutcome(Receipt(items - rejected, rejected, reason), self._signal, self._counts, points or {})
