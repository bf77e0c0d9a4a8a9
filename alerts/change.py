"""One thing that happened to one alert."""

from __future__ import annotations

from dataclasses import dataclass

from .alert import Alert
from .decision import Ruling
from .notice import Notice
from .notification import Notification
from .state import Reason


@dataclass(frozen=True, slots=True)
class AlertChange:
    """What happened, why, and who was told. `notification` is what goes out, if anything does."""

    alert: Alert
    reason: Reason
    notice: Notice
    notification: Notification | None = None

    def __str__(self) -> str:
        """For the log: `slo/payments-availability/page: its condition is met; told: it fires`; and why, where something holds it."""
        last = self.alert.decisions[-1] if self.alert.decisions else None
        why = f" ({last.reason})" if last is not None and last.ruling is Ruling.HELD else ""
        return f"{self.alert.key.dedup}: {self.reason.value}; {self.notice.value}{why}"
