"""Log entries' way out over OTLP: taken from the queue, cleaned, encoded once, and sent until a collector has them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from .. import names
from ..clock import Clock
from ..config.logs import LogsConfig
from ..config.target import Target
from ..export.encoding import encoded, packed
from ..export.outbox import Outbox
from ..export.transport import Transport
from ..health import Health
from ..identity import Resource
from .entry import LogEntry
from .queue import LogQueue

if TYPE_CHECKING:
    from ..redaction.redactor import Redactor

_log = logging.getLogger("fournines.instrumentation")


class LogExport:
    """The outlet of one application's logs.

    While a batch waits to be acknowledged no other is made; then the queue fills, and what finds no place is counted.
    """

    def __init__(
        self,
        config: LogsConfig,
        target: Target,
        way: Transport,
        queue: LogQueue,
        redactor: Redactor,
        clock: Clock,
        health: Health,
    ) -> None:
        self._config, self._target, self._queue, self._redactor, self._clock = config, target, queue, redactor, clock
        self._health = health
        self._outbox = Outbox(target.signal, way, clock, health, target.timeout)
        self._pushed = clock.steady()

    @property
    def waiting(self) -> int:
        """Entries and batches that a collector has not acknowledged."""
        return len(self._queue) + self._outbox.waiting

    def push(self, resource: Resource, until: float, *, impatient: bool = False) -> float:
        """Sends what was logged so far, in batches; due again one delay later, or later, where a collector asked for patience."""
        self._pushed = self._clock.steady()
        self._outbox.push(until, impatient=impatient)
        while not self._outbox.waiting and (entries := self._queue.take(self._config.batch)):
            body, told = self._encoded(resource, entries)
            if told:
                self._outbox.put(packed(body, self._target), told)
                self._outbox.push(until, impatient=impatient)
        return max(self._pushed + self._config.delay, self._outbox.next_attempt)

    def close(self) -> None:
        """Lets go of the connection."""
        self._outbox.close()

    def forget(self) -> None:
        """Begins anew in a forked child."""
        self._queue.forget()
        self._outbox.forget()

    def _encoded(self, resource: Resource, entries: Sequence[LogEntry]) -> tuple[bytes, int]:
        """(body, how many entries it tells of)."""
        body, told = encoded(entries, partial(self._try, resource))
        if told < len(entries):
            self._health.add(names.PROM_DROPPED_LOGS, by=len(entries) - told)
            _log.warning("%d log records can't be encoded and are dropped", len(entries) - told)
        return body, told

    def _try(self, resource: Resource, entries: Sequence[LogEntry]) -> bytes | None:
        from .otlp import logs_request

        try:
            return logs_request(resource, entries, self._redactor, self._config.attributes, self._config.value_length)
        except Exception:  # noqa: BLE001 - what was logged may be anything, and a rule of redaction somebody else's
            self._health.add(names.PROM_ERRORS, "logs")
            return None


MakeWay = Callable[[Target], Transport | None]


def log_export(
    config: LogsConfig, queue: LogQueue, redactor: Redactor, clock: Clock, health: Health, make: MakeWay
) -> LogExport | None:
    """The outlet that a configuration asks for; None where logs are not exported."""
    target = config.target
    way = None if target is None else make(target)
    if target is None or way is None:
        return None
    return LogExport(config, target, way, queue, redactor, clock, health)
