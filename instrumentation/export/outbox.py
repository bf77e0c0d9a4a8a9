"""Sealed batches on their way: sent in order, byte for byte the same, until acknowledged or too old.

A batch whose answer was lost may already be counted; only the same bytes let the collector recognise it. So nothing in
here ever opens, merges or rewrites a batch.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Final, NamedTuple

from .. import names
from ..clock import Clock
from ..health import Health
from .transport import Attempt, Outcome, Transport

KEPT_SECONDS: Final = 600.0
FIRST_DELAY: Final = 1.0
LONGEST_DELAY: Final = 5.0
LONGEST_RETRY_AFTER: Final = 60.0
"""A collector may ask for patience, but not for so much that counts would die of it."""
SHORTEST_TIMEOUT: Final = 0.05
DROPPED: Final = {"traces": names.PROM_DROPPED_SPANS, "logs": names.PROM_DROPPED_LOGS}
"""What counts the items of a batch that is given up; of any other signal they are events."""

WAITS: Final = (
    "fournines can't send %s now (%s): they wait for ten minutes and are sent again. "
    "`fournines serve` starts a collector, OTEL_EXPORTER_OTLP_ENDPOINT says where one is"
)
LOST: Final = (
    "fournines drops %s, and counts how many (%s). OTEL_EXPORTER_OTLP_ENDPOINT says where a collector receives OTLP"
)

_log = logging.getLogger("fournines.instrumentation")


class Batch(NamedTuple):
    """Bytes that never change, when they were sealed (steady seconds), and how many events or spans they hold."""

    body: bytes
    sealed_at: float
    items: int


class Outbox:
    """One signal's batches. Used by the export thread only; `waiting` may be read by anyone."""

    def __init__(self, signal: str, transport: Transport, clock: Clock, health: Health, timeout: float = 10.0) -> None:
        self._signal = signal
        self._transport = transport
        self._clock = clock
        self._health = health
        self._timeout = timeout
        self._batches: deque[Batch] = deque()
        self._delay = 0.0
        self._not_before = float("-inf")
        self._complained: set[str] = set()

    @property
    def waiting(self) -> int:
        """Batches not yet acknowledged."""
        return len(self._batches)

    @property
    def next_attempt(self) -> float:
        """When `push` may try again, in steady seconds; -inf: at once."""
        return self._not_before

    def put(self, body: bytes, items: int) -> None:
        """Takes a batch. From here on its bytes are what they are."""
        self._batches.append(Batch(body, self._clock.steady(), items))

    def push(self, until: float, *, impatient: bool = False) -> None:
        """Sends what waits, oldest first, until one must wait, or `until` (steady seconds) has come.

        `impatient` ignores a back-off: for a flush and for the good-bye.
        """
        self._expire()
        if impatient:
            self._not_before = float("-inf")
        while self._batches and self._clock.steady() >= self._not_before:
            left = until - self._clock.steady()
            if left <= 0:
                return
            timeout = max(SHORTEST_TIMEOUT, min(self._timeout, left)) if impatient else self._timeout
            self._settle(self._transport.send(self._batches[0].body, timeout, self._clock.wall()))

    def close(self) -> None:
        """Lets go of the connection."""
        self._transport.close()

    def forget(self) -> None:
        """Begins anew in a forked child: what waits is the parent's to send. The old connection is the parent's too."""
        self._batches.clear()
        self._transport.close()
        self._complained.clear()
        self._delay, self._not_before = 0.0, float("-inf")

    def _settle(self, answer: Attempt) -> None:
        if answer.outcome is Outcome.RETRY:
            self._back_off(answer)
            return
        batch = self._batches.popleft()
        self._delay, self._not_before = 0.0, float("-inf")
        if answer.outcome is Outcome.REFUSED:
            self._health.add(names.PROM_EXPORT_FAILURES, self._signal)
            self._drop(batch, answer.reason)
            return
        self._health.add(names.PROM_EXPORTS, self._signal)
        if answer.rejected:
            self._health.add(names.PROM_REJECTED, self._signal, answer.rejected)
            _log.warning("the collector took %s of fournines, but rejected %d of them", self._signal, answer.rejected)
        if self._complained:
            self._complained.clear()
            _log.info("fournines sends %s again", self._signal)

    def _back_off(self, answer: Attempt) -> None:
        self._health.add(names.PROM_EXPORT_FAILURES, self._signal)
        self._delay = min(LONGEST_DELAY, self._delay * 2 or FIRST_DELAY)
        wait = max(self._delay, min(answer.retry_after, LONGEST_RETRY_AFTER))
        self._not_before = self._clock.steady() + wait
        self._complain(WAITS, answer.reason)

    def _expire(self) -> None:
        horizon = self._clock.steady() - KEPT_SECONDS
        while self._batches and self._batches[0].sealed_at <= horizon:
            self._drop(self._batches.popleft(), "not acknowledged for 10 minutes")

    def _drop(self, batch: Batch, reason: str) -> None:
        if counter := DROPPED.get(self._signal):
            self._health.add(counter, by=batch.items)
        else:
            self._health.add(names.PROM_DROPPED_BATCHES, self._signal)
            self._health.add(names.PROM_DROPPED_EVENTS, by=batch.items)
        self._complain(LOST, reason)

    def _complain(self, text: str, reason: str) -> None:
        # Each complaint once per time of trouble: the counters say the rest.
        if text not in self._complained:
            self._complained.add(text)
            _log.warning(text, self._signal, reason)
