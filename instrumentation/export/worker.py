"""The one daemon thread of a process: it does what the exporter has to do, when it is due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from .. import names
from ..clock import Clock
from ..health import Health
from ..suppression import suppress
from .exporter import Exporter

T = TypeVar("T")

_log = logging.getLogger("fournines.instrumentation")


class Worker:
    """Runs an exporter until told to stop. All of its methods may be called from any thread."""

    _condition: threading.Condition
    thread: threading.Thread | None
    """Its thread; None while it was not started in this process, or was stopped."""
    _ended: threading.Thread | None
    _stop_by: float | None
    _flush_by: float | None
    _asked: int
    _answered: int

    def __init__(self, clock: Clock, health: Health) -> None:
        self._clock, self._health = clock, health
        self.forget()

    def start(self, exporter: Exporter) -> None:
        """Starts the thread unless it runs, or one that was stopped still hangs in its last call."""
        with self._condition:
            if self.thread is None and (self._ended is None or not self._ended.is_alive()):
                self._stop_by = None
                thread = threading.Thread(target=self._run, args=(exporter,), name="fournines-export", daemon=True)
                try:
                    thread.start()
                except RuntimeError as e:  # no threads left, or the interpreter is ending: a later request tries again
                    self._refused(e)
                    return
                self.thread = thread

    def wake(self) -> None:
        """Lets the thread look again at what is due."""
        with self._condition:
            self._woken = True
            self._condition.notify_all()

    def flush(self, timeout: float) -> bool:
        """Waits, at most `timeout` seconds, until everything so far was sent; True when it was acknowledged."""
        deadline = self._clock.steady() + timeout
        with self._condition:
            if self.thread is None:
                return False
            self._flush_by = max(deadline, self._flush_by or 0.0)
            self._asked += 1
            ticket = self._asked
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._answered >= ticket, timeout)
            return self._answered >= ticket and self._delivered

    def part(self, timeout: float) -> threading.Thread | None:
        """Asks the thread to end with the good-bye, at most `timeout` seconds from now; the thread that was asked last."""
        with self._condition:
            if self.thread is not None:
                self._ended, self.thread = self.thread, None
                self._stop_by = self._clock.steady() + timeout
                self._condition.notify_all()
            return self._ended

    def stop(self, timeout: float) -> bool:
        """Ends the thread with the good-bye, at most `timeout` seconds from now; True when it was acknowledged."""
        thread = self.part(timeout)
        if thread is None:
            return True
        thread.join(timeout)
        return not thread.is_alive() and self._delivered

    def forget(self) -> None:
        """As if never started: a forked child has no such thread, and its parent may have held the lock."""
        self._condition = threading.Condition()
        self.thread = self._ended = self._stop_by = self._flush_by = None
        self._asked = self._answered = 0
        self._woken = self._delivered = False

    def _run(self, exporter: Exporter) -> None:
        suppress()
        due = self._clock.steady()
        while (stop_by := self._stop_by) is None:
            with self._condition:
                self._condition.wait_for(self._called, max(0.0, due - self._clock.steady()))
                self._woken = False
                flush_by, asked, self._flush_by = self._flush_by, self._asked, None
            if flush_by is not None:
                self._answer(asked, delivered=self._guarded(partial(exporter.flush, flush_by), default=False))
            due = self._guarded(exporter.tick, default=self._clock.steady() + 1.0)
        self._answer(self._asked, delivered=self._guarded(partial(exporter.say_goodbye, stop_by), default=False))

    def _refused(self, error: RuntimeError) -> None:
        self._health.add(names.PROM_ERRORS, "start")
        if self._health.count(names.PROM_ERRORS, "start") == 1:
            _log.warning("the export thread can't be started (%s); counts wait, and each request tries again", error)

    def _called(self) -> bool:
        return self._woken or self._flush_by is not None or self._stop_by is not None

    def _answer(self, ticket: int, *, delivered: bool) -> None:
        with self._condition:
            self._answered, self._delivered = ticket, delivered
            self._condition.notify_all()

    def _guarded(self, step: Callable[[], T], default: T) -> T:
        try:
            return step()
        except Exception:  # noqa: BLE001 - a fault of ours must not end the thread that carries the counts
            self._health.add(names.PROM_ERRORS, "export")
            _log.warning(
                "an export step failed; it is tried again",
                exc_info=self._health.count(names.PROM_ERRORS, "export") == 1,
            )
            return default
