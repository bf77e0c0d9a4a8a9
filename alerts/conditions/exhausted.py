"""An SLO's error budget is spent: no page, for nothing may be wrong just now, but somebody has to decide what goes out until it is back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from ...slo import SLO, Evaluation, Layout, figures
from ...slo.annotations import alerts_off
from ...slo.arithmetic import BoolArray
from ...slo.measure import amount_failed, number
from ..alert import Alert, AlertKey, AlertKind
from ..state import ConditionState
from ..words import Words
from .condition import Judgement

SWITCH: Final = "exhausted"
_NEARLY: Final = 1e-6
"""Shares of the budget are looked at as floats; what is so near to nothing is judged exactly."""


class Exhausted:
    """Met while nothing is left of the budget of an SLO's own window, exactly, and as many failed as a page needs."""

    def __init__(self) -> None:
        self._wanted: WeakKeyDictionary[Layout, BoolArray] = WeakKeyDictionary()

    def judgements(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterator[Judgement]:
        """The SLOs whose budget is spent or was."""
        rows = evaluation.layout.rows
        spent = (evaluation.remaining_ratios <= _NEARLY) & self._switched_on(evaluation.layout)
        concerned = set(np.flatnonzero(spent).tolist())
        concerned |= {rows[key.name] for key in open_ if key.kind is AlertKind.EXHAUSTED and key.name in rows}
        for row in sorted(concerned):
            yield self._judged(evaluation, row)

    def _judged(self, evaluation: Evaluation, row: int) -> Judgement:
        slo = evaluation.slos[row]
        key = AlertKey(AlertKind.EXHAUSTED, slo.name)
        silent, wanted = bool(evaluation.observation.silent[row]), self._switched_on(evaluation.layout)[row]
        state = ConditionState.UNKNOWN if silent and wanted else ConditionState.CLEAR
        if wanted and is_exhausted(evaluation, row):
            state = ConditionState.MET
        return Judgement(key, state, row, partial(_words, evaluation, row))

    def _switched_on(self, layout: Layout) -> BoolArray:
        found = self._wanted.get(layout)
        if found is None:
            wanted = [SWITCH not in alerts_off(slo) for slo in layout.slos]
            found = self._wanted[layout] = np.array(wanted, np.bool_)
        return found


def is_exhausted(evaluation: Evaluation, row: int) -> bool:
    """Whether nothing is left. Where so few failed that no page would go out, luck decides, and nobody is told."""
    slo = evaluation.slos[row]
    bad = evaluation.count(row, slo.window).bad
    return bad >= slo.guard and evaluation.budget(row, slo.window).remaining_ratio <= 0


def _words(evaluation: Evaluation, row: int) -> Words:
    slo = evaluation.slos[row]
    budget = evaluation.budget(row, slo.window)
    failed, allowed = amount_failed(slo, budget.spent), number(slo, budget.allowed)
    return Words(
        summary=f"{slo.name} has no error budget left: {failed} in {slo.window}, allowed: {allowed}",
        description=(
            f"The objective of {figures.objective(slo.objective)} over {slo.window} is broken until old failures leave the window"
            f"{_over_spent(slo, evaluation, row)}. Hold back what is risky, and put reliability first."
        ),
        reason=f"the error budget of {slo.window} is spent: {failed}, allowed: {allowed}",
        over="There is error budget again.",
    )


def _over_spent(slo: SLO, evaluation: Evaluation, row: int) -> str:
    over = -evaluation.budget(row, slo.window).remaining_seconds
    return f"; it is over-spent by {figures.duration(over, up=True)} of outage" if over > 0 else ""
