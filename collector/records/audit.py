"""The audit log: who did what by hand, to what, when and why. Rows are only ever added; the ledger itself refuses anything else."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

JSON = Mapping[str, Any]

_ADD: Final = "INSERT INTO audit (at, author, action, subject, reason, detail) VALUES (?, ?, ?, ?, ?, ?)"
_NEWEST: Final = """
SELECT at, author, action, subject, reason, detail, id FROM audit WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2
"""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """At `at` (epoch seconds) `author` did `action` (such as `gate.override`) to `subject` for a reason; `detail` is what JSON holds.

    `id` numbers entries in the order they were written in; 0 before.
    """

    at: float
    author: str
    action: str
    subject: str
    reason: str
    detail: JSON = field(default_factory=dict)
    id: int = 0


class Audit:
    """Writes entries in the transaction of what they tell of. A part of the books."""

    def __init__(self) -> None:
        self._staged: list[AuditEntry] = []

    def add(self, entry: AuditEntry) -> None:
        """Stages an entry: it is durable together with everything else that is staged, or never was."""
        self._staged.append(entry)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._staged)

    def write(self, connection: sqlite3.Connection) -> None:
        """Adds what is staged."""
        add_entries(connection, self._staged)

    def keep(self) -> None:
        """What was staged is true now."""
        self._staged.clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._staged.clear()


def add_entries(connection: sqlite3.Connection, entries: Iterable[AuditEntry]) -> None:
    """Adds entries on whatever connection to the ledger's file: durable once its transaction is, together with what they tell of."""
    rows = [(e.at, e.author, e.action, e.subject, e.reason, _written(e.detail)) for e in entries]
    connection.executemany(_ADD, rows)


def audited(connection: sqlite3.Connection, limit: int, before: int | None = None) -> list[AuditEntry]:
    """The newest entries, the newest first, at most `limit`; those whose `id` is below `before`, where that is given."""
    rows = connection.execute(_NEWEST, (before, limit))
    return [
        AuditEntry(at, author, action, subject, reason, json.loads(detail), number)
        for at, author, action, subject, reason, detail, number in rows
    ]


def _written(detail: JSON) -> str:
    return json.dumps(detail, separators=(",", ":"), sort_keys=True)
