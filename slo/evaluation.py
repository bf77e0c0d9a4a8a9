"""All SLOs at one moment: arrays that answer for all of them, and a `Status` with exact fractions for each one somebody looks at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from . import figures
from .arithmetic import FloatArray, IntArray
from .budget import ErrorBudget
from .burn import BurnRule, Severity, burn_rate
from .calendar_window import TimeWindow
from .events import EventCount
from .layout import Layout
from .slo import SLO
from .source import Observation
from .status import STATES, RuleStatus, State, Status


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All SLOs at one moment. The arrays answer for all at once, one row an SLO (see `layout`).

    `covered` are the seconds observed of each window. `states` indexes `STATES`; `met[severity]` is -1 or the index in `rules` of the
    rule that holds; `held_back` that of a page rule whose windows burn on fewer failures than a page needs.
    """

    layout: Layout
    rules: Sequence[BurnRule]
    now: float
    observation: Observation
    covered: IntArray
    met: Mapping[Severity, IntArray]
    held_back: IntArray
    states: IntArray

    @property
    def slos(self) -> tuple[SLO, ...]:
        """The SLOs, in the order of the rows."""
        return self.layout.slos

    @cached_property
    def burn_rates(self) -> FloatArray:
        """Every burn rate as a float, [slo, window], nan without traffic: to show many at once. Decisions are made exactly."""
        seen, layout = self.observation, self.layout
        allowed = np.array([float(slo.objective.allowed) for slo in self.slos], np.float64).reshape(-1, 1)
        rates = np.full(seen.total.shape, np.nan)
        total = seen.total * (layout.seconds / self.covered)
        np.divide(seen.total - seen.good, allowed * total, out=rates, where=total > 0)
        return rates

    @cached_property
    def remaining_ratios(self) -> FloatArray:
        """The share of each budget left, as floats: over its own window a budget burns as fast as it is spent."""
        spent = self.burn_rates[self.layout.every_row, self.layout.budget_columns]
        return np.where(np.isnan(spent), 1.0, 1.0 - spent)

    @cached_property
    def worst_first(self) -> tuple[int, ...]:
        """Rows by state, then by share of the budget left, then by name."""
        keys = list(zip(self.states.tolist(), self.remaining_ratios.tolist(), self.layout.names, strict=True))
        return tuple(sorted(range(len(keys)), key=keys.__getitem__))

    def __len__(self) -> int:
        return len(self.slos)

    def named(self, name: str) -> Status | None:
        """The status of the SLO of that name; None when there is none."""
        row = self.layout.rows.get(name)
        return None if row is None else self.status(row)

    def count(self, row: int, window: TimeWindow) -> EventCount:
        """Events of one SLO in one of its windows."""
        column = self.layout.columns[window]
        return EventCount(int(self.observation.good[row, column]), int(self.observation.total[row, column]))

    def scale(self, row: int, window: TimeWindow) -> Fraction:
        """Window / covered: 1 for a covered window."""
        column = self.layout.columns[window]
        return Fraction(window.seconds, int(self.covered[row, column]))

    def budget(self, row: int) -> ErrorBudget:
        """The error budget of one SLO over its own window."""
        slo = self.slos[row]
        return ErrorBudget.of(self.count(row, slo.window), slo.objective, slo.window, self.scale(row, slo.window))

    def burn(self, row: int) -> dict[TimeWindow, Fraction | None]:
        """Burn rates of one SLO, shortest window first."""
        slo = self.slos[row]
        return {w: burn_rate(self.count(row, w), slo.objective, self.scale(row, w)) for w in sorted(slo.windows)}

    def status(self, row: int) -> Status:
        """Everything about one SLO, exactly."""
        slo, burn, budget = self.slos[row], self.burn(row), self.budget(row)
        heard = float(self.observation.heard[row])
        rules = tuple(self._rule_status(row, severity) for severity in Severity)
        state = STATES[int(self.states[row])]
        column = self.layout.columns[slo.window]
        return Status(
            slo=slo,
            now=self.now,
            state=state,
            reason=self._reason(state, row, rules),
            data_age=None if math.isnan(heard) else max(0.0, self.now - heard),
            coverage=1 / self.scale(row, slo.window) if self.observation.since[row] >= 0 else Fraction(0),
            events=self.count(row, slo.window),
            estimated_bad=int(self.observation.estimated[row, column]),
            budget=budget,
            burn=burn,
            exhausted_in_seconds=budget.exhausted_in_seconds(burn[min(burn)], slo.window),
            rules=rules,
            silent=bool(self.observation.silent[row]),
        )

    def _rule_status(self, row: int, severity: Severity) -> RuleStatus:
        index = int(self.met[severity][row])
        if index < 0:
            return RuleStatus(severity, met=False, rule=None, reason=self._why_not(row, severity))
        rule = self.rules[index]
        factor = figures.factor(rule.factor(self.slos[row].window))
        return RuleStatus(severity, met=True, rule=rule, reason=f"{rule.long} and {rule.short} burn above {factor}")

    def _why_not(self, row: int, severity: Severity) -> str:
        index = int(self.held_back[row])
        if severity is not Severity.PAGE or index < 0:
            return "no pair of windows burns above its factor"
        long, needed = self.rules[index].long, self.slos[row].min_bad_events
        return f"{self.count(row, long).bad} failed events in {long}, fewer than the {needed} a page needs"

    def _reason(self, state: State, row: int, rules: tuple[RuleStatus, ...]) -> str:
        slo = self.slos[row]
        match state:
            case State.NO_DATA:
                return (
                    f"{slo.sli.service} stopped reporting"
                    if self.observation.silent[row]
                    else f"{slo.sli.service} was never heard"
                )
            case State.BURNING | State.AT_RISK:
                return next(rule.reason for rule in rules if rule.met)
            case State.EXHAUSTED:
                return f"the error budget of {slo.window} is spent"
            case State.NO_TRAFFIC:
                return f"no events in {min(slo.windows)}"
            case State.HEALTHY:
                left = figures.percent(self.budget(row).remaining_ratio)
                return f"{left} of the error budget of {slo.window} is left"
