"""What else is not well, for whoever looks at one SLO."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..slo import STATES, Evaluation
from .card import Card
from .face import RANK, Face, face_of
from .page import is_stale

MOST: Final = 4
"""How many are told of; the list of all has the others."""


def faces_of(evaluation: Evaluation, now: float) -> list[Face]:
    """What every SLO looks like; its card says the same."""
    seen, stale = evaluation.observation, is_stale(evaluation.now, now)
    ages = np.maximum(0.0, evaluation.now - seen.heard) + max(0.0, now - evaluation.now)
    rows = zip(evaluation.states.tolist(), seen.silent.tolist(), ages.tolist(), strict=True)
    return [
        face_of(STATES[state], silent=silent, age=None if math.isnan(age) else age, stale=stale)
        for state, silent, age in rows
    ]


def worst_first(evaluation: Evaluation, faces: Sequence[Face]) -> list[int]:
    """The rows of all SLOs in the order of the page."""
    return sorted(evaluation.worst_first, key=lambda row: RANK[faces[row]])


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """The worst of what else is not well, and how much of that there is."""

    cards: Sequence[Card] = ()
    number: int = 0


def others_of(evaluation: Evaluation, faces: Sequence[Face], name: str, now: float) -> Others:
    """What is not well beside the SLO of that name."""
    slos, stale = evaluation.slos, is_stale(evaluation.now, now)
    rows = [row for row in worst_first(evaluation, faces) if not faces[row].calm and slos[row].name != name]
    statuses = map(evaluation.status, rows[:MOST])
    return Others([Card(status, now, None, (), stale) for status in statuses], len(rows))
