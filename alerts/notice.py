"""What receivers are told about an alert now."""

from __future__ import annotations

from enum import Enum

from .notification import Action


class Notice(Enum):
    """What receivers are told; the value says why in words."""

    TRIGGER = "told: it fires"
    AGAIN = "told again: it still fires, and nothing keeps it quiet any more"
    REMINDED = "told again: it still fires, and nobody has acknowledged it"
    ESCALATED = "told: it is a page now"
    GOES_ON = "told: its page is over, it goes on"
    HUSHED = "told: it is kept quiet from now on"
    ACKNOWLEDGED = "told: somebody has taken it on"
    NOTED = "told: there is something new about it"
    RESOLVE = "told: it is over"
    ALREADY_TOLD = "not told again: they know that it fires"
    NOBODY = "not told: no receiver takes it"
    QUIET = "not told: it is kept quiet"
    TAKEN_ON = "not told: somebody has taken it on"
    INHIBITED = "not told: another alert of the same name says more"
    HELD_BACK = "not told: what it depends on pages"
    CONDITION_NOT_MET = "not told: its condition is not met any more"
    NEVER_TOLD = "not told that it is over: they were never told that it fired"

    @property
    def action(self) -> Action | None:
        """What goes out; None where nothing does."""
        if self.wakes:
            return Action.TRIGGER
        if self is Notice.RESOLVE:
            return Action.RESOLVE
        if self is Notice.ACKNOWLEDGED:
            return Action.ACKNOWLEDGE
        updates = self in (Notice.ESCALATED, Notice.GOES_ON, Notice.HUSHED, Notice.NOTED)
        return Action.UPDATE if updates else None

    @property
    def wakes(self) -> bool:
        """Whether receivers hear that it fires, be it again."""
        return self in (Notice.TRIGGER, Notice.AGAIN, Notice.REMINDED)
