"""The error budget by occurrences: how many bad events a window allows, how many it had, and what that leaves."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from .calendar_window import TimeWindow
from .events import EventCount
from .objective import Objective


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """Exact to the last moment; only a renderer rounds. Over-spent budgets are negative.

    `allowed` is (1 - target) x total events of the window, scaled where the window is not yet covered; `spent` whole bad events.
    """

    allowed: Fraction
    spent: int
    seconds_allowed: Fraction

    @classmethod
    def of(
        cls, count: EventCount, objective: Objective, window: TimeWindow, scale: Fraction = Fraction(1)
    ) -> ErrorBudget:
        """The budget of `window` after `count`; `scale` is window / covered (1 when the window is covered)."""
        return cls(objective.allowed * count.total * scale, count.bad, objective.allowed * window.seconds)

    @property
    def remaining_events(self) -> Fraction:
        """Bad events still allowed at the traffic seen: allowed - spent, exactly."""
        return self.allowed - self.spent

    @property
    def remaining_ratio(self) -> Fraction:
        """Share of the budget left. Without traffic nothing was spent: 1."""
        return self.remaining_after(self.spent)

    def remaining_after(self, spent: int) -> Fraction:
        """The share that is left of it after `spent` bad events."""
        return 1 - spent / self.allowed if self.allowed else Fraction(1)

    @property
    def remaining_seconds(self) -> Fraction:
        """Seconds of total outage still allowed."""
        return self.remaining_ratio * self.seconds_allowed

    def exhausted_in_seconds(self, burn: Fraction | None, window: TimeWindow) -> Fraction | None:
        """Seconds until nothing is left if `burn` goes on: 0 when nothing is left, None when the budget does not shrink."""
        if self.remaining_ratio <= 0:
            return Fraction(0)
        return self.remaining_ratio * window.seconds / burn if burn else None
