"""Overrides of the gate: a version that somebody lets pass by hand, for a while."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from ...slo import HOUR
from ..ledger.staged import Staged

LASTS: Final = 4 * HOUR
"""Seconds after which an override ends by itself."""

MOST_IN_FORCE: Final = 1_000


class GateOverride(NamedTuple):
    """Who lets a version of a service pass, why, from when (epoch seconds), and until when."""

    service: str
    version: str
    author: str
    reason: str
    at: float
    until: float


class GateOverrides:
    """Those in force; what is over goes. A part of the books."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._known: Staged[tuple[str, str], GateOverride] = Staged(
            ((service, version), GateOverride(service, version, *more))
            for service, version, *more in connection.execute("SELECT * FROM gate_override")
        )

    def add(self, override: GateOverride) -> bool:
        """Stages one, in place of another for the same version. False where there is no room for it."""
        for which, other in list(self._known.items()):
            if other.until <= override.at:
                self._known.remove(which)
        if len(self._known) >= MOST_IN_FORCE and self._known.get(override[:2]) is None:
            return False
        self._known.put(override[:2], override)
        return True

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._known.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what changed."""
        for which, override in self._known.changes.items():
            connection.execute("DELETE FROM gate_override WHERE service = ? AND version = ?", which)
            if override is not None:
                connection.execute("INSERT INTO gate_override VALUES (?, ?, ?, ?, ?, ?)", override)

    def keep(self) -> None:
        """What was staged is true now."""
        self._known.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._known.forget()


def override_of(connection: sqlite3.Connection, service: str, version: str, now: float) -> GateOverride | None:
    """The override of a version that is in force; None where there is none."""
    row = connection.execute(
        "SELECT * FROM gate_override WHERE service = ? AND version = ? AND until > ?", (service, version, now)
    ).fetchone()
    return None if row is None else GateOverride(*row)
