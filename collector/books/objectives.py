"""Which objective an SLO had when: each part of a window is judged by the target of its time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from ...slo import MINUTE, SLO, TIERS, Objective
from ..ledger.staged import Staged

KEPT: Final = TIERS[-1].kept
"""Seconds after which nobody asks for an objective that was replaced."""


class InForce(NamedTuple):
    """An objective, and the second from which on it is in force: a whole minute's."""

    since: int
    objective: Objective


class Objectives:
    """The objectives of every SLO by its name, each from the minute it came into force in. A part of the books.

    `version` changes whenever any of them does. What is committed is seen under `Ledger.visible`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._known: Staged[str, tuple[InForce, ...]] = Staged(kept_objectives(connection).items())
        self._seen: Sequence[SLO] | None = None
        self.version = 0

    def follow(self, slos: Sequence[SLO], now: float) -> None:
        """Stages what changed with all SLOs there are; the same ones again cost nothing."""
        if slos is self._seen:
            return
        self._seen = slos
        for gone in self._known.kept.keys() - {slo.name for slo in slos}:
            self._known.remove(gone)
        minute = int(now) // MINUTE * MINUTE
        for slo in slos:
            known = self._known.get(slo.name) or ()
            if not known or known[-1].objective != slo.objective:
                self._known.put(slo.name, (*_before(known, minute), InForce(minute, slo.objective)))

    def of(self, name: str) -> tuple[InForce, ...]:
        """The objectives of an SLO, the oldest first; that one is taken to have been in force for ever before."""
        return self._known.kept.get(name, ())

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._known.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the SLOs whose objectives changed."""
        changes = self._known.changes
        connection.executemany("DELETE FROM objective WHERE name = ?", [(name,) for name in changes])
        rows = [(name, since, str(one)) for name, known in changes.items() for since, one in known or ()]
        connection.executemany("INSERT INTO objective (name, since, target) VALUES (?, ?, ?)", rows)

    def keep(self) -> None:
        """What was staged is true now."""
        self.version += self.changed
        self._known.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._known.forget()
        self._seen = None


def kept_objectives(connection: sqlite3.Connection) -> dict[str, tuple[InForce, ...]]:
    """The objectives of every SLO by its name, the oldest first."""
    found: dict[str, list[InForce]] = {}
    for name, since, target in connection.execute("SELECT name, since, target FROM objective ORDER BY name, since"):
        found.setdefault(name, []).append(InForce(since, Objective(Decimal(target))))
    return {name: tuple(each) for name, each in found.items()}


def _before(known: tuple[InForce, ...], minute: int) -> tuple[InForce, ...]:
    """Those that came into force before a minute and that a window may still hold."""
    ends = [*(one.since for one in known), minute][1:]
    return tuple(one for one, end in zip(known, ends, strict=True) if one.since < minute and end > minute - KEPT)
