"""One thing that happened to one alert."""

from __future__ import annotations

from dataclasses import dataclass

from .alert import Alert
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
        """For the log: `slo/payments-availability/page: its condition is met; told: it fires`."""
        return f"{self.alert.key.dedup}: {self.reason.value}; {self.notice.value}"
