"""What an SLO looks like on the page: a word, an icon and a tone. Stale data never looks well.

The order is the order of the page. It is the domain's order of states but for services that were never heard: those are waiting to
be set up, not failing, and stand below what is.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from ..slo import State

STALE_AFTER: Final = 180.0
"""Seconds without an export after which calm is not believed: what the collector grants a foreign sender before it calls it silent."""


class Face(Enum):
    """Worst first. The value is the word people read."""

    NO_DATA = "NO DATA"
    BURNING = "BURNING"
    EXHAUSTED = "EXHAUSTED"
    STALE = "NOT CURRENT"
    AT_RISK = "AT RISK"
    NEVER_HEARD = "NEVER HEARD"
    NO_TRAFFIC = "NO TRAFFIC"
    NOT_MEASURABLE = "NOT MEASURABLE"
    HEALTHY = "HEALTHY"

    @property
    def tone(self) -> str:
        """The name its colours and its icon go by."""
        return self.name.lower().replace("_", "-")

    @property
    def urgent(self) -> bool:
        """Whether somebody should look now. A spent budget alone wakes nobody: what spent it may long be over."""
        return self in _URGENT

    @property
    def calm(self) -> bool:
        """Whether one line is enough."""
        return self in _CALM


FACES: Final = tuple(Face)
RANK: Final = {face: rank for rank, face in enumerate(FACES)}
"""0 is worst."""

_URGENT: Final = frozenset({Face.NO_DATA, Face.BURNING, Face.STALE})
_CALM: Final = frozenset({Face.NEVER_HEARD, Face.NO_TRAFFIC, Face.NOT_MEASURABLE, Face.HEALTHY})
_BELIEVED_WHEN_STALE: Final = {State.BURNING: Face.BURNING, State.EXHAUSTED: Face.EXHAUSTED}
_FRESH: Final = {state: Face[state.name] for state in State}


def face_of(state: State, *, silent: bool, age: float | None, stale: bool) -> Face:
    """The face of a state. `age` of the data in seconds, None when never heard; `stale` when the evaluation itself is old."""
    if state is State.NO_DATA:
        return Face.NO_DATA if silent or age is not None else Face.NEVER_HEARD
    if stale or age is None or age > STALE_AFTER:
        return _BELIEVED_WHEN_STALE.get(state, Face.STALE)
    return _FRESH[state]
