"""Counts of events: the only thing ever stored. Ratios are made from them at the last moment, and never averaged."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from .errors import InvalidValue


class EventCount(NamedTuple):
    """Whole events: `good` of `total`. No traffic is `EventCount(0, 0)`, never a sentinel."""

    good: int
    total: int

    @property
    def bad(self) -> int:
        """Events that broke the promise."""
        return self.total - self.good

    @property
    def good_ratio(self) -> Fraction | None:
        """The SLI, exactly; None without traffic."""
        return Fraction(self.good, self.total) if self.total else None

    def plus(self, other: EventCount) -> EventCount:
        """Both together: counts of adjacent intervals add up to the count of their union."""
        return EventCount(self.good + other.good, self.total + other.total)

    def checked(self) -> EventCount:
        """Itself; raises `InvalidValue` unless 0 <= good <= total."""
        if not 0 <= self.good <= self.total:
            raise InvalidValue(f"{self.good} good of {self.total} events can't be")
        return self
