"""What an SLO is in, in words and in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from .budget import ErrorBudget
from .burn import BurnRule, Severity
from .calendar_window import TimeWindow
from .events import EventCount
from .slo import SLO


class State(Enum):
    """What an SLO is in; the first that holds, in this order."""

    NO_DATA = "no_data"
    BURNING = "burning"
    EXHAUSTED = "exhausted"
    AT_RISK = "at_risk"
    NO_TRAFFIC = "no_traffic"
    NOT_MEASURABLE = "not_measurable"
    HEALTHY = "healthy"


STATES = tuple(State)
"""Worst first: what `Evaluation.states` indexes."""


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """One severity of one SLO at one moment: whether its condition is met, by which rule, and why in words."""

    severity: Severity
    met: bool
    rule: BurnRule | None
    reason: str


@dataclass(frozen=True, slots=True)
class Status:
    """One SLO at one moment, with the numbers behind it. Fractions are exact; None means there is nothing to say.

    `data_age` is in seconds; `coverage` the observed share of the budget's window; `counts` and `burn` one a window, shortest first,
    counts in the SLO's unit; `more_budgets` those of its further windows.
    """

    slo: SLO
    now: float
    state: State
    reason: str
    data_age: float | None
    coverage: Fraction
    counts: Mapping[TimeWindow, EventCount]
    estimated_bad: int
    budget: ErrorBudget
    burn: Mapping[TimeWindow, Fraction | None]
    exhausted_in_seconds: Fraction | None
    rules: tuple[RuleStatus, ...]
    silent: bool
    more_budgets: Mapping[TimeWindow, ErrorBudget]

    @property
    def events(self) -> EventCount:
        """What the budget's window counted."""
        return self.counts[self.slo.window]
