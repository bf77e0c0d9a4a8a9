"""Everything that keeps alerts from being told, asked one after another."""

from __future__ import annotations

from ..alert import Alert
from .hold import Hold, Holder


class Silencer:
    """Several holders as one; the first that holds an alert says why."""

    def __init__(self, *holders: Holder) -> None:
        self._holders = holders

    def holding(self, alert: Alert, now: float) -> Hold | None:
        """What the first of them says that holds it."""
        found = (holder.holding(alert, now) for holder in self._holders)
        return next((hold for hold in found if hold is not None), None)
