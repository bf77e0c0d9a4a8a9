"""The vital signs of a running collector: since when it can't write, take in, evaluate or send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ..alerts.watch import VitalSigns


class Writing(Protocol):
    """Whoever writes the ledger."""

    @property
    def healthy(self) -> bool:
        """Whether it can, as far as the last attempt told."""
        ...


class Sending(Protocol):
    """Whoever keeps alerts and what is said of them."""

    @property
    def fault(self) -> str:
        """Why alerts could not be kept at the last evaluation; empty where they were."""
        ...

    def waiting(self) -> Mapping[str, float]:
        """Since when the oldest message that is not sent yet waits, by receiver (epoch seconds). May block; AlertsError."""
        ...


class Vitals:
    """Told of what goes on, it knows what does not. `now` gives epoch seconds, `stopwatch` those that never go back."""

    def __init__(
        self, writing: Writing, sending: Sending, now: Callable[[], float], stopwatch: Callable[[], float]
    ) -> None:
        self._writing = writing
        self._sending = sending
        self._now = now
        self._stopwatch = stopwatch
        self._evaluated = self._committed = stopwatch()
        self._unwritable: float | None = None
        self._waiting: Mapping[str, float] = {}

    def evaluated(self) -> None:
        """An evaluation came to its end."""
        self._evaluated = self._stopwatch()

    def committed(self, asked: float) -> None:
        """All that was taken in until `asked`, on the stopwatch, was answered: it is durable, or was refused."""
        self._committed = asked

    def refresh(self) -> None:
        """Looks what waits to be sent. May block, and raises AlertsError."""
        self._waiting = self._sending.waiting()

    def signs(self) -> VitalSigns:
        """How long each stands still."""
        moment, now = self._stopwatch(), self._now()
        if self._writing.healthy and not self._sending.fault:
            self._unwritable = None
        elif self._unwritable is None:
            self._unwritable = moment
        return VitalSigns(
            ledger=0.0 if self._unwritable is None else moment - self._unwritable,
            ingestion=max(0.0, moment - self._committed),
            evaluation=max(0.0, moment - self._evaluated),
            sending={name: max(0.0, now - since) for name, since in self._waiting.items()},
        )
