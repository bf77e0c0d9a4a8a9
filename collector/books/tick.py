"""What the passing of time changes: pins, silences and their estimates, what is remembered and kept."""

from __future__ import annotations

from typing import Final

from ...slo import DAY
from ..receipt import REMEMBERED
from .books import Books

SWEPT_EVERY: Final = 600
"""Seconds between two looks for idle senders and streams."""

LOOKED_EVERY: Final = 30
"""Seconds between two looks for what services declare no more."""

LONGEST_STEP: Final = 30
"""Seconds between two moments that are more than time passing: the clock was set, or the machine slept."""


class Tick:
    """Stages it all for one moment."""

    def __init__(self) -> None:
        self._swept = self._looked = 0.0
        self._last: float | None = None
        self._stepped = -float(DAY)

    def stage(self, books: Books, now: float) -> None:
        """Everything that is due at `now`."""
        catalogue = books.registry.catalogue
        books.senders.listen(now)
        books.registry.settle(now)
        books.objectives.follow(catalogue.slos, now)
        books.silences.go_on(books.senders, ((catalogue.rows[slo.name], slo) for slo in catalogue.slos), now)
        self._look_at_clock(now)
        # Senders that send again do not know that the clock was set, or that they slept.
        if now - self._stepped >= REMEMBERED:
            books.digests.expire(now)
            books.intervals.expire(now)
        books.contributors.expire(books.buckets.passed(now))
        books.by_version.expire(books.buckets.passed(now))
        books.upkeep.stage(now)
        if abs(now - self._looked) >= LOOKED_EVERY:
            self._looked = now
            books.registry.expire(books.senders.heard, books.senders.listening, now)
        if abs(now - self._swept) >= SWEPT_EVERY:
            self._swept = now
            books.senders.expire(now)
            books.retire(now)
            books.series.sweep()
            books.clocks.expire(now)
            books.cumulatives.expire(now)
        elif books.cumulatives.is_crowded:
            books.cumulatives.expire(now)

    def _look_at_clock(self, now: float) -> None:
        if self._last is not None and not 0 <= now - self._last <= LONGEST_STEP:
            self._stepped = now
        self._last = now
