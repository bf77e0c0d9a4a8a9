"""Whether somebody has taken the alert on."""

from __future__ import annotations

from ..decision import Ruling
from ..notice import Notice
from .stage import AlertCase, StageAnswer


class AcknowledgementStage:
    """While an acknowledgement holds, nobody is told again, nor reminded."""

    name = "acknowledgement"

    def decide(self, case: AlertCase) -> StageAnswer:
        """Holds until it runs out."""
        taken = case.alert.acknowledged
        if taken is None:
            return StageAnswer(Ruling.PASSES, "nobody has acknowledged it")
        return StageAnswer(Ruling.HELD, taken.words, Notice.TAKEN_ON)
