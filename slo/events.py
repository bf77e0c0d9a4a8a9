"""Counts of events: the only thing ever stored. Ratios are made from them at the last moment, and never averaged."""

from __future__ import annotations

from typing import NamedTuple


class EventCount(NamedTuple):
    """Whole events: `good` of `total`. No traffic is `EventCount(0, 0)`, never a sentinel."""

    good: int
    total: int

    @property
    def bad(self) -> int:
        """Events that broke the promise."""
        return self.total - self.good
