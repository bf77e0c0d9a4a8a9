"""Alerts and the states of SLOs as rows. Every write belongs into a `transaction` of the caller."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from ..slo import DAY, State
from . import decision
from .alert import Alert, AlertKey
from .alert_verdict import AlertVerdict
from .note import MOST_NOTES, Note
from .reading import read_alerts
from .state import COOL_DOWN_SECONDS

KEPT_SECONDS: Final = 400 * DAY
"""Resolved alerts stay that long, as the coarsest counts do."""
MOST_KEPT: Final = 100_000
"""So many incidents back from the newest, whatever became of them: what is open stays."""

_OPEN: Final = """
INSERT INTO alert (number, kind, name, slo, service, labels, reason, summary, since, opened, opened_again, clear_since, told, told_at,
    hushed, flaps, escalated_since, acknowledged, decisions)
VALUES (:number, :kind, :name, :slo, :service, :labels, :reason, :summary, :since, :opened, :opened_again, :clear_since, :told, :told_at,
    :hushed, :flaps, :escalated_since, :acknowledged, :decisions)
"""
_OPEN_AGAIN: Final = """
UPDATE alert SET slo = :slo, service = :service, labels = :labels, reason = :reason, summary = :summary, opened = :opened,
    opened_again = :opened_again, resolved = NULL WHERE number = :number
"""
_UPDATE: Final = """
UPDATE alert SET clear_since = :clear_since, told = :told, told_at = :told_at, hushed = :hushed, flaps = :flaps,
    escalated_since = :escalated_since, acknowledged = :acknowledged, answered = coalesce(answered, :acknowledged), decisions = :decisions
    WHERE number = :number
"""
_FORGOTTEN: Final = """
SELECT number FROM alert WHERE resolved < ?
UNION SELECT number FROM alert WHERE number <= (SELECT max(number) FROM alert) - ? AND resolved IS NOT NULL
"""
_FORGET: Final = (
    "DELETE FROM alert_note WHERE incident = ?",
    "DELETE FROM alert_opening WHERE incident = ?",
    "DELETE FROM alert WHERE number = ?",
)


class StateSince(NamedTuple):
    """The state an SLO is in, and since when (epoch seconds)."""

    state: State
    since: float


class AlertStore:
    """The tables `alert`, `alert_opening`, `alert_note` and `slo_state` behind one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def open_alerts(self) -> dict[AlertKey, Alert]:
        """Every alert that is not resolved, oldest first."""
        alerts = read_alerts(self._connection, "WHERE resolved IS NULL ORDER BY number", {})
        return {each.alert.key: each.alert for each in alerts}

    def lately(self, key: AlertKey, now: float) -> Alert | None:
        """The newest alert of a key that ended within the cool-down before `now`. `StoreError` when the file can't be read."""
        which = "WHERE kind = :kind AND name = :name AND resolved > :after ORDER BY resolved DESC LIMIT 1"
        values = {"kind": key.kind.value, "name": key.name, "after": now - COOL_DOWN_SECONDS}
        return next((each.alert for each in read_alerts(self._connection, which, values)), None)

    def open(self, alert: Alert) -> Alert:
        """Stores an alert that fired, for the first time or again; returns it with its number."""
        if alert.number:
            self._connection.execute(_OPEN_AGAIN, _row(alert))
            self.update(alert)
        else:
            cursor = self._connection.execute(_OPEN, _row(alert))
            alert = replace(alert, number=cursor.lastrowid or 0)
        opening = (alert.number, alert.firing.since)
        self._connection.execute("INSERT INTO alert_opening (incident, since) VALUES (?, ?)", opening)
        return alert

    def update(self, alert: Alert) -> None:
        """Stores what may change while an alert is open."""
        self._connection.execute(_UPDATE, _row(alert))

    def note(self, alert: Alert, note: Note) -> None:
        """Stores what somebody wrote down about an alert, and forgets what was written long before."""
        self._connection.execute(
            "INSERT INTO alert_note (incident, at, author, text) VALUES (?, ?, ?, ?)", (alert.number, *note)
        )
        self._connection.execute(
            "DELETE FROM alert_note WHERE incident = ?1 AND id NOT IN"
            " (SELECT id FROM alert_note WHERE incident = ?1 ORDER BY id DESC LIMIT ?2)",
            (alert.number, MOST_NOTES),
        )

    def resolve(self, alert: Alert, now: float) -> None:
        """Ends an alert."""
        self.update(alert)
        ended = (now, alert.number)
        self._connection.execute("UPDATE alert SET resolved = ? WHERE number = ?", ended)
        self._connection.execute("UPDATE alert_opening SET resolved = ? WHERE incident = ? AND resolved IS NULL", ended)

    def judge(self, number: int, verdict: AlertVerdict) -> None:
        """Keeps what somebody said of an alert that is over; what was said before is forgotten."""
        self._connection.execute("UPDATE alert SET verdict = ? WHERE number = ?", (verdict.to_text(), number))

    def forget(self, now: float) -> None:
        """Forgets the alerts that ended too long ago, or so many before the newest, with their openings and notes."""
        gone = self._connection.execute(_FORGOTTEN, (now - KEPT_SECONDS, MOST_KEPT)).fetchall()
        for forget in _FORGET:
            self._connection.executemany(forget, gone)

    def states(self) -> dict[str, StateSince]:
        """The last known state of every SLO."""
        rows = self._connection.execute("SELECT slo, state, since FROM slo_state")
        return {slo: StateSince(State(state), since) for slo, state, since in rows}

    def save_states(self, states: Iterable[tuple[str, StateSince]]) -> None:
        """Stores the states that changed."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO slo_state VALUES (?, ?, ?)", ((slo, s.state.value, s.since) for slo, s in states)
        )

    def forget_states(self, names: Iterable[str]) -> None:
        """Drops the states of SLOs that are gone."""
        self._connection.executemany("DELETE FROM slo_state WHERE slo = ?", ((name,) for name in names))


def _row(alert: Alert) -> dict[str, object]:
    """`since` is when the incident began, `opened` when it was opened again."""
    taken, again = alert.acknowledged, alert.first is not None
    return {
        "number": alert.number or None,
        "kind": alert.key.kind.value,
        "name": alert.key.name,
        "slo": alert.slo,
        "service": alert.service,
        "labels": json.dumps(dict(alert.labels)),
        "reason": alert.reason,
        "summary": alert.summary,
        "since": alert.began,
        "opened": alert.firing.since if again else None,
        "opened_again": alert.opened_again,
        "clear_since": alert.firing.clear_since,
        "told": alert.told,
        "told_at": alert.told_at,
        "hushed": alert.hushed,
        "flaps": alert.flaps,
        "escalated_since": alert.escalated_since,
        "acknowledged": None if taken is None else taken.to_text(),
        "decisions": decision.to_text(alert.decisions),
    }
