"""The error budget: how much bad a window allows, how much it had, and what that leaves."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from .events import EventCount
from .unit import Unit

MEASURABLE: Final = 10
"""A budget of fewer failures than this is a matter of luck: one more or less decides."""


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """Exact to the last moment; only a renderer rounds. Over-spent budgets are negative.

    `allowed` is (1 - target) x total events of the window, scaled where the window is not yet covered; `spent` the bad ones. Both are
    events or slices, and of the latter not only whole ones where an SLO counts parts.
    """

    allowed: Fraction
    spent: int | Fraction
    seconds_allowed: Fraction

    @classmethod
    def of(
        cls,
        count: EventCount,
        allowed: Fraction,
        seconds: int,
        scale: Fraction = Fraction(1),
        unit: Unit = Unit.EVENTS,
    ) -> ErrorBudget:
        """The budget of a window of `seconds` after `count`, where the share `allowed` of all may be bad.

        `scale` is window / covered (1 when the window is covered).
        """
        spent = count.bad if unit.one == 1 else Fraction(count.bad, unit.one)
        return cls(allowed * count.total * scale / unit.one, spent, allowed * seconds)

    @property
    def remaining_events(self) -> Fraction:
        """Bad events still allowed at the traffic seen: allowed - spent, exactly."""
        return self.allowed - self.spent

    @property
    def remaining_ratio(self) -> Fraction:
        """Share of the budget left. Without traffic nothing was spent: 1."""
        return self.remaining_after(self.spent)

    def remaining_after(self, spent: int | Fraction) -> Fraction:
        """The share that is left of it after `spent` bad events."""
        return 1 - spent / self.allowed if self.allowed else Fraction(1)

    @property
    def remaining_seconds(self) -> Fraction:
        """Seconds of total outage still allowed."""
        return self.remaining_ratio * self.seconds_allowed

    def exhausted_in_seconds(self, burn: Fraction | None, seconds: int) -> Fraction | None:
        """When nothing is left of a window of `seconds` if `burn` goes on: 0 when nothing is, None when the budget does not shrink."""
        if self.remaining_ratio <= 0:
            return Fraction(0)
        return self.remaining_ratio * seconds / burn if burn else None
