"""One series of durations: cumulative bucket counts, and what of them was sealed."""

from __future__ import annotations

import threading
from typing import Generic

from .point import Exemplar, Gained, Held, K


class Series(Generic[K]):
    """Buckets of one key. Whoever changes them holds `lock`; only the exporter takes."""

    __slots__ = (
        "boundaries",
        "counts",
        "exemplars",
        "fresh",
        "key",
        "lock",
        "sealed_counts",
        "sealed_seconds",
        "seconds",
    )

    def __init__(self, key: K, boundaries: tuple[float, ...]) -> None:
        self.key = key
        self.lock = threading.Lock()
        self.boundaries = boundaries
        buckets = len(boundaries) + 1
        self.counts = [0] * buckets
        self.seconds = 0.0
        self.exemplars: list[Exemplar | None] = [None] * buckets
        self.fresh = False
        self.sealed_counts = (0,) * buckets
        self.sealed_seconds = 0.0

    def total(self) -> Held[K]:
        """As it stands."""
        with self.lock:
            return Held(self.key, tuple(self.counts), self.seconds, tuple(self.exemplars))

    def take(self, since: float) -> Gained[K] | None:
        """What it gained since it was last taken; None where that is nothing. Exemplars only from `since` (epoch seconds) on."""
        with self.lock:
            if not self.fresh:
                return None
            self.fresh = False
            counts, seconds, exemplars = tuple(self.counts), self.seconds, tuple(self.exemplars)
        gained = tuple(now - before for now, before in zip(counts, self.sealed_counts, strict=True))
        point = Gained(
            self.key,
            gained,
            seconds - self.sealed_seconds,
            tuple(one for one in exemplars if one is not None and one.at >= since),
        )
        self.sealed_counts, self.sealed_seconds = counts, seconds
        return point

    def divide(self, boundaries: tuple[float, ...], slot: int) -> None:
        """Splits the bucket of that number in two. What is in it may be longer than the new boundary, and so counts as longer."""
        with self.lock:
            self.boundaries = boundaries
            self.counts.insert(slot, 0)
            self.exemplars.insert(slot, None)
            self.sealed_counts = (*self.sealed_counts[:slot], 0, *self.sealed_counts[slot:])
