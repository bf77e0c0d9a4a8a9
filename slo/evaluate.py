"""All SLOs x all windows in one array pass: one question to the event source, one answer for the page, the API and the alerts.

Evaluating costs one `observe` and a handful of numpy operations, whatever the number of SLOs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from .arithmetic import IntArray, Limits, compare
from .budget import MEASURABLE
from .burn import Severity
from .evaluation import Evaluation
from .layout import Layout
from .prepared_rule import PreparedRule, prepare_rules
from .slo import SLO
from .source import EventSource, Observation
from .status import STATES, State
from .unit import Unit


class Evaluator:
    """A set of SLOs, prepared once for evaluation as often as wanted. Names are unique (`ValueError` otherwise)."""

    def __init__(self, slos: Sequence[SLO]) -> None:
        self.layout = Layout(slos)
        self._prepared: tuple[bytes, list[PreparedRule]] = b"", []
        self._allowed = Limits([slo.objective.allowed for slo in slos])
        self._guards = np.array([slo.guard for slo in slos], dtype=np.int64)
        self._counts_events = np.array([slo.unit is Unit.EVENTS for slo in slos], dtype=np.bool_)

    def at(self, source: EventSource, now: float) -> Evaluation:
        """The state of all SLOs at `now` (epoch seconds), from one `observe` of `source`."""
        seen = source.observe(self.layout.names, self.layout.windows, now)
        lengths, covered = self.layout.lengths(now), self._covered(seen.since, now)
        prepared = self._prepared_for(lengths, now)
        met, held_back = self._met(prepared, seen, covered, lengths)
        states = self._states(seen, covered, lengths, met)
        rules = tuple(each.rule for each in prepared)
        return Evaluation(self.layout, rules, now, seen, lengths, covered, met, held_back, states)

    def _prepared_for(self, lengths: IntArray, now: float) -> list[PreparedRule]:
        """The rules, prepared anew when a calendar's period is of another length than the last one's."""
        key, prepared = self._prepared
        if key != lengths.tobytes():
            prepared = prepare_rules(self.layout, now)
            self._prepared = lengths.tobytes(), prepared
        return prepared

    def _covered(self, since: IntArray, now: float) -> IntArray:
        """Seconds observed, [slo, window]: from 1 to as many as lie behind `now`."""
        age = np.where(since < 0, 1, np.maximum(1, math.floor(now) - since))
        return np.minimum(age[:, None], self.layout.elapsed(now)[None, :])

    def _met(
        self, rules: Sequence[PreparedRule], seen: Observation, covered: IntArray, lengths: IntArray
    ) -> tuple[dict[Severity, IntArray], IntArray]:
        """The first rule of each severity that holds, and the last page rule that only the low-traffic guard held back; -1 for none."""
        met = {severity: np.full(len(self.layout.slos), -1, dtype=np.int64) for severity in Severity}
        held_back = np.full(len(self.layout.slos), -1, dtype=np.int64)
        for index, prepared in enumerate(rules):
            rows = prepared.rows[prepared.burns(seen, covered, lengths)]
            if prepared.rule.severity is Severity.PAGE:
                bad = seen.total[rows, prepared.long] - seen.good[rows, prepared.long]
                enough = bad >= self._guards[rows]
                held_back[rows[~enough]] = index
                rows = rows[enough]
            column = met[prepared.rule.severity]
            column[rows[column[rows] < 0]] = index
        return met, held_back

    def _states(
        self, seen: Observation, covered: IntArray, lengths: IntArray, met: Mapping[Severity, IntArray]
    ) -> IntArray:
        every, own = self.layout.every_row, self.layout.budget_columns
        total = seen.total[every, own]
        bad = total - seen.good[every, own]
        allowed = self._allowed_in_own(seen)
        budget = compare(bad, total, allowed, lengths[own], covered[every, own])
        enough = compare(np.full_like(total, MEASURABLE), total, allowed, lengths[own], covered[every, own]) <= 0
        checks = [
            seen.silent | np.isnan(seen.heard),
            met[Severity.PAGE] >= 0,
            (budget >= 0) & (bad > 0),
            met[Severity.TICKET] >= 0,
            seen.total[every, self.layout.shortest_columns] == 0,
            self._counts_events & ~enough,
        ]
        return np.select(checks, list(range(len(checks))), default=STATES.index(State.HEALTHY)).astype(np.int64)

    def _allowed_in_own(self, seen: Observation) -> Limits:
        """The share of failures each objective allows in its budget's own window."""
        own = self.layout.budget_columns
        return self._allowed.changed({row: allowed[own[row]] for row, allowed in seen.allowed.items()})


def evaluate(slos: Sequence[SLO], source: EventSource, now: float) -> Evaluation:
    """Evaluates `slos` once. For a set that is evaluated again and again, keep an `Evaluator`."""
    return Evaluator(slos).at(source, now)
