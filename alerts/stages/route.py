"""Who is told of an alert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..alert import Alert
from ..decision import Ruling
from ..notice import Notice
from ..notification import Receiver
from .stage import AlertCase, StageAnswer

NO_RECEIVER: Final = "no receiver is configured"


class RouteStage:
    """Asks every receiver. Where there is none at all, alerts go their way all the same: whoever looks at the page sees them."""

    name = "route"

    def __init__(self, receivers: Sequence[Receiver]) -> None:
        self._receivers = tuple(receivers)

    def taking(self, alert: Alert) -> list[str]:
        """The names of the receivers that are told of it."""
        return [each.name for each in self._receivers if each.refusal(alert.severity, alert.labels) is None]

    def hides(self, alert: Alert) -> bool:
        """Whether an alert may keep another quiet: one that nobody takes would keep it from everybody."""
        return not self._receivers or bool(self.taking(alert))

    def decide(self, case: AlertCase) -> StageAnswer:
        """Holds what no receiver takes."""
        if not self._receivers:
            return StageAnswer(Ruling.PASSES, NO_RECEIVER)
        refused = {each.name: each.refusal(case.alert.severity, case.alert.labels) for each in self._receivers}
        taking = [name for name, refusal in refused.items() if refusal is None]
        why_not = [f"not {name}: {refusal}" for name, refusal in refused.items() if refusal is not None]
        if not taking:
            return StageAnswer(Ruling.HELD, "; ".join(why_not), Notice.NOBODY)
        return StageAnswer(Ruling.PASSES, "; ".join([f"to {', '.join(taking)}", *why_not]))
