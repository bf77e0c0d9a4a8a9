"""Who did what to alerts by hand: a line of the audit log, which somebody else keeps in the same file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditLine:
    """At `at` (epoch seconds) `author` did `action` (such as `silence.add`) to `subject` for a reason; `detail` is what JSON holds."""

    at: float
    author: str
    action: str
    subject: str
    reason: str
    detail: Mapping[str, Any] = field(default_factory=dict)


Audit = Callable[[sqlite3.Connection, AuditLine], None]
"""Writes a line in the transaction of what it tells of, on the connection of that."""


def unaudited(connection: sqlite3.Connection, line: AuditLine) -> None:
    """Keeps nothing: for who has no audit log, such as tests."""
    del connection, line
