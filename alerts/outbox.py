"""The outbox: what must be said, kept until it has been said. A page is in here before anybody is told, in the transaction of its alert.

    pending --sent, accepted--> delivered --reminded, while the incident lasts--> delivered
            --sent, refused---> rejected        (the receiver will never take it)
            --too old---------> given_up        (a day of trying)

At least once: a process that dies between sending and recording sends again, the same bytes under the same dedup key. In order:
a message waits for the earlier messages of its incident to the same receiver. What a receiver is not told for a minute, or never will
be, is kept for its fallback as well, once an incident.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..slo import DAY, HOUR
from .decision import Decision
from .delivery import LONGEST_WAIT_SECONDS, Delivery, Stage, wait
from .errors import StoreError
from .notification import Action, Notification
from .notifier import Attempt, Outcome
from .schema import connect, transaction
from .sending import sending

FALL_BACK_SECONDS: Final = 60
"""A trigger that is this old, to a receiver that was tried and failed, goes to the fallback as well."""
KEPT_SECONDS: Final = 35 * DAY
"""So long after it was sent; but what belongs to an open alert stays, because who is told of its end is read from it."""

MOST_REMINDERS: Final = 64
"""So many are sent at once and recorded together: thousands of alerts that last are no thousands of commits a minute, and a page that
comes meanwhile waits for no more than these."""
_FELL_LATELY_SECONDS: Final = HOUR
"""What was refused before that is no news for a fallback that was configured since."""

_COLUMNS: Final = (
    "SELECT id, incident, receiver, notification, created, attempts,"
    " (SELECT r.reference FROM outbox AS r WHERE r.incident = o.incident AND r.receiver = o.receiver"
    " AND r.reference IS NOT NULL ORDER BY r.id LIMIT 1)"
)
_HEADS: Final = (
    "FROM outbox AS o INDEXED BY outbox_pending WHERE state = 'pending' AND receiver = ? AND NOT EXISTS ("
    " SELECT 1 FROM outbox AS e INDEXED BY outbox_order WHERE e.state = 'pending' AND e.receiver = o.receiver"
    " AND e.dedup_key = o.dedup_key AND e.id < o.id)"
)
"""The messages that wait for nothing but their time: the oldest of each incident."""
_REMINDERS: Final = (
    "FROM outbox AS o WHERE repeat_at IS NOT NULL AND receiver = ? AND NOT EXISTS ("
    " SELECT 1 FROM outbox AS l WHERE l.incident = o.incident AND l.receiver = o.receiver AND l.id > o.id"
    " AND (l.action = 'resolve' OR l.state IN ('pending', 'delivered')))"
    " AND EXISTS (SELECT 1 FROM alert AS a WHERE a.number = o.incident AND a.resolved IS NULL)"
)
"""The newest message of each open incident that its receiver has to be reminded of."""
_UNTOLD: Final = (
    "SELECT DISTINCT incident FROM outbox AS o WHERE receiver = ? AND action = 'trigger' AND NOT EXISTS ("
    " SELECT 1 FROM outbox AS f WHERE f.incident = o.incident AND f.receiver = ? AND f.action = 'trigger')"
    " AND (state = 'pending' AND (created <= ? OR attempts > 0 AND created > ?)"
    " AND (SELECT max(attempts) FROM outbox WHERE state = 'pending' AND receiver = ?) > 0"
    " OR state IN ('rejected', 'given_up') AND finished >= ?)"
)
"""Incidents whose beginning a receiver does not take, and whose fallback does not know of them. What waits behind others of a receiver
that fails may not have been tried itself."""

_NEWEST: Final = (
    "SELECT incident, receiver, action, state, attempts, reason, instead_of, coalesce(finished, created) FROM outbox"
    " WHERE id IN (SELECT max(o.id) FROM alert AS a JOIN outbox AS o ON o.incident = a.number"
    " WHERE a.resolved IS NULL GROUP BY o.incident, o.receiver) ORDER BY id"
)
_TOLD_OPEN: Final = (
    "SELECT DISTINCT receiver, dedup_key FROM outbox AS o JOIN alert AS a ON a.number = o.incident"
    " WHERE a.resolved IS NULL AND o.action = 'trigger' AND o.state = 'delivered' ORDER BY receiver, dedup_key"
)


class Fallen(NamedTuple):
    """An incident that a fallback is told of, and what its receiver said to the beginning of it."""

    dedup_key: str
    reason: str


class Outbox:
    """The table `outbox` behind one connection. `add` and `told` belong into the transaction of the alert; the rest into the pager."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path | str) -> Outbox:
        """An outbox with a connection of its own. `StoreError` when the file can't be used."""
        return cls(connect(path))

    def close(self) -> None:
        """Closes its connection, once whoever uses it has finished."""
        with self._lock:
            self._connection.close()

    def add(self, notification: Notification, receiver: str, incident: int, now: float) -> None:
        """Keeps a message for one receiver, due at once. The caller's transaction makes it durable.

        `incident` is the number of the alert that it is about.
        """
        self._connection.execute(
            "INSERT INTO outbox (incident, receiver, dedup_key, action, notification, created, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (incident, receiver, notification.dedup_key, notification.action.value, notification.to_json(), now, now),
        )

    def told(self, incident: int) -> frozenset[str]:
        """The receivers for whom the trigger of an incident was kept, fallbacks among them."""
        rows = self._connection.execute(
            "SELECT receiver FROM outbox WHERE incident = ? AND action = ?", (incident, Action.TRIGGER.value)
        )
        return frozenset(receiver for (receiver,) in rows)

    def last(self, incident: int) -> Notification | None:
        """The newest message about an incident, whoever it went to; None where there is none."""
        found = self._read("SELECT notification FROM outbox WHERE incident = ? ORDER BY id DESC LIMIT 1", (incident,))
        return Notification.from_json(found[0][0]) if found else None

    def due(self, receiver: str, now: float, limit: int = 8, most_reminders: int = MOST_REMINDERS) -> list[Delivery]:
        """What may be sent to `receiver` now: at most one message an incident, its oldest, in the order in which they fell due, so that
        what was never tried waits for none that fail; then `most_reminders`.

        What was never tried is due whatever the clock says: it may have been set back. So is a due time further away than the longest wait.
        """
        values = (receiver, now, now + LONGEST_WAIT_SECONDS)
        # Reminders are read second: an end that is queued in between makes its incident's superfluous.
        heads = self._read(
            f"{_COLUMNS} {_HEADS} AND (due <= ? OR due > ? OR attempts = 0) ORDER BY due, id LIMIT ?", (*values, limit)
        )
        reminders = self._read(
            f"{_COLUMNS} {_REMINDERS} AND (repeat_at <= ? OR repeat_at > ?) ORDER BY repeat_at LIMIT ?",
            (*values, most_reminders),
        )
        return [_delivery(*row) for row in heads] + [_delivery(*row, reminder=True) for row in reminders]

    def next_due(self, receiver: str) -> float | None:
        """When the next message to `receiver` may be sent (epoch seconds); None when there is none."""
        heads = self._read(f"SELECT min(due) {_HEADS}", (receiver,))
        reminders = self._read(f"SELECT min(repeat_at) {_REMINDERS}", (receiver,))
        return min((at for ((at,),) in (heads, reminders) if at is not None), default=None)

    def record(self, delivery: Delivery, attempt: Attempt, now: float) -> Stage:
        """Remembers what became of an attempt; a retry is due after the back-off, or later if the receiver asked for it."""
        return self.record_all([(delivery, attempt)], now)[0]

    def record_all(self, attempts: Sequence[tuple[Delivery, Attempt]], now: float) -> list[Stage]:
        """Remembers what became of several attempts in one transaction: see `record`."""
        with self._lock, transaction(self._connection):
            stages = [self._record(delivery, attempt, now) for delivery, attempt in attempts]
            self._forget(now)
        return stages

    def _record(self, delivery: Delivery, attempt: Attempt, now: float) -> Stage:
        stage = delivery.stage_after(attempt, now)
        attempts = delivery.attempts + 1
        due = now + wait(attempts, attempt.retry_after)
        finished = None if stage is Stage.PENDING else now
        reminded_in = delivery.reminded_in(attempt)
        repeat_at = None if reminded_in is None else now + reminded_in
        missed = delivery.reminder and attempt.outcome is not Outcome.DELIVERED
        reason = f"its reminder was not taken ({attempt.reason})" if missed else attempt.reason
        self._connection.execute(
            "UPDATE outbox SET state = ?, attempts = ?, due = ?, reason = ?, finished = ?, repeat_at = ?,"
            " reference = coalesce(reference, ?) WHERE id = ?",
            (stage.value, attempts, due, reason, finished, repeat_at, attempt.reference, delivery.id),
        )
        if stage is Stage.DELIVERED:  # reminders of what has been said anew
            self._connection.execute(
                "UPDATE outbox SET repeat_at = NULL WHERE repeat_at IS NOT NULL AND incident = ? AND receiver = ? AND id < ?",
                (delivery.incident, delivery.receiver, delivery.id),
            )
        return stage

    def _forget(self, now: float) -> None:
        """Drops rows that nobody needs."""
        self._connection.execute(
            "DELETE FROM outbox WHERE finished < ? AND incident NOT IN (SELECT number FROM alert WHERE resolved IS NULL)",
            (now - KEPT_SECONDS,),
        )

    def fall_back(self, receiver: str, fallback: str, now: float) -> list[Fallen]:
        """Keeps for `fallback` what `receiver` is not told: each incident once, from its beginning on. Returns the incidents."""
        old, ahead = now - FALL_BACK_SECONDS, now + FALL_BACK_SECONDS  # ahead: the clock was set back
        values = (receiver, fallback, old, ahead, receiver, now - _FELL_LATELY_SECONDS)
        if not self._read(_UNTOLD, values):
            return []
        with self._lock, transaction(self._connection):
            incidents = self._connection.execute(_UNTOLD, values).fetchall()
            return [self._hand_over(incident, receiver, fallback, now) for (incident,) in incidents]

    def _hand_over(self, incident: int, receiver: str, fallback: str, now: float) -> Fallen:
        rows = self._connection.execute(
            "SELECT dedup_key, action, notification, reason FROM outbox WHERE incident = ? AND receiver = ? AND id >= ("
            " SELECT min(id) FROM outbox WHERE incident = ? AND receiver = ? AND action = 'trigger' AND state <> 'delivered'"
            ") ORDER BY id",
            (incident, receiver) * 2,
        ).fetchall()
        self._connection.executemany(
            "INSERT INTO outbox (incident, receiver, dedup_key, action, notification, created, due, instead_of)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ((incident, fallback, key, action, text, now, now, receiver) for key, action, text, _ in rows),
        )
        return Fallen(rows[0][0], rows[0][3] or "it waits behind others that were not taken")

    def reject_all_but(self, receivers: Collection[str], now: float) -> int:
        """Rejects what waits for receivers that are no longer configured; returns how many messages that were."""
        with self._lock, transaction(self._connection):
            waiting = self._connection.execute(
                "SELECT DISTINCT receiver FROM outbox WHERE state = 'pending'"
            ).fetchall()
            gone = [receiver for (receiver,) in waiting if receiver not in receivers]
            cursor = self._connection.executemany(
                "UPDATE outbox SET state = 'rejected', finished = ?, reason = 'its receiver is no longer configured'"
                " WHERE state = 'pending' AND receiver = ?",
                [(now, receiver) for receiver in gone],
            )
        return max(0, cursor.rowcount) if gone else 0

    def counts(self) -> dict[tuple[str, Stage], int]:
        """Messages kept, by receiver and stage: for self-metrics."""
        rows = self._read("SELECT receiver, state, count(*) FROM outbox GROUP BY state, receiver")
        return {(receiver, Stage(state)): count for receiver, state, count in rows}

    def oldest(self) -> dict[str, float]:
        """When the oldest message that waits for each receiver was put in (epoch seconds); none for those who know everything."""
        return dict(self._read("SELECT receiver, min(created) FROM outbox WHERE state = 'pending' GROUP BY 1"))

    def sendings(self, configured: Collection[str]) -> dict[int, tuple[Decision, ...]]:
        """What became of the newest message to each receiver about each open alert, by the number of the incident.

        Of a receiver that is not among those that are `configured` it says so: that one does not hear of the end.
        """
        found: dict[int, tuple[Decision, ...]] = {}
        for incident, receiver, *answer in self._read(_NEWEST):
            said = sending(receiver, *answer, gone=receiver not in configured)
            found[incident] = (*found.get(incident, ()), said)
        return found

    def left_open(self, configured: Collection[str]) -> dict[str, list[str]]:
        """The dedup keys of open incidents that receivers were told of which are not `configured` any more, by receiver."""
        found: dict[str, list[str]] = {}
        for receiver, key in self._read(_TOLD_OPEN):
            if receiver not in configured:
                found.setdefault(receiver, []).append(key)
        return found

    def _read(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"the outbox can't be read: {error}") from error


def _delivery(
    id_: int,
    incident: int,
    receiver: str,
    text: str,
    created: float,
    attempts: int,
    reference: str | None,
    *,
    reminder: bool = False,
) -> Delivery:
    return Delivery(id_, incident, receiver, Notification.from_json(text), created, attempts, reference, reminder)
