"""The audit log, for whoever asks."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from ..collector import Ledger
from ..collector.records.audit import AuditEntry, audited


class AuditLog:
    """Reads the audit log of a ledger. Of use from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def audited(self, limit: int, before: int | None) -> Sequence[AuditEntry]:
        """The newest entries, the newest first; those before the one of number `before`, where that is given."""
        with contextlib.closing(self._ledger.reader()) as connection:
            return audited(connection, limit, before)
