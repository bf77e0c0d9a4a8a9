"""Whether a receiver is told about an alert now, and why."""

from __future__ import annotations

from enum import Enum

from .state import ConditionState, Reason


class Notice(Enum):
    """What receivers are told; the value says why in words."""

    TRIGGER = "told: it fires"
    RESOLVE = "told: it is over"
    ALREADY_TOLD = "not told again: they know that it fires"
    INHIBITED = "not told: the page of the same SLO fires"
    HELD_BACK = "not told: what it depends on pages"
    CONDITION_NOT_MET = "not told: its condition is not met any more"
    NEVER_TOLD = "not told that it is over: they were never told that it fired"

    @property
    def sends(self) -> bool:
        """Whether something goes out."""
        return self in (Notice.TRIGGER, Notice.RESOLVE)


def decide(
    condition: ConditionState, reason: Reason, *, told: bool, inhibited: bool = False, held_back: bool = False
) -> Notice:
    """What receivers are told after a step of an alert's machine ended with `reason`. `told`: whether they know that it fires.

    An end is told whenever its beginning was, even while the alert is inhibited: closing an incident disturbs nobody. A page is held
    back while what its SLO depends on pages.
    """
    if reason.ends:
        return Notice.RESOLVE if told else Notice.NEVER_TOLD
    if told:
        return Notice.ALREADY_TOLD
    if condition is not ConditionState.MET:
        return Notice.CONDITION_NOT_MET
    if inhibited:
        return Notice.INHIBITED
    return Notice.HELD_BACK if held_back else Notice.TRIGGER
