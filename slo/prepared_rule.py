"""A burn rule with every SLO that has it: whether it holds is one comparison of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .arithmetic import BoolArray, IntArray, Limits, compare
from .burn import BurnRule
from .layout import Layout
from .source import Observation


@dataclass(frozen=True, slots=True, eq=False)
class PreparedRule:
    """A rule, the rows it is for, the columns of its windows, and row by row its factor and the share of failures above which it holds."""

    rule: BurnRule
    rows: NDArray[np.intp]
    long: int
    short: int
    factors: Sequence[Fraction]
    limits: Limits

    def burns(self, seen: Observation, covered: IntArray, lengths: IntArray) -> BoolArray:
        """For which of its rows both windows burn above the factor: strictly, and exactly."""
        return self._above(self.long, seen, covered, lengths) & self._above(self.short, seen, covered, lengths)

    def _above(self, column: int, seen: Observation, covered: IntArray, lengths: IntArray) -> BoolArray:
        # Most rules are every SLO's: a column is then read as it lies, in a third of the time that picking rows takes.
        rows = self.rows if len(self.rows) < len(seen.total) else slice(None)
        good, total = seen.good[rows, column], seen.total[rows, column]
        limits = self._limits_in(column, seen)
        return compare(total - good, total, limits, lengths[column], covered[rows, column]) > 0

    def _limits_in(self, column: int, seen: Observation) -> Limits:
        """The limits, by the objectives that were in force in the window where these changed."""
        if not seen.allowed:
            return self.limits
        changed = ((index, seen.allowed.get(row)) for index, row in enumerate(self.rows.tolist()))
        return self.limits.changed(
            {index: self.factors[index] * allowed[column] for index, allowed in changed if allowed}
        )


def prepare_rules(layout: Layout, now: float) -> list[PreparedRule]:
    """Every rule that any SLO has, pages first, those of shorter windows before those of longer ones.

    `now` tells how long the periods of calendars are: they hold as long as these do.
    """
    rules = sorted(_rows_by_rule(layout).items(), key=_order)
    return [_prepare(rule, sorted(rows), layout, now) for rule, rows in rules]


def _rows_by_rule(layout: Layout) -> dict[BurnRule, list[int]]:
    # Most SLOs share one tuple of rules: told apart by identity first, because hashing fractions is dear.
    sharing: dict[int, list[int]] = {}
    for row, slo in enumerate(layout.slos):
        sharing.setdefault(id(slo.rules), []).append(row)
    rows: dict[BurnRule, list[int]] = {}
    for same in sharing.values():
        for rule in dict.fromkeys(layout.slos[same[0]].rules):
            rows.setdefault(rule, []).extend(same)
    return rows


def _order(item: tuple[BurnRule, list[int]]) -> tuple[str, int, int, Fraction]:
    rule, _ = item
    return rule.severity.value, rule.long.seconds, rule.short.seconds, rule.budget_share


def _prepare(rule: BurnRule, rows: list[int], layout: Layout, now: float) -> PreparedRule:
    budgets = [(layout.slos[row].window, layout.slos[row].objective) for row in rows]
    factors = {window: rule.factor(window, now) for window in {window for window, _ in budgets}}
    limits = {budget: factors[budget[0]] * budget[1].allowed for budget in set(budgets)}
    return PreparedRule(
        rule,
        np.array(rows, dtype=np.intp),
        layout.columns[rule.long],
        layout.columns[rule.short],
        [factors[window] for window, _ in budgets],
        Limits([limits[budget] for budget in budgets]),
    )
