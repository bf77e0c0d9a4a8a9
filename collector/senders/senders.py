"""Who sends: one instance of one service each. Every export is a sign of life, and some senders say when they live and when they leave.

Ours send the gauge `fournines.service.up` with every export, 1 while they serve and 0 as good-bye; that is a heartbeat. Foreign
senders have none, so silence means something only once they have a rhythm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ...slo import DAY, HOUR
from ..ledger.staged import Staged

SILENT_AFTER: Final = 30.0
FOREIGN_SILENT_AFTER: Final = 180.0
GAPS: Final = 3.0
"""A sender is silent when unheard for this many of its usual gaps, and at least the seconds above."""

RHYTHM: Final = 5
"""Exports after which a foreign sender has a rhythm."""

GRACE: Final = 60.0
"""Seconds after the collector began to listen in which nobody is called silent."""

REPLACED: Final = float(HOUR)
"""Seconds after which a sender is not missed where others of its service were heard: what is expected then is none of its own."""

SAVED_EVERY: Final = 10.0
SAME_EXPORT: Final = 1.0
"""Exports of several signals at one moment are one sign of life."""

MOST_SENDERS: Final = 10_000
OVERFLOW: Final = "otel.metric.overflow"
"""The instance under which senders beyond `MOST_SENDERS` are remembered together."""

FORGOTTEN_AFTER_GOODBYE: Final = DAY
FORGOTTEN_AFTER_SILENCE: Final = 7 * DAY
SMOOTHING: Final = 0.2


class SenderKey(NamedTuple):
    """One instance of one service."""

    service: str
    instance: str


class SignOfLife(NamedTuple):
    """One export. `up` is what the heartbeat said (None without one) and `said` when, in nanoseconds."""

    sender: SenderKey
    up: bool | None = None
    said: int = 0


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of a sender. `gap` is its usual seconds between exports, 0 while unknown; `said` its newest heartbeat's time."""

    first: float
    last: float
    exports: int = 1
    gap: float = 0.0
    heartbeat: bool = False
    goodbye: bool = False
    said: int = 0

    @property
    def patience(self) -> float:
        """Seconds without a sign of life after which it is silent."""
        return max(SILENT_AFTER if self.heartbeat else FOREIGN_SILENT_AFTER, GAPS * self.gap)

    @property
    def has_rhythm(self) -> bool:
        """Whether its silence means anything."""
        return self.heartbeat or self.exports >= RHYTHM

    def heard(self, now: float) -> Sender:
        """Itself after one more export. A silence is no gap: it would teach patience with the next one."""
        since = now - self.last
        if since < SAME_EXPORT:
            return replace(self, last=max(now, self.last))
        if since > self.patience:
            return replace(self, last=now, exports=self.exports + 1)
        gap = since if self.gap == 0 else self.gap + SMOOTHING * (since - self.gap)
        return replace(self, last=now, exports=self.exports + 1, gap=gap)

    def told(self, sign: SignOfLife) -> Sender:
        """Itself after a heartbeat, unless a newer one was heard before."""
        if sign.up is None or sign.said < self.said:
            return self
        return replace(self, heartbeat=True, goodbye=not sign.up, said=sign.said)

    def expired(self, now: float) -> bool:
        """Whether it need not be remembered any more."""
        return now - self.last > (FORGOTTEN_AFTER_GOODBYE if self.goodbye else FORGOTTEN_AFTER_SILENCE)


