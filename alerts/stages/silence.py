"""Whether somebody said that nobody is to be told for now: by hand, as maintenance, or as quiet hours."""

from __future__ import annotations

from ..decision import SILENCE, Ruling
from ..notice import Notice
from ..silences.hold import Holder
from .stage import AlertCase, StageAnswer


class SilenceStage:
    """Those who know already that it fires hear that it is quiet from now on, and hear of it again when that is over."""

    name = SILENCE

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def decide(self, case: AlertCase) -> StageAnswer:
        """Holds for as long as a hold says so."""
        hold = self._holder.holding(case.alert, case.now)
        if hold is None:
            return StageAnswer(Ruling.PASSES, "nothing silences it")
        return StageAnswer(Ruling.HELD, hold.reason, Notice.QUIET if case.waits else Notice.HUSHED)
