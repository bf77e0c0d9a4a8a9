"""A thread of ours that never keeps its process alive."""

from __future__ import annotations

import threading
from collections.abc import Callable

from . import names
from .health import Health


class Daemon:
    """Works until it is told to end, and may be started again. Safe from any thread; none of it raises.

    `run` is given the event that tells it to end.
    """

    _thread: threading.Thread | None

    def __init__(self, name: str, run: Callable[[threading.Event], None], health: Health) -> None:
        self._name, self._run, self._health = name, run, health
        self.forget()

    def start(self) -> bool:
        """Starts it unless it runs; False where the system has no thread left, or the interpreter is ending."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return True
            ended = threading.Event()
            thread = threading.Thread(target=self._run, args=(ended,), name=self._name, daemon=True)
            try:
                thread.start()
            except RuntimeError:
                self._health.add(names.PROM_ERRORS, "start")
                return False
            self._thread, self._ended = thread, ended
            return True

    def part(self) -> threading.Thread | None:
        """Tells it to end and waits for nothing; the thread that is about to end."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._ended.set()
        return thread

    def stop(self, timeout: float) -> None:
        """Tells it to end, and waits at most `timeout` seconds for it."""
        thread = self.part()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def forget(self) -> None:
        """As if never started: a forked child has no such thread, and its parent may have held the lock."""
        self._lock = threading.RLock()  # the collector of garbage may call `part` in the middle of anything
        self._thread = None
        self._ended = threading.Event()
