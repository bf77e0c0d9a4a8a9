"""What changes together with the ledger, or not at all."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Protocol


class Undoable(Protocol):
    """Something that is changed aside first; one of the two ends the change."""

    def keep(self) -> None:
        """The transaction is committed: what was staged is true now."""
        ...

    def forget(self) -> None:
        """The transaction failed: what was staged never was."""
        ...


class Part(Undoable, Protocol):
    """A piece of such state. The ledger has all parts write, commits, and then has all of them keep what they staged; or forget it."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        ...

    def write(self, connection: sqlite3.Connection) -> None:
        """Puts what is staged into the open transaction."""
        ...


@dataclass
class FakePart:
    """A part that leaves a trace in `meta`, notes what it was told in `told`, and fails at the word `fails`."""

    fails: str = ""
    changed: bool = True
    told: list[str] = field(default_factory=list)

    def write(self, connection: sqlite3.Connection) -> None:
        """Leaves its trace."""
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('fake', 1)")
        self._hear("write")

    def keep(self) -> None:
        """Notes it."""
        self._hear("keep")

    def forget(self) -> None:
        """Notes it."""
        self._hear("forget")

    def _hear(self, word: str) -> None:
        self.told.append(word)
        if word == self.fails:
            raise RuntimeError(word)
