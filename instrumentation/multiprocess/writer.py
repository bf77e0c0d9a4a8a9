"""The thread that writes a worker's counts down, once a second.

Not the export thread: that one waits for the collector, ten seconds at a time when it hangs, and a worker that is killed
must not lose ten seconds of the page for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from .. import names
from ..clock import own_work
from ..daemon import Daemon
from ..health import Health

SECOND: Final = 1.0
SHARE: Final = 50
"""Writing may take a fiftieth of a processor: with very many series it is done less often."""

_log = logging.getLogger("fournines.instrumentation")


class Writer:
    """Calls `write` until told to stop. Safe from any thread; never raises."""

    _last: Callable[[], None] | None

    def __init__(self, write: Callable[[], None], health: Health, interval: float = SECOND) -> None:
        self._write, self._health, self._interval = write, health, interval
        self._daemon = Daemon("fournines-metrics", self._run, health)
        self._last = None

    def start(self) -> None:
        """Starts writing. Where the system has no thread left, a later start tries again."""
        self._daemon.start()

    def stop(self, timeout: float) -> None:
        """Writes the last counts and ends, waiting at most `timeout` seconds for it."""
        self._daemon.stop(timeout)

    def part(self, last: Callable[[], None]) -> None:
        """Writes the last counts, ends and calls `last` then, without waiting for any of it."""
        self._last = last
        thread = self._daemon.part()
        if thread is None or not thread.is_alive():
            last()

    def forget(self) -> None:
        """As if never started: for a forked child."""
        self._daemon.forget()
        self._last = None

    def _run(self, ended: threading.Event) -> None:
        pause = 0.0
        while not ended.wait(pause):
            began = own_work()
            self._guarded()
            pause = max(self._interval, SHARE * (own_work() - began))
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
