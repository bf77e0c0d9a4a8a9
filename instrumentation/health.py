"""How the instrumentation itself is doing: plain counters, shown on `/metrics`, never a reason to raise."""

from __future__ import annotations

import threading


class Health:
    """Counts by (name, label); names are those of `names.py`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, name: str, label: str = "", by: int = 1) -> None:
        """Adds `by` to one counter."""
        with self._lock:
            self._counts[name, label] = self._counts.get((name, label), 0) + by

    def count(self, name: str, label: str = "") -> int:
        """One counter's value; 0 when nothing was counted."""
        return self._counts.get((name, label), 0)

    def counts(self, name: str) -> dict[str, int]:
        """All values of one counter, by label."""
        with self._lock:
            return {label: value for (key, label), value in self._counts.items() if key == name}

    def forget(self) -> None:
        """Begins anew, with a lock nobody holds: for a forked child."""
        self._lock = threading.Lock()
        self._counts = {}
