"""Forks wait for the moment in which a worker's counts are taken.

Taking them goes through the locks of the application's own metrics, on a thread that no child has: one that is held at a
fork would be held in the child for ever, and its first count of that metric would never return.
"""

from __future__ import annotations

import os
import threading
from typing import Final

PATIENCE: Final = 0.2
"""Seconds that a fork waits at most: a collector of the application's own may be slow, and a fork is never held up for it."""


class Gate:
    """`with gate:` around the taking; forks wait outside."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a collector may fork itself
        self._forking = threading.local()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def before(self) -> None:
        """A fork is about to happen."""
        self._forking.waited = self._lock.acquire(timeout=PATIENCE)

    def in_parent(self) -> None:
        """It has happened, or failed."""
        if self._forking.waited:
            self._lock.release()

    def in_child(self) -> None:
        """The threads that were inside are the parent's."""
        self._lock = threading.RLock()


GATE: Final = Gate()

if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(before=GATE.before, after_in_parent=GATE.in_parent, after_in_child=GATE.in_child)
