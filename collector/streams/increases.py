"""What points of cumulative streams turn out to be, by what their streams said before and what their families say about new ones."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn
from .families import Heard
from .growth import UNKNOWN
from .points import CumulativePoints
from .shelves import BOUND, COUNT, LEAD, TIME, Last


class PointOutcome(Enum):
    """What a point turned out to be."""

    INCREASE = "counted"
    RESET = "reset"
    BASELINE = "baseline"
    OLD = "not newer than the last"
    NO_ROOM = "no room"


_KINDS: Final = (PointOutcome.INCREASE, PointOutcome.RESET, PointOutcome.BASELINE)
_INCREASE, _RESET, _BASELINE = range(3)


class Increases(NamedTuple):
    """Of each point: how many events it adds, since when, what it turned out to be, and the boundaries of what was said before."""

    events: IntColumn
    start: IntColumn
    kind: IntColumn
    before: IntColumn

    def only(self, chosen: NDArray[np.intp]) -> Increases:
        """Of some of the points."""
        return Increases(*(column[chosen] for column in self))

    def seen(self) -> dict[PointOutcome, int]:
        """How many points turned out to be what."""
        return {kind: int(np.count_nonzero(self.kind == number)) for number, kind in enumerate(_KINDS)}


def increases(points: CumulativePoints, rows: IntColumn, last: Last, heard: Heard) -> Increases:
    """What points add, each of a stream of its own and newer than what that said last; `rows` are what they say."""
    new = ~last.known()
    fell = _fell(rows, last.rows)
    events = np.where(fell, rows[:, COUNT], rows[:, COUNT] - last.rows[:, COUNT])
    # What began anew has nothing before it.
    before = np.where(fell, UNKNOWN, last.rows[:, BOUND])
    found = Increases(events, last.rows[:, TIME].copy(), np.where(fell, _RESET, _INCREASE), before)
    if new.any():
        _begin(found, new, points, heard)
    return found


def _fell(rows: IntColumn, before: IntColumn) -> NDArray[np.bool_]:
    """Which streams say less than before, in all or in a bucket."""
    alike = rows[:, BOUND] == before[:, BOUND]
    in_a_bucket = (rows[:, LEAD:] < before[:, LEAD : rows.shape[1]]).any(axis=1)
    fell: NDArray[np.bool_] = (rows[:, COUNT] < before[:, COUNT]) | (alike & in_a_bucket)
    return fell


def _begin(found: Increases, new: NDArray[np.bool_], points: CumulativePoints, heard: Heard) -> None:
    """The whole value of a new stream counts if everything before it began was certainly seen or never sent."""
    before, first, horizon = (column[new] for column in heard)
    began, time = points.start[new], points.time[new]
    young = (began > 0) & (began < time) & (began >= np.maximum(horizon, points.since[new]))
    lacked = (before > 0) & (began < time) & (first > horizon)
    whole = young | lacked
    found.events[new] = np.where(whole, points.count[new], 0)
    found.start[new] = np.where(young, began, before)
    found.kind[new] = np.where(whole, _INCREASE, _BASELINE)
