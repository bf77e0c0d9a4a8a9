"""A message on its way to one receiver: where it stands, and when it is tried again."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from ..slo import DAY, HOUR
from .notification import Notification
from .notifier import Attempt, Outcome

BACK_OFF_SECONDS: Final = (1, 2, 4, 8, 16, 32, 60)
"""After the first failure, the second, ...; the last for all that follow."""
LONGEST_WAIT_SECONDS: Final = HOUR
"""No receiver makes us wait longer, whatever its Retry-After says."""
GIVE_UP_SECONDS: Final = DAY
GIVE_UP_ATTEMPTS: Final = 24
"""Nothing is given up before it was tried so often: after a day without power, or a clock that was set forward, a day is over at once."""
REMIND_AGAIN_SECONDS: Final = 5.0
"""After a reminder that failed: receivers that forget do so within minutes."""


class Stage(Enum):
    """Where a message stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    GIVEN_UP = "given_up"


class Delivery(NamedTuple):
    """One message on its way to one receiver. `attempts` counts those so far; `reference` is what the receiver called the first message
    of the incident that it named; `reminder` says that the receiver took it already and is only reminded.
    """

    id: int
    incident: int
    receiver: str
    notification: Notification
    created: float
    attempts: int
    reference: str | None = None
    reminder: bool = False

    def stage_after(self, attempt: Attempt, now: float) -> Stage:
        """Where the message stands after an attempt. A reminder changes nothing about a message that was delivered."""
        if self.reminder or attempt.outcome is Outcome.DELIVERED:
            return Stage.DELIVERED
        if attempt.outcome is Outcome.REJECTED:
            return Stage.REJECTED
        over = now - self.created >= GIVE_UP_SECONDS and self.attempts + 1 >= GIVE_UP_ATTEMPTS
        return Stage.GIVEN_UP if over else Stage.PENDING

    def reminded_in(self, attempt: Attempt) -> float | None:
        """Seconds after which its receiver has to be reminded; None where nothing has to be said again."""
        if attempt.outcome is Outcome.DELIVERED:
            return attempt.repeat_after
        return max(REMIND_AGAIN_SECONDS, wait(1, attempt.retry_after)) if self.reminder else None


def wait(attempts: int, retry_after: float | None) -> float:
    """Seconds until the next attempt after `attempts` failed ones: the back-off, or what the receiver asked for if that is longer."""
    back_off = BACK_OFF_SECONDS[min(attempts, len(BACK_OFF_SECONDS)) - 1]
    return float(min(max(back_off, retry_after or 0), LONGEST_WAIT_SECONDS))
