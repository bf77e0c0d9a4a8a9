"""Whether another open alert says more: a page over its ticket, and a page of what an SLO depends on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ...slo import timestamp
from ..alert import Alert, AlertKey, AlertKind
from ..decision import Ruling
from ..dependencies import Dependencies
from ..notice import Notice
from .route import RouteStage
from .stage import AlertCase, StageAnswer

ESCALATED: Final = "escalated to its page"
"""What keeps a ticket quiet that people know of, while the page of the same name fires."""

_CALLED: Final = {AlertKind.EXHAUSTED: "the spent budget's alert", AlertKind.TICKET: "the ticket"}


class InhibitionStage:
    """What people know already is not taken back. A ticket they know of that becomes a page is told to have become one."""

    name = "inhibition"

    def __init__(self, route: RouteStage, dependencies: Dependencies, silent: Collection[str]) -> None:
        self._route = route
        self._dependencies = dependencies
        self._silent = silent

    def decide(self, case: AlertCase) -> StageAnswer:
        """Holds while one that says more is open."""
        holder = self._dependencies.holder(case.alert.key, case.open, self._silent)
        if holder is not None and self._route.hides(holder):
            return StageAnswer(Ruling.HELD, _depends(holder), Notice.HELD_BACK)
        return self._beside(case)

    def _beside(self, case: AlertCase) -> StageAnswer:
        kind, name = case.alert.key
        for other in kind.inhibited_by:
            found = case.open.get(AlertKey(other, name))
            if found is None or not self._route.hides(found):
                continue
            if other is kind.escalates_to and found.told and case.alert.told:
                told = Notice.INHIBITED if case.alert.hushed == ESCALATED else Notice.ESCALATED
                return StageAnswer(Ruling.HELD, f"held back by {_called(other)}", told)
            if case.waits:
                return StageAnswer(Ruling.HELD, f"held back by {_called(other)}", Notice.INHIBITED)
        return StageAnswer(Ruling.PASSES, "nothing that is open says more")


def _called(kind: AlertKind) -> str:
    return _CALLED.get(kind, "the page")


def _depends(holder: Alert) -> str:
    return f"held back: depends on {holder.slo}, which burns since {timestamp(holder.firing.since)}"
