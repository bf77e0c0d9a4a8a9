"""All silences made by hand, in the ledger's file: each in force once it is written there, together with its line of the audit log."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

from ...slo import DAY, timestamp
from ..alert import Alert
from ..audit import Audit, AuditLine, unaudited
from ..errors import StoreError, UnknownSilence
from ..matching import Matchers
from ..schema import connect, transaction
from .hold import Hold, longest, seen
from .silence import Silence, SilenceEnd

MOST_IN_FORCE: Final = 500
"""Silences that are not over: each is looked at for every alert that opens."""

KEPT_SECONDS: Final = 400 * DAY
"""How long those stay known that are over."""

_ON_ITS_WAY_SECONDS: Final = 60
"""How long ago an evaluation may have begun that a silence holds; by more than that a clock was set back."""

_SELECT: Final = (
    "SELECT number, matchers, start, until, author, reason, ended, ended_by, ended_reason FROM alert_silence"
)
_NOT_OVER: Final = f"{_SELECT} WHERE ended IS NULL AND until > ? ORDER BY number"
_OVER: Final = f"{_SELECT} WHERE until <= ?1 OR ended IS NOT NULL ORDER BY number DESC LIMIT ?2"
_NUMBERED: Final = f"{_SELECT} WHERE number = ?"


class Silences:
    """The table `alert_silence` on a connection of its own. Of use from any thread. `StoreError` when the file can't be used.

    Those that were over at `now` (epoch seconds) are not looked at.
    """

    def __init__(self, path: Path | str, audit: Audit = unaudited, now: float = 0.0) -> None:
        self._audit = audit
        self._lock = threading.Lock()
        self._connection = connect(path)
        self._made = now
        self._take(self._read(_NOT_OVER, now))

    def close(self) -> None:
        """Closes its connection."""
        with self._lock:
            self._connection.close()

    def holding(self, alert: Alert, now: float) -> Hold | None:
        """The silence that an alert waits for, the one that ends last.

        An evaluation may have begun before a silence was made: it is asked as of then, and held by it all the same.
        """
        labels, made = seen(alert), min(self._made, now + _ON_ITS_WAY_SECONDS)
        anchored = self._anchored
        asked = chain.from_iterable(anchored.get(anchor, ()) for anchor in (None, *labels.items()))
        found = (each for each in asked if each.holds(labels, max(now, min(each.start, made))))
        return longest([Hold(each.words, each.until) for each in found])

    def in_force(self, now: float) -> tuple[Silence, ...]:
        """Those that are not over, the oldest first; some may not have begun."""
        return tuple(each for each in self._known if now < each.over)

    def past(self, now: float, limit: int) -> list[Silence]:
        """The newest of those that are over, the newest first. `StoreError` when they can't be read."""
        try:
            with self._lock:
                return list(self._read(_OVER, now, limit))
        except sqlite3.Error as error:
            raise StoreError(f"silences can't be read: {error}") from error

    def add(self, silence: Silence, now: float) -> Silence | None:
        """Keeps a silence, and returns it with its number; None where too many are in force.

        `InvalidSilence` where it can't be made now, `StoreError` when it can't be kept; nothing is changed then.
        """
        silence.check(now)
        with self._lock:
            known = self.in_force(now)
            if len(known) >= MOST_IN_FORCE:
                return None
            with transaction(self._connection):
                made = self._added(silence)
                self._connection.execute("DELETE FROM alert_silence WHERE until < ?", (now - KEPT_SECONDS,))
                self._audit(self._connection, _line("silence.add", made, now, made.author, made.reason))
            self._made = max(now, self._made)
            self._take((*known, made))
        return made

    def end(self, number: int, author: str, reason: str, now: float) -> Silence | None:
        """Ends a silence by hand; None where it is over already.

        `UnknownSilence` where there is none of that number, `StoreError` when that can't be known or kept.
        """
        silence = self._named(number)
        with self._lock:
            if silence not in self.in_force(now):
                return None
            ended = replace(silence, ended=SilenceEnd(now, author, reason))
            with transaction(self._connection):
                self._connection.execute(
                    "UPDATE alert_silence SET ended = ?, ended_by = ?, ended_reason = ? WHERE number = ?",
                    (now, author, reason, number),
                )
                self._audit(self._connection, _line("silence.end", ended, now, author, reason))
            self._take(each for each in self._known if each.number != number)
        return ended

    def _take(self, known: Iterable[Silence]) -> None:
        """These are in force from now on; an alert is held against those alone whose anchor it has, and those without one."""
        self._known = tuple(known)
        anchored: dict[tuple[str, str] | None, list[Silence]] = {}
        for each in self._known:
            anchored.setdefault(each.matchers.anchor, []).append(each)
        self._anchored = anchored

    def _named(self, number: int) -> Silence:
        try:
            with self._lock:
                found = next(self._read(_NUMBERED, number), None)
        except sqlite3.Error as error:
            raise StoreError(f"silences can't be read: {error}") from error
        if found is None:
            raise UnknownSilence(f"there is no silence {number}")
        return found

    def _added(self, silence: Silence) -> Silence:
        cursor = self._connection.execute(
            "INSERT INTO alert_silence (matchers, start, until, author, reason) VALUES (?, ?, ?, ?, ?)",
            (
                json.dumps(dict(silence.matchers.patterns)),
                silence.start,
                silence.until,
                silence.author,
                silence.reason,
            ),
        )
        return replace(silence, number=cursor.lastrowid or 0)

    def _read(self, query: str, *values: float) -> Iterator[Silence]:
        for row in self._connection.execute(query, values):
            yield _silence(*row)


def _silence(number: int, matchers: str, start: float, until: float, author: str, reason: str, *ended: Any) -> Silence:
    end = None if ended[0] is None else SilenceEnd(*ended)
    return Silence(Matchers.of(json.loads(matchers)), start, until, author, reason, number, end)


def _line(action: str, silence: Silence, at: float, author: str, reason: str) -> AuditLine:
    detail = {"id": silence.number, "start": timestamp(silence.start), "until": timestamp(silence.until)}
    return AuditLine(at, author, action, f"silence of {silence.matchers}", reason, detail)
