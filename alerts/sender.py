"""The joint between the outbox and the world, and a fake of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from .notification import Notification


class Verdict(Enum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one attempt and why, in words free of secrets. `retry_after`: seconds the receiver asked for, if it did."""

    verdict: Verdict
    reason: str
    retry_after: float | None = None


class Sender(Protocol):
    """A way to one receiver."""

    async def send(self, notification: Notification, now: float) -> Outcome:
        """Tries once. Answers rather than raises: whether to try again is the receiver's word, not the caller's guess."""
        ...

    async def close(self) -> None:
        """Closes its connections; nothing is sent after that."""
        ...


DELIVERED = Outcome(Verdict.DELIVERED, "accepted")


class FakeSender:
    """Remembers what it was given and answers as told, `DELIVERED` when it was told nothing more."""

    def __init__(self, answers: Iterable[Outcome | BaseException] = ()) -> None:
        self.sent: list[Notification] = []
        self.closed = False
        self._answers = list(answers)

    async def send(self, notification: Notification, now: float) -> Outcome:
        """Takes the next of its answers; raises it when it is an exception."""
        self.sent.append(notification)
        answer = self._answers.pop(0) if self._answers else DELIVERED
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def close(self) -> None:
        """Remembers that it was."""
        self.closed = True
