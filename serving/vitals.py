"""The vital signs of a running collector: since when it can't write, take in, evaluate or send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from ..alerts.watch import VitalSigns

WELL_AGAIN_SECONDS: Final = 30.0
"""So long a ledger is written without a fault before it is taken for whole again."""


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
        self._failing: tuple[float, float] | None = None
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
        return VitalSigns(
            ledger=self._unwritable(moment),
            ingestion=max(0.0, moment - self._committed),
            evaluation=max(0.0, moment - self._evaluated),
            sending={name: max(0.0, now - since) for name, since in self._waiting.items()},
        )

    def _unwritable(self, moment: float) -> float:
        """From the first to the last time it was seen to fail. A little write may find room where the next does not."""
        if not self._writing.healthy or self._sending.fault:
            self._failing = (self._failing[0] if self._failing else moment), moment
        elif self._failing and moment - self._failing[1] > WELL_AGAIN_SECONDS:
            self._failing = None
        return self._failing[1] - self._failing[0] if self._failing else 0.0
