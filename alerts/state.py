"""The state machine of one alert: inactive -> firing -> (condition clear, held) -> resolved. Pure; time is a parameter.

It fires the moment its condition is met: at 99.99 % two minutes of waiting are half of a month's budget. It resolves when the
condition has been clear for five minutes on end (`keep_firing_for`), so that a flapping condition is one incident; for an hour where
the budget is spent, which comes and goes with single failures. One that comes back within ten minutes of its end is the same incident,
opened again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

KEEP_FIRING_SECONDS: Final = 300
EXHAUSTED_KEEP_SECONDS: Final = 3600
"""An old failure that leaves the window gives a little back, and the next takes it: there is budget again once some was left so long."""
COOL_DOWN_SECONDS: Final = 600
"""So long after its end an alert that fires again is the same incident."""


class ConditionState(Enum):
    """What is known of an alert's condition at one moment."""

    MET = "met"
    CLEAR = "clear"
    UNKNOWN = "unknown"


class Reason(Enum):
    """Why the machine went where it went; the value says it in words."""

    QUIET = "its condition is not met"
    FIRED = "its condition is met"
    STILL_MET = "its condition is still met"
    CLEARED = "its condition cleared; it is held until that has lasted"
    HELD = "its condition is clear, but not yet for long enough"
    MET_AGAIN = "its condition is met again before it was over"
    OPENED_AGAIN = "its condition is met again within 10 minutes of its end"
    CALM_LOST = "its service fell silent, so the calm before counts for nothing"
    KEPT = "its service is silent, so nothing says that it is over"
    RESOLVED = "its condition has been clear for long enough"
    WITHDRAWN = "its SLO is no longer there"

    @property
    def ends(self) -> bool:
        """Whether the alert is over."""
        return self in (Reason.RESOLVED, Reason.WITHDRAWN)

    @property
    def opens(self) -> bool:
        """Whether the alert was not there before."""
        return self in (Reason.FIRED, Reason.OPENED_AGAIN)

    @property
    def changes(self) -> bool:
        """Whether there is something new to remember."""
        return self.ends or self not in (Reason.QUIET, Reason.STILL_MET, Reason.HELD, Reason.KEPT)


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that fires: since when, and since when its condition is clear (None while it is met). Epoch seconds."""

    since: float
    clear_since: float | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """Where the machine stands now (None: inactive) and why."""

    firing: Firing | None
    reason: Reason


def step(firing: Firing | None, condition: ConditionState, now: float, hold: float = KEEP_FIRING_SECONDS) -> Transition:
    """The machine's answer to `condition` at `now` (epoch seconds); it resolves after `hold` seconds of calm.

    An unknown condition never fires an alert and never ends one: it takes back the calm that was counted so far.
    """
    if firing is None:
        met = condition is ConditionState.MET
        return Transition(Firing(now), Reason.FIRED) if met else Transition(None, Reason.QUIET)
    if condition is not ConditionState.CLEAR:
        return _open(firing, condition)
    if firing.clear_since is None or firing.clear_since > now:  # later than now by a clock that was set back since
        return Transition(Firing(firing.since, now), Reason.CLEARED)
    if now - firing.clear_since >= hold:
        return Transition(None, Reason.RESOLVED)
    return Transition(firing, Reason.HELD)


def _open(firing: Firing, condition: ConditionState) -> Transition:
    met = condition is ConditionState.MET
    if firing.clear_since is not None:
        return Transition(Firing(firing.since), Reason.MET_AGAIN if met else Reason.CALM_LOST)
    return Transition(firing, Reason.STILL_MET if met else Reason.KEPT)
