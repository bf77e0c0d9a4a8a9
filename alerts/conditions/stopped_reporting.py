"""A service stopped reporting: one alert, however many SLOs it feeds, labelled with the strictest of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from weakref import WeakKeyDictionary

import numpy as np

from ...slo import Evaluation, Layout
from ..alert import Alert, AlertKey, AlertKind
from ..state import ConditionState
from .condition import Judgement


class Services:
    """For every set of SLOs that was seen, the row that stands for each service."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Layout, dict[str, int]] = WeakKeyDictionary()

    def rows(self, layout: Layout) -> Mapping[str, int]:
        """The row of the SLO with the highest objective that each service feeds, the first by name among equals."""
        found = self._known.get(layout)
        if found is None:
            slos = layout.slos
            order = sorted(
                range(len(slos)), key=lambda row: (slos[row].objective.allowed, slos[row].name), reverse=True
            )
            found = self._known[layout] = {slos[row].sli.service: row for row in order}
        return found


class StoppedReporting:
    """Met while a service is silent that should not be."""

    def __init__(self, services: Services | None = None) -> None:
        self._services = services or Services()

    def judgements(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterator[Judgement]:
        """The services that are silent or were."""
        silent = evaluation.observation.silent
        concerned = {evaluation.slos[row].sli.service for row in np.flatnonzero(silent).tolist()}
        concerned |= {key.name for key in open_ if key.kind is AlertKind.NO_DATA}
        if not concerned:
            return
        rows = self._services.rows(evaluation.layout)
        for service in sorted(concerned & rows.keys()):
            condition = ConditionState.MET if silent[rows[service]] else ConditionState.CLEAR
            yield Judgement(AlertKey(AlertKind.NO_DATA, service), condition, rows[service])
