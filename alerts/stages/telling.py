"""Whether there is anything new to tell those who are told."""

from __future__ import annotations

from typing import Final

from ...slo import HOUR, Severity, timestamp
from ..alert import Alert
from ..decision import Ruling
from ..notice import Notice
from ..state import ConditionState
from .inhibition import ESCALATED
from .route import NO_RECEIVER
from .stage import AlertCase, StageAnswer

REMIND_SECONDS: Final = HOUR
"""A page that nobody acknowledges is told again this often, as long as its condition is met."""


class TellingStage:
    """Tells what people do not know yet; always has the last word. `anybody`: whether there is a receiver at all."""

    name = "telling"

    def __init__(self, *, anybody: bool) -> None:
        self._anybody = anybody

    def decide(self, case: AlertCase) -> StageAnswer:
        """Only of a condition that is met."""
        notice = self._notice(case)
        if notice.wakes:
            return StageAnswer(Ruling.TOLD, _told(case.now), notice)
        if case.alert.told:
            return StageAnswer(Ruling.TOLD, _told(_last(case.alert)), notice)
        why = NO_RECEIVER if notice is Notice.NOBODY else notice.value
        return StageAnswer(Ruling.QUIET, why, notice)

    def _notice(self, case: AlertCase) -> Notice:
        alert = case.alert
        if case.condition is not ConditionState.MET:
            return Notice.ALREADY_TOLD if alert.told else Notice.CONDITION_NOT_MET
        if not alert.told:
            return Notice.TRIGGER if self._anybody else Notice.NOBODY
        if alert.hushed:
            return Notice.GOES_ON if alert.hushed == ESCALATED else Notice.AGAIN
        # As far ahead as behind: a clock that was set back keeps nobody from being reminded.
        due = alert.severity is Severity.PAGE and abs(case.now - _last(alert)) >= REMIND_SECONDS
        return Notice.REMINDED if due else Notice.ALREADY_TOLD


def _last(alert: Alert) -> float:
    return alert.firing.since if alert.told_at is None else alert.told_at


def _told(at: float) -> str:
    return f"told at {timestamp(at)}"
