"""What an evaluation says about the condition of every alert there is or should be.

A page and a ticket belong to an SLO. No data belongs to the service that sends the events: ten SLOs fed by a service that went
silent are one page, labelled with the strictest of them. While a service is silent the burn of its SLOs is unknown unless it is
met: estimated events may burn. What an SLO depends on is judged before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ..slo import Evaluation, Layout
from .alert import Alert, AlertKey, AlertKind
from .dependencies import Dependencies
from .state import ConditionState

_BURN_KINDS = (AlertKind.PAGE, AlertKind.TICKET)  # pages first: whether a ticket is inhibited depends on its page


class Judgement(NamedTuple):
    """What is known of one alert's condition; `row` is the evaluation's row that says so."""

    key: AlertKey
    condition: ConditionState
    row: int


class AlertJudge:
    """Knows, for every set of SLOs it has seen, which rows a service feeds, and who depends on whom."""

    def __init__(self) -> None:
        self._services: WeakKeyDictionary[Layout, dict[str, int]] = WeakKeyDictionary()
        self._dependencies: WeakKeyDictionary[Layout, Dependencies] = WeakKeyDictionary()

    def judgements(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> list[Judgement]:
        """Conditions of the alerts that are open or should be; all others are clear and inactive."""
        burns = sorted(
            _burns(evaluation, open_), key=lambda each: self.dependencies(evaluation.layout).depth(each.key.name)
        )
        return [*self._no_data(evaluation, open_), *burns]

    def dependencies(self, layout: Layout) -> Dependencies:
        """Who depends on whom in a set of SLOs."""
        found = self._dependencies.get(layout)
        if found is None:
            found = self._dependencies[layout] = Dependencies(layout.slos)
        return found

    def _no_data(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterator[Judgement]:
        silent = evaluation.observation.silent
        concerned = {evaluation.slos[row].sli.service for row in np.flatnonzero(silent).tolist()}
        concerned |= {key.name for key in open_ if key.kind is AlertKind.NO_DATA}
        if not concerned:
            return
        rows = self._strictest(evaluation.layout)
        for service in sorted(concerned & rows.keys()):
            condition = ConditionState.MET if silent[rows[service]] else ConditionState.CLEAR
            yield Judgement(AlertKey(AlertKind.NO_DATA, service), condition, rows[service])

    def _strictest(self, layout: Layout) -> dict[str, int]:
        """The row of the SLO with the highest objective that each service feeds, the first by name among equals."""
        found = self._services.get(layout)
        if found is None:
            slos = layout.slos
            order = sorted(
                range(len(slos)), key=lambda row: (slos[row].objective.allowed, slos[row].name), reverse=True
            )
            found = self._services[layout] = {slos[row].sli.service: row for row in order}
        return found


def _burns(evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterator[Judgement]:
    met = {kind: evaluation.met[kind.severity] >= 0 for kind in _BURN_KINDS}
    concerned = set(np.flatnonzero(met[AlertKind.PAGE] | met[AlertKind.TICKET]).tolist())
    rows = evaluation.layout.rows
    concerned |= {rows[key.name] for key in open_ if key.kind is not AlertKind.NO_DATA and key.name in rows}
    for row in sorted(concerned):
        clear = ConditionState.UNKNOWN if evaluation.observation.silent[row] else ConditionState.CLEAR
        for kind in _BURN_KINDS:
            condition = ConditionState.MET if met[kind][row] else clear
            yield Judgement(AlertKey(kind, evaluation.slos[row].name), condition, row)