class Senders:
    """All senders, and when each service was last heard. `listening` is when this collector began to listen without a break."""

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self.listening = now
        self._heard_at = now
        self._kept_at = now
        """When it was last known to listen, as the open transaction sees it and as the last one left it."""
        self._senders: Staged[SenderKey, Sender] = Staged(
            (SenderKey(service, instance), Sender(first, last, exports, gap, bool(heartbeat), bool(goodbye), said))
            for service, instance, first, last, exports, gap, heartbeat, goodbye, said in connection.execute(
                "SELECT * FROM sender"
            )
        )
        self._saved: dict[SenderKey, Sender] = dict(self._senders.kept)
        self._writing: dict[SenderKey, Sender] = {}
        self.heard: dict[str, float] = {}
        self._follow(self._senders.kept.items())

    def hear(self, sign: SignOfLife, now: float) -> None:
        """Stages a sign of life."""
        known = self._senders.get(sign.sender)
        if known is None and len(self._senders) >= MOST_SENDERS and sign.sender.instance != OVERFLOW:
            # One that stands for all that found no room: it lives while any of them does, and says no good-bye.
            self.hear(SignOfLife(SenderKey(sign.sender.service, OVERFLOW), sign.up or None, sign.said), now)
            return
        heard = Sender(now, now) if known is None else known.heard(now)
        self._senders.put(sign.sender, heard.told(sign))

    def listen(self, now: float) -> None:
        """Says that this collector listens at `now`. After a break of its own, or a step of the clock, its grace begins anew."""
        if now < self._heard_at:
            for key, sender in list(self._senders.items()):
                self._senders.put(key, replace(sender, last=min(sender.last, now)))
            self.heard = {service: min(heard, now) for service, heard in self.heard.items()}
        if not 0 <= now - self._heard_at <= SILENT_AFTER:
            self.listening = now
        self._heard_at = now

    def silences(self, now: float) -> dict[str, float]:
        """Services that stopped reporting without a good-bye, with the second they were heard last.

        That is: one sender at least is missing, none lives, and whoever was heard last was given time for a successor.
        """
        if now < self.listening + GRACE:
            return {}
        newest = self._newest()
        silent: dict[str, float] = {}
        living: set[str] = set()
        for key, sender in self._senders.items():
            if sender.goodbye:
                continue
            last = max(newest[key.service], self.listening)
            if now - max(sender.last, self.listening) <= sender.patience:
                living.add(key.service)
            elif sender.has_rhythm and now - last > sender.patience and sender.last >= newest[key.service] - REPLACED:
                silent[key.service] = last
        return {service: last for service, last in silent.items() if service not in living}

    def _newest(self) -> dict[str, float]:
        """When each service was heard last, good-byes included."""
        newest: dict[str, float] = {}
        for key, sender in self._senders.items():
            newest[key.service] = max(sender.last, newest.get(key.service, 0.0))
        return newest

    def unsure(self, service: str, now: float) -> bool:
        """Whether this collector has not listened long enough to know that a service unheard is silent."""
        return now < self.listening + GRACE and self.heard.get(service, 0.0) < self.listening

    def save(self) -> None:
        """Stages everything that is not in the ledger yet."""
        for key, sender in list(self._senders.items()):
            if self._saved.get(key) != sender:
                self._senders.put(key, sender)
                self._saved.pop(key, None)

    def expire(self, now: float) -> None:
        """Stages the forgetting of senders that left long ago."""
        for key, sender in list(self._senders.items()):
            if sender.expired(now):
                self._senders.remove(key)

    def __len__(self) -> int:
        return len(self._senders.kept)

    @property
    def changed(self) -> bool:
        """Whether anything is staged that should be written now."""
        return any(self._due(key, sender) for key, sender in self._senders.changes.items())

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what changed much, or has not been written for a while."""
        gone = [key for key, sender in self._senders.changes.items() if sender is None]
        connection.executemany("DELETE FROM sender WHERE service = ? AND instance = ?", gone)
        self._writing = {k: s for k, s in self._senders.changes.items() if s is not None and self._due(k, s)}
        connection.executemany(
            "INSERT OR REPLACE INTO sender VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*k, s.first, s.last, s.exports, s.gap, s.heartbeat, s.goodbye, s.said) for k, s in self._writing.items()],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        self._follow((key, sender) for key, sender in self._senders.changes.items() if sender)
        for key, sender in self._senders.changes.items():
            if sender is None:
                self._saved.pop(key, None)
        self._saved.update(self._writing)
        self._writing = {}
        self._senders.keep()
        self._kept_at = self._heard_at

    def forget(self) -> None:
        """What was staged never was."""
        self._writing = {}
        self._senders.forget()
        self._heard_at = self._kept_at

    def _due(self, key: SenderKey, sender: Sender | None) -> bool:
        saved = self._saved.get(key)
        if sender is None or saved is None:
            return sender is not saved
        told = (sender.heartbeat, sender.goodbye) != (saved.heartbeat, saved.goodbye)
        return told or abs(sender.last - saved.last) >= SAVED_EVERY

    def _follow(self, senders: Iterable[tuple[SenderKey, Sender]]) -> None:
        for key, sender in senders:
            self.heard[key.service] = max(sender.last, self.heard.get(key.service, 0.0))
