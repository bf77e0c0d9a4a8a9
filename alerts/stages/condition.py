"""Whether what is wrong is still wrong."""

from __future__ import annotations

from typing import Final

from ..decision import Ruling
from ..state import ConditionState
from .stage import AlertCase, StageAnswer

_WORDS: Final = {
    ConditionState.MET: "met",
    ConditionState.CLEAR: "not met any more",
    ConditionState.UNKNOWN: "not known: its service is silent",
}


class ConditionStage:
    """Says what is known; what follows from it is the machine's to say."""

    name = "condition"

    def decide(self, case: AlertCase) -> StageAnswer:
        """Goes on whatever it is."""
        return StageAnswer(Ruling.PASSES, f"{_WORDS[case.condition]}; it fired because {case.alert.reason}")
