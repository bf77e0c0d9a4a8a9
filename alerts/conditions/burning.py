"""An SLO's budget burns: a page and a ticket, by its rules.

While a service is silent the burn of its SLOs is unknown unless it is met: estimated events may burn. What an SLO depends on is judged
before it, and its page before its ticket, because whether one is told depends on the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from ...slo import Evaluation
from ..alert import Alert, AlertKey, AlertKind
from ..dependencies import KnownDependencies
from ..state import ConditionState
from .condition import Judgement

_KINDS: Final = (AlertKind.PAGE, AlertKind.TICKET)


class Burning:
    """Met while one of an SLO's rules of a severity holds."""

    def __init__(self, dependencies: KnownDependencies | None = None) -> None:
        self._dependencies = dependencies or KnownDependencies()

    def judgements(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> list[Judgement]:
        """The SLOs that burn or did."""
        found = list(_judged(evaluation, open_))
        depth = self._dependencies.of(evaluation.layout).depth
        return sorted(found, key=lambda each: depth(each.key.name))


def _judged(evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterator[Judgement]:
    met = {kind: evaluation.met[kind.severity] >= 0 for kind in _KINDS}
    concerned = set(np.flatnonzero(met[AlertKind.PAGE] | met[AlertKind.TICKET]).tolist())
    rows = evaluation.layout.rows
    concerned |= {rows[key.name] for key in open_ if key.kind in _KINDS and key.name in rows}
    for row in sorted(concerned):
        clear = ConditionState.UNKNOWN if evaluation.observation.silent[row] else ConditionState.CLEAR
        for kind in _KINDS:
            condition = ConditionState.MET if met[kind][row] else clear
            yield Judgement(AlertKey(kind, evaluation.slos[row].name), condition, row)
