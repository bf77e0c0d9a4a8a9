"""Per SLO: its events since the ledger's birth, and the second from which it is observed."""

from __future__ import annotations

import sqlite3
from typing import Final

import numpy as np

from ...slo import HOUR
from ..columns import IntColumn
from .buckets import Buckets

NEVER: Final = -1
"""In place of a second: nothing was observed yet."""

LONGEST: Final = HOUR
"""Seconds that an event's beginning may lie before or behind its bucket, to be believed as it is."""

MOST_FLOORS: Final = 10_000


def observed_from(began: IntColumn, t: IntColumn | int) -> IntColumn:
    """The second from which events of bucket `t` show their SLO observed: when they began, where they say so and can be believed."""
    return np.where((began > 0) & (began <= t + LONGEST), np.maximum(began, t - LONGEST), t)


class Tallies:
    """Running totals and `since`, one row an SLO id, in the ledger's table `slo`; totals never fall."""

    def __init__(self, connection: sqlite3.Connection, buckets: Buckets) -> None:
        self._buckets = buckets
        self._staged: dict[int, int] = {}
        # Seconds from which SLOs that are booked together are observed at the latest: most of what is said is nothing new.
        self._floors: dict[tuple[int, ...], int] = {}
        self.totals: IntColumn = np.zeros((64, 3), np.int64)
        self.since: IntColumn = np.full(64, NEVER, np.int64)
        for slo, since, *totals in connection.execute("SELECT id, since, good, total, estimated FROM slo"):
            self.reserve(slo)
            self.totals[slo] = totals
            self.since[slo] = NEVER if since is None else since

    def reserve(self, slo: int) -> None:
        """Makes room for an id. Its caller holds `Ledger.visible`, or is alone."""
        known = len(self.since)
        if slo >= known:
            more = max(slo + 1, 2 * known) - known
            self.totals = np.concatenate([self.totals, np.zeros((more, 3), np.int64)])
            self.since = np.concatenate([self.since, np.full(more, NEVER, np.int64)])

    def since_of(self, slo: int) -> int:
        """The second from which an SLO is observed, as the open transaction sees it; NEVER when it is not."""
        if slo in self._staged:
            return self._staged[slo]
        return int(self.since[slo]) if slo < len(self.since) else NEVER

    def observed(self, slos: tuple[int, ...], since: int) -> None:
        """Stages that the SLOs are observed from `since` on, if not from earlier."""
        floor = self._floors.get(slos)
        if floor is not None and floor <= since:
            return
        if len(self._floors) >= MOST_FLOORS:
            self._floors.clear()
        self._floors[slos] = since
        for slo in slos:
            known = self.since_of(slo)
            if known == NEVER or since < known:
                self._staged[slo] = since

    def all_observed(self, slos: IntColumn, since: IntColumn) -> None:
        """As `observed`, for SLOs that have a second of their own each."""
        known = np.full(len(slos), NEVER, np.int64)
        there = slos < len(self.since)
        known[there] = self.since[slos[there]]
        earlier = (known == NEVER) | (since < known)
        for slo, second in zip(slos[earlier].tolist(), since[earlier].tolist(), strict=True):
            self.observed((slo,), second)

    @property
    def changed(self) -> bool:
        """Whether a beginning is staged; totals follow the buckets."""
        return bool(self._staged)

    def write(self, connection: sqlite3.Connection) -> None:
        """Adds what the buckets staged to the totals. Comes after `Buckets.write` and the registry's."""
        connection.executemany("UPDATE slo SET since = ? WHERE id = ?", [(s, slo) for slo, s in self._staged.items()])
        connection.executemany(
            "UPDATE slo SET good = good + ?, total = total + ?, estimated = estimated + ? WHERE id = ?",
            [(good, total, estimated, slo) for slo, good, total, estimated in self._buckets.by_slo.tolist()],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        rows = self._buckets.by_slo
        self.reserve(max(int(rows[:, 0].max(initial=0)), *self._staged, 0))
        self.totals[rows[:, 0]] += rows[:, 1:]
        for slo, since in self._staged.items():
            self.since[slo] = since
        self._staged.clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._staged.clear()
        self._floors.clear()
