"""All SLOs x all windows in one array pass: one question to the event source, one answer for the page, the API and the alerts.

Evaluating costs one `observe` and a handful of numpy operations, whatever the number of SLOs; a `Status` with its exact fractions
is made only for the rows somebody looks at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from . import figures
from .arithmetic import BoolArray, IntArray, compare
from .budget import ErrorBudget
from .burn import BurnRule, Severity, burn_rate
from .events import EventCount
from .slo import SLO
from .source import EventSource, Observation
from .status import STATES, RuleStatus, State, Status
from .window import Window


class Evaluator:
    """A set of SLOs, prepared once for evaluation as often as wanted. Names are unique (`ValueError` otherwise)."""

    def __init__(self, slos: Sequence[SLO]) -> None:
        self.slos = tuple(slos)
        self.names = tuple(slo.name for slo in self.slos)
        self.rows = {name: row for row, name in enumerate(self.names)}
        if len(self.rows) != len(self.names):
            raise ValueError("two SLOs have one name")
        self.windows = tuple(sorted({window for slo in self.slos for window in slo.windows}))
        self._column = {window: column for column, window in enumerate(self.windows)}
        self._budget_column = np.array([self._column[slo.window] for slo in self.slos], dtype=np.intp)
        self._shortest_column = np.array([self._column[min(slo.windows)] for slo in self.slos], dtype=np.intp)
        self._allowed = _Limits([slo.objective.allowed for slo in self.slos])
        self._guards = np.array([slo.min_bad_events for slo in self.slos], dtype=np.int64)
        self._seconds = np.array([window.seconds for window in self.windows], dtype=np.int64)
        self._rules = [self._prepare(rule, rows) for rule, rows in self._rows_by_rule()]

    def _rows_by_rule(self) -> list[tuple[BurnRule, list[int]]]:
        # Most SLOs share one tuple of rules: told apart by identity first, because hashing fractions is dear.
        sharing: dict[int, list[int]] = {}
        for row, slo in enumerate(self.slos):
            sharing.setdefault(id(slo.rules), []).append(row)
        rows: dict[BurnRule, list[int]] = {}
        for same in sharing.values():
            for rule in dict.fromkeys(self.slos[same[0]].rules):
                rows.setdefault(rule, []).extend(same)
        return sorted(rows.items(), key=lambda item: _rule_order(item[0]))

    def _prepare(self, rule: BurnRule, rows: list[int]) -> _PreparedRule:
        budgets = [(self.slos[row].window, self.slos[row].objective) for row in rows]
        limits = {budget: rule.factor(budget[0]) * budget[1].allowed for budget in set(budgets)}
        at = np.array(rows, dtype=np.intp)
        return _PreparedRule(
            rule, at, self._column[rule.long], self._column[rule.short], _Limits([limits[budget] for budget in budgets])
        )

    def at(self, source: EventSource, now: float) -> Evaluation:
        """The state of all SLOs at `now` (epoch seconds), from one `observe` of `source`."""
        seen = source.observe(self.names, self.windows, now)
        covered = self._covered(seen.since, now)
        met = {severity: np.full(len(self.slos), -1, dtype=np.int64) for severity in Severity}
        for index, rule in enumerate(self._rules):
            column = met[rule.rule.severity]
            holding = rule.rows[self._holds(rule, seen, covered)]
            column[holding[column[holding] < 0]] = index
        return Evaluation(self, now, seen, covered, met, self._states(seen, covered, met))

    def _covered(self, since: IntArray, now: float) -> IntArray:
        """Seconds observed, [slo, window]: from 1 to the whole window."""
        age = np.where(since < 0, 1, np.maximum(1, math.floor(now) - since))
        return np.minimum(age[:, None], self._seconds[None, :])

    def _holds(self, rule: _PreparedRule, seen: Observation, covered: IntArray) -> BoolArray:
        long_bad = (seen.total - seen.good)[rule.rows, rule.long]
        holds = self._above(rule, rule.long, seen, covered) & self._above(rule, rule.short, seen, covered)
        if rule.rule.severity is Severity.PAGE:
            holds &= long_bad >= self._guards[rule.rows]
        return holds

    def _above(self, rule: _PreparedRule, column: int, seen: Observation, covered: IntArray) -> BoolArray:
        good, total = seen.good[rule.rows, column], seen.total[rule.rows, column]
        stretch = np.full(len(rule.rows), self._seconds[column])
        return (
            compare(total - good, total, rule.limits.exact, rule.limits.floats, stretch, covered[rule.rows, column]) > 0
        )

    def _states(self, seen: Observation, covered: IntArray, met: Mapping[Severity, IntArray]) -> IntArray:
        every = np.arange(len(self.slos))
        total, good = seen.total[every, self._budget_column], seen.good[every, self._budget_column]
        budget = compare(
            total - good,
            total,
            self._allowed.exact,
            self._allowed.floats,
            self._seconds[self._budget_column],
            covered[every, self._budget_column],
        )
        checks = [
            seen.silent | np.isnan(seen.heard),
            met[Severity.PAGE] >= 0,
            (budget >= 0) & (total > good),
            met[Severity.TICKET] >= 0,
            seen.total[every, self._shortest_column] == 0,
        ]
        return np.select(checks, list(range(len(checks))), default=STATES.index(State.HEALTHY)).astype(np.int64)

    def prepared_rule(self, index: int) -> BurnRule | None:
        """The rule an index of `Evaluation.met` names; None for -1."""
        return self._rules[index].rule if index >= 0 else None


def evaluate(slos: Sequence[SLO], source: EventSource, now: float) -> Evaluation:
    """Evaluates `slos` once. For a set that is evaluated again and again, keep an `Evaluator`."""
    return Evaluator(slos).at(source, now)


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedRule:
    rule: BurnRule
    rows: np.ndarray[tuple[int], np.dtype[np.intp]]
    long: int
    short: int
    limits: _Limits


class _Limits:
    """Rational limits beside their floats."""

    def __init__(self, exact: list[Fraction]) -> None:
        self.exact = exact
        self.floats = np.array([float(limit) for limit in exact], dtype=np.float64)


def _rule_order(rule: BurnRule) -> tuple[str, int, int, Fraction]:
    return rule.severity.value, rule.long.seconds, rule.short.seconds, rule.budget_share


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All SLOs at one moment. Iterating makes a `Status` each; the arrays answer for all at once.

    `states` indexes `STATES`; `met[severity]` is -1 or the index of the rule that holds, one row an SLO.
    """

    evaluator: Evaluator
    now: float
    observation: Observation
    covered: IntArray
    met: Mapping[Severity, IntArray]
    states: IntArray

    @property
    def slos(self) -> tuple[SLO, ...]:
        """The SLOs, in the order of the rows."""
        return self.evaluator.slos

    @cached_property
    def worst_first(self) -> tuple[int, ...]:
        """Rows by state, then by share of the budget left, then by name."""
        keys = [(int(self.states[row]), self._remaining(row), slo.name) for row, slo in enumerate(self.slos)]
        return tuple(sorted(range(len(keys)), key=keys.__getitem__))

    def __len__(self) -> int:
        return len(self.slos)

    def __iter__(self) -> Iterator[Status]:
        return (self.status(row) for row in range(len(self)))

    def named(self, name: str) -> Status | None:
        """The status of the SLO of that name; None when there is none."""
        row = self.evaluator.rows.get(name)
        return None if row is None else self.status(row)

    def count(self, row: int, window: Window) -> EventCount:
        """Events of one SLO in one of its windows."""
        column = self.evaluator.windows.index(window)
        return EventCount(int(self.observation.good[row, column]), int(self.observation.total[row, column]))

    def scale(self, row: int, window: Window) -> Fraction:
        """Window / covered: 1 for a covered window."""
        column = self.evaluator.windows.index(window)
        return Fraction(window.seconds, int(self.covered[row, column]))

    def budget(self, row: int) -> ErrorBudget:
        """The error budget of one SLO over its own window."""
        slo = self.slos[row]
        return ErrorBudget.of(self.count(row, slo.window), slo.objective, slo.window, self.scale(row, slo.window))

    def burn(self, row: int) -> dict[Window, Fraction | None]:
        """Burn rates of one SLO, shortest window first."""
        slo = self.slos[row]
        return {w: burn_rate(self.count(row, w), slo.objective, self.scale(row, w)) for w in sorted(slo.windows)}

    def status(self, row: int) -> Status:
        """Everything about one SLO, exactly."""
        slo, burn, budget = self.slos[row], self.burn(row), self.budget(row)
        heard = float(self.observation.heard[row])
        rules = tuple(self._rule_status(row, severity, burn) for severity in Severity)
        state = STATES[int(self.states[row])]
        column = self.evaluator.windows.index(slo.window)
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

    def _remaining(self, row: int) -> float:
        column = self.evaluator.windows.index(self.slos[row].window)
        total = int(self.observation.total[row, column])
        bad = total - int(self.observation.good[row, column])
        allowed = float(self.slos[row].objective.allowed) * total * float(self.scale(row, self.slos[row].window))
        return 1 - bad / allowed if allowed else 1.0

    def _rule_status(self, row: int, severity: Severity, burn: Mapping[Window, Fraction | None]) -> RuleStatus:
        rule = self.evaluator.prepared_rule(int(self.met[severity][row]))
        if rule is not None:
            factor = figures.factor(rule.factor(self.slos[row].window))
            return RuleStatus(severity, met=True, rule=rule, reason=f"{rule.long} and {rule.short} burn above {factor}")
        return RuleStatus(severity, met=False, rule=None, reason=self._why_not(row, severity, burn))

    def _why_not(self, row: int, severity: Severity, burn: Mapping[Window, Fraction | None]) -> str:
        slo = self.slos[row]
        above = [
            rule
            for rule in slo.rules
            if rule.severity is severity
            and all((burn[w] or 0) > rule.factor(slo.window) for w in (rule.long, rule.short))
        ]
        if above:
            long = max(rule.long for rule in above)
            return (
                f"{self.count(row, long).bad} failed events in {long}, fewer than the {slo.min_bad_events} a page needs"
            )
        return "no pair of windows burns above its factor"

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
