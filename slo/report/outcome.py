"""What became of a promise in a period: what was counted, against what its objective allowed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from .counting import Tally
from .number import Number


@dataclass(frozen=True, slots=True)
class Outcome:
    """`good` of `total`, in so many parts of `one`, and the budget of it: what was `allowed` to be bad and what was, `spent`.

    `ratio` is the result, `remaining_ratio` the share of the budget left, negative where it is over-spent, and `kept` whether it is not:
    all null where nothing was counted. The budget is that of what was counted, also in a period that is not over.
    """

    good: int
    total: int
    one: int
    ratio: Number | None
    allowed: Number
    spent: Number
    remaining_ratio: Number | None
    kept: bool | None

    @property
    def burnt(self) -> Fraction | None:
        """The share of the budget that was spent."""
        return None if self.remaining_ratio is None else 1 - self.remaining_ratio

    @classmethod
    def of(cls, tally: Tally) -> Outcome:
        """From counts, exactly."""
        good, total, one = tally.good, tally.total, tally.one
        allowed, spent = tally.allowed / one, Fraction(total - good, one)
        if not total:
            return cls(good, total, one, None, allowed, spent, None, None)
        remaining = 1 - spent / allowed if allowed else None
        return cls(good, total, one, Fraction(good, total), allowed, spent, remaining, spent <= allowed)
