"""The joint between the outbox and the world, and a fake of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from .notification import Notification


class Outcome(Enum):
    """How one attempt ended."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of one attempt and why, in words free of secrets. `retry_after`: seconds the receiver asked for, if it did."""

    outcome: Outcome
    reason: str
    retry_after: float | None = None


class Notifier(Protocol):
    """A way to one receiver."""

    async def send(self, notification: Notification, now: float) -> Attempt:
        """Tries once. Answers rather than raises: whether to try again is the receiver's word, not the caller's guess."""
        ...

    async def close(self) -> None:
        """Closes its connections; nothing is sent after that."""
        ...


DELIVERED = Attempt(Outcome.DELIVERED, "accepted")


class FakeNotifier:
    """Remembers what it was given and answers as told, `DELIVERED` when it was told nothing more."""

    def __init__(self, answers: Iterable[Attempt | BaseException] = ()) -> None:
        self.sent: list[Notification] = []
        self.closed = False
        self._answers = list(answers)

    async def send(self, notification: Notification, now: float) -> Attempt:
        """Takes the next of its answers; raises it when it is an exception."""
        self.sent.append(notification)
        answer = self._answers.pop(0) if self._answers else DELIVERED
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def close(self) -> None:
        """Remembers that it was."""
        self.closed = True
