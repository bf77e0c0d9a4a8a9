"""An SLO that goes on as it did is unlikely to keep its promise: to be known while there is still time.

Chances are looked up beside the evaluations, few at a time, for each costs some milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np

from ...slo import PROMQL, Chance, Evaluation, Unit, figures, likelihood
from ...slo.annotations import alerts_off
from ..alert import Alert, AlertKey, AlertKind
from ..messages.explaining import Foresee
from ..state import ConditionState
from ..words import Words
from .condition import Judgement

SWITCH: Final = "at-risk"
UNLIKELY: Final = 0.10
LIKELY_AGAIN: Final = 0.25
"""Chances between these leave everything as it is, so that one draw more or less changes nothing."""

MOST_AT_ONCE: Final = 5


class AtRisk:
    """Met while the chance to keep the promise is below one in ten, drawn from a past as long as the promise's window or longer."""

    def __init__(self, foresee: Foresee) -> None:
        self._foresee = foresee
        self._chances: Mapping[str, Chance | None] = {}
        self._next = 0

    def look(self, evaluation: Evaluation) -> None:
        """Looks up the chances of the next few SLOs. May block."""
        rows = _with_failures(evaluation)
        first = int(np.searchsorted(rows, self._next))
        chosen = rows[first : first + MOST_AT_ONCE].tolist()
        self._next = chosen[-1] + 1 if chosen and first + MOST_AT_ONCE < len(rows) else 0
        found = {
            evaluation.slos[row].name: self._foresee(evaluation.status(row))
            for row in chosen
            if _asked(evaluation, row)
        }
        names = {evaluation.slos[row].name for row in rows.tolist()}
        self._chances = {name: known for name, known in {**self._chances, **found}.items() if name in names}

    def judgements(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterator[Judgement]:
        """The SLOs at risk, and those that were."""
        firing = {key.name for key in open_ if key.kind is AlertKind.AT_RISK}
        low = {name for name, chance in self._chances.items() if chance is not None and chance.kept < UNLIKELY}
        for name in sorted(firing | low):
            row = evaluation.layout.rows.get(name)
            if row is not None:
                yield self._judged(evaluation, row, fires=name in firing)

    def _judged(self, evaluation: Evaluation, row: int, *, fires: bool) -> Judgement:
        slo = evaluation.slos[row]
        key, chance = AlertKey(AlertKind.AT_RISK, slo.name), self._chances.get(slo.name)
        if SWITCH in alerts_off(slo):
            return Judgement(key, ConditionState.CLEAR, row)
        if evaluation.observation.silent[row] or (chance is None and not _is_clean(evaluation, row)):
            return Judgement(key, ConditionState.UNKNOWN, row)
        if chance is None or chance.seconds < slo.window.length(evaluation.now):
            return Judgement(key, ConditionState.CLEAR, row)
        likely = chance.kept >= (LIKELY_AGAIN if fires else UNLIKELY)
        state = ConditionState.CLEAR if likely else ConditionState.MET
        return Judgement(key, state, row, partial(_words, evaluation, row, chance))


def _with_failures(evaluation: Evaluation) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The rows that had failures in their own window: without any there is no risk to be seen."""
    every, own = evaluation.layout.every_row, evaluation.layout.budget_columns
    return np.flatnonzero(evaluation.observation.total[every, own] > evaluation.observation.good[every, own])


def _is_clean(evaluation: Evaluation, row: int) -> bool:
    return not evaluation.count(row, evaluation.slos[row].window).bad


def _asked(evaluation: Evaluation, row: int) -> bool:
    """Not where the past would have to be asked of others, and not while a window that is hardly seen would be drawn from."""
    slo = evaluation.slos[row]
    wanted = slo.unit is Unit.EVENTS and slo.sli.signal != PROMQL and SWITCH not in alerts_off(slo)
    return wanted and evaluation.coverage(row, slo.window) == 1


def _words(evaluation: Evaluation, row: int, chance: Chance) -> Words:
    slo = evaluation.slos[row]
    promised = f"{figures.objective(slo.objective)} over {slo.window}"
    likely, past = likelihood(chance), figures.duration(chance.seconds)
    return Words(
        summary=f"{slo.name} is at risk: a chance of {likely} to keep {promised}, {_left(evaluation, row)}",
        description=(
            f"Futures put together from the last {past} keep the promise in {likely} of cases until"
            f" {figures.moment(chance.end, with_date=True)} UTC."
            " Nothing burns that fast just now: look for what fails a little all the time."
        ),
        reason=f"a chance of {likely} to keep the promise, less than {figures.percent(UNLIKELY, 0)}",
        details={"chance": likely},
        over="It is likely again that the promise is kept.",
    )


def _left(evaluation: Evaluation, row: int) -> str:
    left = evaluation.budget(row, evaluation.slos[row].window).remaining_ratio
    return f"{figures.percent(left)} of the budget left" if left > 0 else "no budget left"
