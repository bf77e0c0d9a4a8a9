"""Where the alert's machine stands; an end is told to everybody who was told of the beginning, whatever the other stages say."""

from __future__ import annotations

from ...slo import timestamp
from ..alert import Alert
from ..decision import Ruling
from ..notice import Notice
from .stage import AlertCase, StageAnswer


class StateStage:
    """Closing an incident disturbs nobody, so nothing holds that back."""

    name = "state"

    def decide(self, case: AlertCase) -> StageAnswer:
        """Has the last word at an end."""
        if not case.reason.ends:
            return StageAnswer(Ruling.PASSES, _words(case.alert))
        if case.alert.told:
            return StageAnswer(Ruling.TOLD, case.reason.value, Notice.RESOLVE)
        return StageAnswer(Ruling.QUIET, f"{case.reason.value}; nobody was told{_why(case.alert)}", Notice.NEVER_TOLD)


def _why(alert: Alert) -> str:
    """What held it last, for who asks later why they did not hear of it."""
    last = alert.decisions[-1] if alert.decisions else None
    return f": {last.reason}" if last is not None and last.ruling is Ruling.HELD else ""


def _words(alert: Alert) -> str:
    firing = alert.firing
    held = "" if firing.clear_since is None else f", clear since {timestamp(firing.clear_since)}"
    again = f", opened again {_times(alert.opened_again)} since {timestamp(alert.began)}" if alert.opened_again else ""
    flaps = f", met again {_times(alert.flaps)}" if alert.flaps else ""
    return f"fires since {timestamp(firing.since)}{held}{again}{flaps}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
