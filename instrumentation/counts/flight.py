"""Requests in flight, counted where there is no object that stands for each."""

from __future__ import annotations

import threading


class Flight:
    """Requests in flight of one method and scheme. Adding is safe from any thread."""

    __slots__ = ("_lock", "count", "method", "scheme")

    def __init__(self, method: str, scheme: str) -> None:
        self.method, self.scheme = method, scheme
        self.count = 0
        self._lock = threading.Lock()

    def add(self, change: int) -> None:
        """One more, or one less; never fewer than none, as a forked child would count its parent's."""
        with self._lock:
            self.count = max(0, self.count + change)
