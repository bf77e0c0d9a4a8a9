"""A handler of the standard library that queues what was logged for OTLP. Nothing is written, redacted or sent where it is called."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from functools import partial
from typing import Final

from opentelemetry.context import get_value

from .. import names
from ..health import Health
from ..suppression import SUPPRESSED
from ..tracing.current import current
from .entry import LogEntry, entry_of
from .queue import LogQueue

OURS: Final = "fournines.instrumentation"


class OtlpHandler(logging.Handler):
    """Queues records. What our own loggers say, or anybody says while exporting, is left out: it would beget itself.

    Where several applications of a process have one, a request's records go to the one that serves it, others to the newest.
    """

    _newest: weakref.ref[OtlpHandler] | None = None

    def __init__(self, queue: LogQueue, health: Health) -> None:
        super().__init__()
        self._queue, self._health = queue, health
        self._busy = threading.local()
        OtlpHandler._newest = weakref.ref(self)

    def createLock(self) -> None:  # noqa: N802 - the name is the standard library's
        """No lock: a deque needs none, and a request must not wait for another one's."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Takes a record that passes the filters; never raises."""
        if not self.filter(record):
            return False
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Queues a record; never raises."""
        if not _is_ours(record.name):
            self.take(partial(_placed, record))

    def take(self, made: Callable[[], LogEntry]) -> None:
        """Queues what was logged by other means than `logging`; never raises."""
        if getattr(self._busy, "now", False) or not self._is_mine():
            return
        self._busy.now = True  # the entry's own values may log while they are looked at
        try:
            self._queue.put(made())
        except Exception:  # noqa: BLE001 - the outer guard: a log line must not hurt who writes it
            self._health.add(names.PROM_ERRORS, "logs")
        finally:
            self._busy.now = False

    def _is_mine(self) -> bool:
        if get_value(SUPPRESSED):
            return False
        serving = current()
        if serving is not None:
            return serving.health is self._health
        newest = OtlpHandler._newest
        return newest is None or newest() in (None, self)


def _placed(record: logging.LogRecord) -> LogEntry:
    """The entry of a record, with where in the code it was made."""
    entry = entry_of(record)
    entry.place = record.pathname, record.lineno, record.funcName
    return entry


def _is_ours(logger: str) -> bool:
    return logger == OURS or logger.startswith(f"{OURS}.")
