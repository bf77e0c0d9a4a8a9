"""Histograms' boundaries by number: streams share few distinct ones, and are compared by their numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Final

import numpy as np

from ..ledger.staged import Staged

NONE: Final = 0
"""The number of no boundaries at all."""

Bounds = tuple[float, ...]


class Boundaries:
    """All boundaries that streams have, in the ledger's table `boundary`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = [
            (number, tuple(np.frombuffer(bounds, "<f8").tolist()))
            for number, bounds in connection.execute("SELECT id, bounds FROM boundary")
        ]
        self._bounds: Staged[int, Bounds] = Staged(rows)
        self._numbers: Staged[Bounds, int] = Staged((bounds, number) for number, bounds in rows)
        self._next = max(self._bounds.kept, default=NONE) + 1

    def number(self, bounds: Bounds) -> int:
        """The number of boundaries; new ones get one."""
        if not bounds:
            return NONE
        known = self._numbers.get(bounds)
        if known is None:
            known, self._next = self._next, self._next + 1
            self._numbers.put(bounds, known)
            self._bounds.put(known, bounds)
        return known

    def __getitem__(self, number: int) -> Bounds:
        return self._bounds.get(number) or ()

    def __len__(self) -> int:
        return len(self._bounds)

    def retain(self, used: Collection[int]) -> None:
        """Stages the forgetting of all that are not used any more."""
        for number, bounds in list(self._bounds.items()):
            if number not in used:
                self._bounds.remove(number)
                self._numbers.remove(bounds)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._bounds.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes new ones, and removes the forgotten."""
        changes = self._bounds.changes
        connection.executemany(
            "DELETE FROM boundary WHERE id = ?", [(n,) for n, bounds in changes.items() if not bounds]
        )
        connection.executemany(
            "INSERT INTO boundary VALUES (?, ?)",
            [(number, np.array(bounds, "<f8").tobytes()) for number, bounds in changes.items() if bounds],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        self._bounds.keep()
        self._numbers.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._bounds.forget()
        self._numbers.forget()
