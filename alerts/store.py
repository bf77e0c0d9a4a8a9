"""Alerts and the states of SLOs as rows. Every write belongs into a `transaction` of the caller."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from ..slo import DAY, State
from .alert import Alert, AlertKey, AlertKind
from .state import Firing

KEPT_SECONDS: Final = 400 * DAY
"""Resolved alerts stay that long, as the coarsest counts do."""


class StateSince(NamedTuple):
    """The state an SLO is in, and since when (epoch seconds)."""

    state: State
    since: float


class AlertStore:
    """The tables `alert` and `slo_state` behind one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def open_alerts(self) -> dict[AlertKey, Alert]:
        """Every alert that is not resolved, oldest first."""
        rows = self._connection.execute(
            "SELECT number, kind, name, slo, service, labels, reason, summary, since, clear_since, told"
            " FROM alert WHERE resolved IS NULL ORDER BY number"
        )
        alerts = (_alert(*row) for row in rows)
        return {alert.key: alert for alert in alerts}

    def add(self, alert: Alert) -> Alert:
        """Stores an alert that fired; returns it with its number."""
        values = (alert.key.kind.value, alert.key.name, alert.slo, alert.service, json.dumps(dict(alert.labels)))
        cursor = self._connection.execute(
            "INSERT INTO alert (kind, name, slo, service, labels, reason, summary, since, clear_since, told)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, alert.reason, alert.summary, alert.firing.since, alert.firing.clear_since, alert.told),
        )
        return replace(alert, number=cursor.lastrowid or 0)

    def update(self, alert: Alert) -> None:
        """Stores what may change while an alert is open."""
        self._connection.execute(
            "UPDATE alert SET clear_since = ?, told = ? WHERE number = ?",
            (alert.firing.clear_since, alert.told, alert.number),
        )

    def resolve(self, alert: Alert, now: float) -> None:
        """Ends an alert, and forgets those that ended too long ago."""
        self._connection.execute("UPDATE alert SET resolved = ? WHERE number = ?", (now, alert.number))
        self._connection.execute("DELETE FROM alert WHERE resolved < ?", (now - KEPT_SECONDS,))

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


def _alert(
    number: int,
    kind: str,
    name: str,
    slo: str,
    service: str,
    labels: str,
    reason: str,
    summary: str,
    since: float,
    clear_since: float | None,
    told: int,
) -> Alert:
    key, firing = AlertKey(AlertKind(kind), name), Firing(since, clear_since)
    return Alert(key, slo, service, json.loads(labels), reason, summary, firing, bool(told), number)
