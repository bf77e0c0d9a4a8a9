"""The outbox: what must be said, kept until it has been said. A page is in here before anybody is told, in the transaction of its alert.

    pending --sent, accepted--> delivered
            --sent, refused---> rejected        (the receiver will never take it)
            --too old---------> given_up        (a day of trying)

At least once: a process that dies between sending and recording sends again, the same bytes under the same dedup key. In order:
a message waits for the earlier messages of its incident to the same receiver.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..slo import DAY, HOUR
from .errors import StoreError
from .notification import Action, Notification
from .notifier import Attempt, Outcome
from .schema import connect, transaction

BACK_OFF_SECONDS: Final = (1, 2, 4, 8, 16, 32, 60)
"""After the first failure, the second, ...; the last for all that follow."""
LONGEST_WAIT_SECONDS: Final = HOUR
"""No receiver makes us wait longer, whatever its Retry-After says."""
GIVE_UP_SECONDS: Final = DAY
KEPT_SECONDS: Final = 35 * DAY

_HEADS: Final = (
    "FROM outbox AS o WHERE state = 'pending' AND receiver = ? AND NOT EXISTS ("
    " SELECT 1 FROM outbox AS e WHERE e.state = 'pending' AND e.receiver = o.receiver"
    " AND e.dedup_key = o.dedup_key AND e.id < o.id)"
)
"""The messages that wait for nothing but their time: the oldest of each incident."""


class Stage(Enum):
    """Where a message stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    GIVEN_UP = "given_up"


class Delivery(NamedTuple):
    """One message on its way to one receiver. `attempts` counts the failed ones so far."""

    id: int
    receiver: str
    notification: Notification
    created: float
    attempts: int


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
        """Keeps a message for one receiver, due at once. The caller's transaction makes it durable."""
        self._connection.execute(
            "INSERT INTO outbox (incident, receiver, dedup_key, action, notification, created, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (incident, receiver, notification.dedup_key, notification.action.value, notification.to_json(), now, now),
        )

    def told(self, incident: int) -> frozenset[str]:
        """The receivers for whom the trigger of an incident was kept."""
        rows = self._connection.execute(
            "SELECT receiver FROM outbox WHERE incident = ? AND action = ?", (incident, Action.TRIGGER.value)
        )
        return frozenset(receiver for (receiver,) in rows)

    def due(self, receiver: str, now: float, limit: int = 8) -> list[Delivery]:
        """What may be sent to `receiver` now, oldest first: at most one message an incident, its oldest.

        A due time further away than the longest wait can only come from a clock that was set back, and counts as reached.
        """
        rows = self._read(
            f"SELECT id, receiver, notification, created, attempts {_HEADS} AND (due <= ? OR due > ?) ORDER BY id LIMIT ?",
            (receiver, now, now + LONGEST_WAIT_SECONDS, limit),
        )
        return [Delivery(id_, to, Notification.from_json(text), made, tries) for id_, to, text, made, tries in rows]

    def next_due(self, receiver: str) -> float | None:
        """When the next message to `receiver` may be sent (epoch seconds); None when there is none."""
        found: float | None = self._read(f"SELECT min(due) {_HEADS}", (receiver,))[0][0]
        return found

    def record(self, delivery: Delivery, attempt: Attempt, now: float) -> Stage:
        """Remembers what became of an attempt; a retry is due after the back-off, or later if the receiver asked for it."""
        stage = _stage(delivery, attempt, now)
        attempts = delivery.attempts + 1
        due = now + wait(attempts, attempt.retry_after)
        finished = None if stage is Stage.PENDING else now
        with self._lock, transaction(self._connection):
            self._connection.execute(
                "UPDATE outbox SET state = ?, attempts = ?, due = ?, reason = ?, finished = ? WHERE id = ?",
                (stage.value, attempts, due, attempt.reason, finished, delivery.id),
            )
            self._connection.execute("DELETE FROM outbox WHERE finished < ?", (now - KEPT_SECONDS,))
        return stage

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
        rows = self._read("SELECT receiver, state, count(*) FROM outbox GROUP BY 1, 2")
        return {(receiver, Stage(state)): count for receiver, state, count in rows}

    def _read(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"the outbox can't be read: {error}") from error


def wait(attempts: int, retry_after: float | None) -> float:
    """Seconds until the next attempt after `attempts` failed ones: the back-off, or what the receiver asked for if that is longer."""
    back_off = BACK_OFF_SECONDS[min(attempts, len(BACK_OFF_SECONDS)) - 1]
    return float(min(max(back_off, retry_after or 0), LONGEST_WAIT_SECONDS))


def _stage(delivery: Delivery, attempt: Attempt, now: float) -> Stage:
    if attempt.outcome is Outcome.DELIVERED:
        return Stage.DELIVERED
    if attempt.outcome is Outcome.REJECTED:
        return Stage.REJECTED
    return Stage.GIVEN_UP if now - delivery.created >= GIVE_UP_SECONDS else Stage.PENDING
