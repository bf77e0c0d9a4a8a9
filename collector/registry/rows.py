"""Which row of the ledger holds the counts of which SLO: a row goes with its last name, and its counts with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from ..ledger.staged import Staged
from .automatic import CANDIDATES


class RowKey(NamedTuple):
    """Names the counts of an SLO. `candidate` is empty, or one of CANDIDATES: a further count an automatic SLO keeps until it is pinned."""

    name: str
    candidate: str = ""


class SloRows:
    """All rows, in the ledger's table `slo`. A part of the registry, which decides what becomes of them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._rows: Staged[RowKey, int] = Staged(
            (RowKey(name, candidate), row)
            for row, name, candidate in connection.execute("SELECT id, name, candidate FROM slo")
        )
        highest = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'slo'").fetchone()
        self._next = int(highest[0]) + 1 if highest else 1

    @property
    def kept(self) -> Mapping[RowKey, int]:
        """Those that are committed."""
        return self._rows.kept

    def of(self, name: str, candidate: str = "") -> int:
        """The row of an SLO, as the open transaction sees it; a new one where there is none."""
        key = RowKey(name, candidate)
        row = self._rows.get(key)
        if row is None:
            row = self._next
            self._next += 1
            self._rows.put(key, row)
        return row

    def let_win(self, name: str, candidate: str) -> None:
        """Stages that the count of a candidate, where there is one, becomes that of the name, and the name's own goes."""
        row = self._rows.get(RowKey(name, candidate))
        if row is not None:
            self._rows.put(RowKey(name), row)
            self._rows.remove(RowKey(name, candidate))

    def remove(self, name: str) -> None:
        """Stages the going of a name's own count."""
        self._rows.remove(RowKey(name))

    def remove_candidates(self, name: str) -> None:
        """Stages the going of the counts of all candidates."""
        for candidate in CANDIDATES:
            self._rows.remove(RowKey(name, candidate))

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._rows.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the names of rows; rows that lost their name go."""
        changes = self._rows.changes
        taken = {row for row in changes.values() if row is not None}
        lost = [old for key in changes if (old := self._rows.kept.get(key)) is not None and old not in taken]
        connection.executemany("DELETE FROM slo WHERE id = ?", [(row,) for row in lost])
        connection.executemany(
            "INSERT INTO slo (id, name, candidate) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, candidate = excluded.candidate",
            [(row, *key) for key, row in changes.items() if row is not None],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        self._rows.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._rows.forget()
