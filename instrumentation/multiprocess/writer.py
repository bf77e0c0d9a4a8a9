"""The thread that writes a worker's counts down, once a second.

Not the export thread: that one waits for the collector, ten seconds at a time when it hangs, and a worker that is killed
must not lose ten seconds of the page for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from .. import names
from ..health import Health

SECOND: Final = 1.0
SHARE: Final = 50
"""Writing may take a fiftieth of a processor: with very many series it is done less often."""

_log = logging.getLogger("fournines.instrumentation")


class Writer:
    """Calls `write` until told to stop. Safe from any thread; never raises."""

    _thread: threading.Thread | None
    _last: Callable[[], None] | None

    def __init__(self, write: Callable[[], None], health: Health, interval: float = SECOND) -> None:
        self._write, self._health, self._interval = write, health, interval
        self.forget()

    def start(self) -> None:
        """Starts the thread unless it runs. Where the system has no thread left, a later start tries again."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._ended = threading.Event()
            thread = threading.Thread(target=self._run, args=(self._ended,), name="fournines-metrics", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no threads left, or the interpreter is ending
                self._health.add(names.PROM_ERRORS, "start")
                return
            self._thread = thread

    def stop(self, timeout: float) -> None:
        """Writes the last counts and ends the thread, waiting at most `timeout` seconds for it."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._ended.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def part(self, last: Callable[[], None]) -> None:
        """Writes the last counts, ends the thread and calls `last` there, without waiting for any of it."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._last = last
            self._ended.set()
        if thread is None or not thread.is_alive():
            last()

    def forget(self) -> None:
        """As if never started: a forked child has no such thread, and its parent may have held the lock."""
        self._lock = threading.RLock()  # the collector of garbage may call `part` in the middle of anything
        self._thread = None
        self._last = None
        self._ended = threading.Event()

    def _run(self, ended: threading.Event) -> None:
        pause = 0.0
        while not ended.wait(pause):
            began = time.thread_time()
            self._guarded()
            pause = max(self._interval, SHARE * (time.thread_time() - began))
        self._guarded()
        if self._last is not None:
            self._last()

    def _guarded(self) -> None:
        try:
            self._write()
        except Exception as e:  # noqa: BLE001 - a full disk, a folder that is gone: the next second tries again
            self._health.add(names.PROM_ERRORS, "workers")
            if self._health.count(names.PROM_ERRORS, "workers") == 1:
                _log.warning("this worker's counts can't be written down for the metrics page (%s); tried again", e)
