"""The joint of the list: a case goes in, an answer comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ..alert import Alert, AlertKey
from ..decision import Decision, Decisions, Ruling, aged
from ..notice import Notice
from ..state import ConditionState, Reason


@dataclass(frozen=True, slots=True)
class AlertCase:
    """One alert after a step of its machine: what is known of its condition, what the machine said, and what else is open."""

    alert: Alert
    condition: ConditionState
    reason: Reason
    open: Mapping[AlertKey, Alert]
    now: float

    @property
    def waits(self) -> bool:
        """Whether people are yet to hear of it, or to hear of it again."""
        return not self.alert.told or bool(self.alert.hushed)


class StageAnswer(NamedTuple):
    """What a stage decides, and why in words that stay the same as long as nothing changes; a notice is the last word."""

    ruling: Ruling
    reason: str
    notice: Notice | None = None


class AlertStage(Protocol):
    """One question on the way from a condition to people."""

    @property
    def name(self) -> str:
        """What decisions call it."""
        ...

    def decide(self, case: AlertCase) -> StageAnswer:
        """Its answer. Pure: asking changes nothing."""
        ...


class Ending(NamedTuple):
    """Where the list ended: what receivers are told, and what every stage that was asked decided."""

    notice: Notice
    decisions: Decisions


def walk(stages: Sequence[AlertStage], case: AlertCase) -> Ending:
    """Asks one stage after another until one has the last word."""
    decided: list[Decision] = []
    for stage in stages:
        ruling, reason, notice = stage.decide(case)
        decided.append(Decision(stage.name, ruling, reason, case.now))
        if notice is not None:
            return Ending(notice, aged(tuple(decided), case.alert.decisions))
    raise AssertionError("the last stage has the last word")
