"""Rows of `alert` read back, be the alert open or over."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from . import decision
from .acknowledgement import Acknowledgement
from .alert import Alert, AlertKey, AlertKind
from .alert_verdict import AlertVerdict
from .errors import StoreError
from .note import Note
from .state import Firing

_READ: Final = """
SELECT number, kind, name, slo, service, labels, reason, summary, since, opened, opened_again, clear_since, told, told_at, hushed, flaps,
    escalated_since, acknowledged, decisions, resolved, answered, verdict
FROM alert
"""


class AlertRow(NamedTuple):
    """An alert as it is kept: when it ended (epoch seconds; None: it is open), who took it on first, and whether it was useful."""

    alert: Alert
    ended: float | None
    answered: Acknowledgement | None
    verdict: AlertVerdict | None


def read_alerts(connection: sqlite3.Connection, which: str, values: Mapping[str, object]) -> list[AlertRow]:
    """The alerts that a clause of SQL fits, with their notes. `StoreError` when the file can't be read."""
    try:
        cursor = connection.execute(_READ + which, values)
        names = [name for name, *_ in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return [_row_of(row, _notes(connection, row["number"])) for row in rows]
    except sqlite3.Error as error:
        raise StoreError(f"alerts can't be read: {error}") from error


def _row_of(row: Mapping[str, Any], notes: tuple[Note, ...]) -> AlertRow:
    verdict = row["verdict"]
    return AlertRow(
        _alert(row, notes),
        row["resolved"],
        _acknowledgement(row["answered"]),
        None if verdict is None else AlertVerdict.from_text(verdict),
    )


def _alert(row: Mapping[str, Any], notes: tuple[Note, ...]) -> Alert:
    opened = row["opened"]
    return Alert(
        key=AlertKey(AlertKind(row["kind"]), row["name"]),
        slo=row["slo"],
        service=row["service"],
        labels=json.loads(row["labels"]),
        reason=row["reason"],
        summary=row["summary"],
        firing=Firing(row["since"] if opened is None else opened, row["clear_since"]),
        told=bool(row["told"]),
        number=row["number"],
        acknowledged=_acknowledgement(row["acknowledged"]),
        flaps=row["flaps"],
        opened_again=row["opened_again"],
        first=None if opened is None else row["since"],
        escalated_since=row["escalated_since"],
        told_at=row["told_at"],
        hushed=row["hushed"],
        decisions=decision.from_text(row["decisions"]),
        notes=notes,
    )


def _acknowledgement(text: str | None) -> Acknowledgement | None:
    return None if text is None else Acknowledgement.from_text(text)


def _notes(connection: sqlite3.Connection, incident: int) -> tuple[Note, ...]:
    query = "SELECT at, author, text FROM alert_note WHERE incident = ? ORDER BY id"
    return tuple(Note(*row) for row in connection.execute(query, (incident,)))
