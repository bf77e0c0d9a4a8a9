"""How the numbers of a message came about: the same text as on the SLO's page and in the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...slo import Chance, Status, explain
from ..state_times import StateTimes

Foresee = Callable[[Status], Chance | None]
"""With which chance an SLO's promise is kept; None where nobody knows."""

MOST_FORESEEN: Final = 50
"""Messages of one round that say a chance: each looks through months of counts for some milliseconds, and a page does not wait for many."""


def nobody_knows(status: Status) -> Chance | None:
    """The chance where nobody looks ahead."""
    del status
    return None


class Explainer:
    """Explains statuses in one round, in which the states that are not known yet begin."""

    def __init__(self, times: StateTimes, foresee: Foresee) -> None:
        self._times = times
        self._foresee = foresee
        self._left = MOST_FORESEEN

    def explained(self, status: Status) -> str:
        """With since when its state is, and with its chance but where others would have to be asked for the past."""
        since = self._times.since(status.slo.name, status.state)
        foreseen = self._left > 0 and status.slo.sli.promql is None
        self._left -= foreseen
        return explain(status, status.now if since is None else since, self._foresee(status) if foreseen else None)
