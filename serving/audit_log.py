"""The audit log, for whoever asks, and for lines about alerts."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence

from ..alerts.audit import AuditLine
from ..collector import Ledger
from ..collector.records.audit import AuditEntry, add_entries, audited


class AuditLog:
    """Reads the audit log of a ledger. Of use from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def audited(self, limit: int, before: int | None) -> Sequence[AuditEntry]:
        """The newest entries, the newest first; those before the one of number `before`, where that is given."""
        with contextlib.closing(self._ledger.reader()) as connection:
            return audited(connection, limit, before)


def keep_line(connection: sqlite3.Connection, line: AuditLine) -> None:
    """Adds a line about alerts, in the transaction of what it tells of."""
    entry = AuditEntry(line.at, line.author, line.action, line.subject, line.reason, line.detail)
    add_entries(connection, [entry])
