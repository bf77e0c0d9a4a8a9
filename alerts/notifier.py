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
    """The outcome of one attempt and why, in words free of secrets. `retry_after`: seconds the receiver asked for, if it did.

    `reference`: what the receiver calls the message, needed to change it or to answer it. `repeat_after`: seconds after which a delivered
    message has to be said again, for a receiver that forgets what it is not reminded of.
    """

    outcome: Outcome
    reason: str
    retry_after: float | None = None
    reference: str | None = None
    repeat_after: float | None = None


class Notifier(Protocol):
    """A way to one receiver."""

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Tries once. Answers rather than raises: whether to try again is the receiver's word, not the caller's guess.

        `reference` is what the receiver called the first message of this incident that it took and named.
        """
        ...

    async def close(self) -> None:
        """Closes its connections; nothing is sent after that."""
        ...


DELIVERED = Attempt(Outcome.DELIVERED, "accepted")
NOT_SHOWN = Attempt(Outcome.DELIVERED, "its kind shows no such thing")
"""What a receiver answers to an action that it has no way to show."""


class FakeNotifier:
    """Remembers what it was given and answers as told, `DELIVERED` when it was told nothing more."""

    def __init__(self, answers: Iterable[Attempt | BaseException] = ()) -> None:
        self.sent: list[Notification] = []
        self.references: list[str | None] = []
        self.closed = False
        self._answers = list(answers)

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Takes the next of its answers; raises it when it is an exception."""
        self.sent.append(notification)
        self.references.append(reference)
        answer = self._answers.pop(0) if self._answers else DELIVERED
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def close(self) -> None:
        """Remembers that it was."""
        self.closed = True
