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
from .budget import MEASURABLE, ErrorBudget
from .burn import BurnRule, Severity, burn_rate
from .calendar_window import TimeWindow
from .events import EventCount
from .layout import Layout
from .measure import amount_failed, number
from .slo import SLO
from .source import Observation
from .status import STATES, RuleStatus, State, Status


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All SLOs at one moment. The arrays answer for all at once, one row an SLO (see `layout`).

    `lengths` are the seconds of each window, `covered` those observed of it. `states` indexes `STATES`; `met[severity]` is -1 or the
    index in `rules` of the rule that holds; `held_back` that of a page rule whose windows burn on fewer failures than a page needs.
    """

    layout: Layout
    rules: Sequence[BurnRule]
    now: float
    observation: Observation
    lengths: IntArray
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
        seen = self.observation
        objectives = np.array([float(slo.objective.allowed) for slo in self.slos], np.float64).reshape(-1, 1)
        allowed = np.repeat(objectives, len(self.layout.windows), axis=1)
        for row, changed in seen.allowed.items():
            allowed[row] = [float(each) for each in changed]
        rates = np.full(seen.total.shape, np.nan)
        total = seen.total * (self.lengths / self.covered)
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
        """What one SLO counted in one of its windows, in its unit."""
        column = self.layout.columns[window]
        return EventCount(int(self.observation.good[row, column]), int(self.observation.total[row, column]))

    def coverage(self, row: int, window: TimeWindow) -> Fraction:
        """Covered / window: 1 for a covered window."""
        column = self.layout.columns[window]
        return Fraction(int(self.covered[row, column]), int(self.lengths[column]))

    def allowed(self, row: int, window: TimeWindow) -> Fraction:
        """The share that may be bad in a window: what the objective allows, or the objectives that were in force in it."""
        changed = self.observation.allowed.get(row)
        return changed[self.layout.columns[window]] if changed else self.slos[row].objective.allowed

    def budget(self, row: int, window: TimeWindow) -> ErrorBudget:
        """The error budget of one SLO over one of its windows."""
        allowed, unit = self.allowed(row, window), self.slos[row].unit
        seconds = int(self.lengths[self.layout.columns[window]])
        return ErrorBudget.of(self.count(row, window), allowed, seconds, 1 / self.coverage(row, window), unit)

    def burn(self, row: int) -> dict[TimeWindow, Fraction | None]:
        """Burn rates of one SLO, shortest window first."""
        return {
            window: burn_rate(self.count(row, window), self.allowed(row, window), 1 / self.coverage(row, window))
            for window in sorted(self.slos[row].windows)
        }

    def status(self, row: int) -> Status:
        """Everything about one SLO, exactly."""
        slo, burn = self.slos[row], self.burn(row)
        budget = self.budget(row, slo.window)
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
            coverage=self.coverage(row, slo.window) if self.observation.since[row] >= 0 else Fraction(0),
            counts={window: self.count(row, window) for window in burn},
            estimated_bad=int(self.observation.estimated[row, column]),
            budget=budget,
            burn=burn,
            exhausted_in_seconds=budget.exhausted_in_seconds(burn[min(burn)], int(self.lengths[column])),
            rules=rules,
            silent=bool(self.observation.silent[row]),
            more_budgets={window: self.budget(row, window) for window in slo.more_windows},
        )

    def _rule_status(self, row: int, severity: Severity) -> RuleStatus:
        index = int(self.met[severity][row])
        if index < 0:
            return RuleStatus(severity, met=False, rule=None, reason=self._why_not(row, severity))
        rule = self.rules[index]
        factor = figures.factor(rule.factor(self.slos[row].window, self.now))
        return RuleStatus(severity, met=True, rule=rule, reason=f"{rule.long} and {rule.short} burn above {factor}")

    def _why_not(self, row: int, severity: Severity) -> str:
        index = int(self.held_back[row])
        if severity is not Severity.PAGE or index < 0:
            return "no pair of windows burns above its factor"
        slo, long = self.slos[row], self.rules[index].long
        failed = figures.bad(self.count(row, long).bad, slo.unit)
        return f"{failed} in {long}, fewer than the {slo.min_bad_events} a page needs"

    def _silence(self, row: int) -> str:
        service, heard = self.slos[row].sli.service, float(self.observation.heard[row])
        if why := self.observation.unheard.get(row):
            return why
        if math.isnan(heard):
            return f"{service} was never heard"
        return f"{service} stopped reporting, last heard {figures.duration(int(max(0.0, self.now - heard)))} ago"

    def _reason(self, state: State, row: int, rules: tuple[RuleStatus, ...]) -> str:
        slo = self.slos[row]
        budget = self.budget(row, slo.window)
        match state:
            case State.NO_DATA:
                return self._silence(row)
            case State.BURNING | State.AT_RISK:
                return next(rule.reason for rule in rules if rule.met)
            case State.EXHAUSTED:
                failed, allowed = amount_failed(slo, budget.spent), number(slo, budget.allowed)
                return f"the error budget of {slo.window} is spent: {failed}, allowed: {allowed}"
            case State.NO_TRAFFIC:
                return f"no events in {min(slo.windows)}"
            case State.NOT_MEASURABLE:
                allowed = figures.requests(budget.allowed)
                return (
                    f"at the traffic seen {allowed} may fail in {slo.window}: with fewer than {MEASURABLE} luck decides"
                )
            case State.HEALTHY:
                return f"{figures.percent(budget.remaining_ratio)} of the error budget of {slo.window} is left"
