"""Sampled spans weighed: each stands for as many events as its sampler's threshold says, and the ledger holds whole ones.

A span of rejection threshold T stands for 2**56 / (2**56 - T) events (OpenTelemetry specification, tracestate `ot=th`). What is left
of an event is carried to the next one, for the good and the bad events of an SLO apart, in 2**-62 of an event and rounded to the
nearest: what was booked of each never differs by one from what they weigh. The carry is committed with the counts.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

import numpy as np

from ..columns import IntColumn
from ..ledger.staged import Staged

BITS: Final = 62
ONE: Final = 1 << BITS
HALF: Final = ONE // 2
KEPT_ALL: Final = 1 << 56
"""What a threshold is a part of."""

HEAVIEST: Final = KEPT_ALL + -KEPT_ALL // 10**12
"""The highest threshold taken: a span beyond stands for more than 10**12 events, which is not plausible."""


class Carry(NamedTuple):
    """What is left of good and bad events; both begin at a half, so that whole parts are rounded."""

    good: int = HALF
    bad: int = HALF


_NOTHING: Final = Carry()


def weight(thresholds: IntColumn) -> int:
    """How many events spans of these thresholds stand for, in 2**-62."""
    found, counts = np.unique(thresholds, return_counts=True)
    return sum(
        count * ((2 * ONE * KEPT_ALL // (KEPT_ALL - threshold) + 1) // 2)
        for threshold, count in zip(found.tolist(), counts.tolist(), strict=True)
    )


class Fractions:
    """What every SLO's weighed spans left over, in the ledger's table `fraction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._carries: Staged[int, Carry] = Staged(
            (slo, Carry(good, bad)) for slo, good, bad in connection.execute("SELECT slo, good, bad FROM fraction")
        )

    @property
    def sampled(self) -> frozenset[int]:
        """The rows that count sampled spans."""
        return frozenset(self._carries.kept)

    def whole(self, slo: int, good: int, bad: int) -> tuple[int, int]:
        """Stages weights, and says how many whole good and bad events they make with what was left over."""
        left = self._carries.get(slo) or _NOTHING
        good, bad = good + left.good, bad + left.bad
        self._carries.put(slo, Carry(good % ONE, bad % ONE))
        return good >> BITS, bad >> BITS

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._carries.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what is left over."""
        connection.executemany(
            "INSERT OR REPLACE INTO fraction VALUES (?, ?, ?)",
            [(slo, *carry) for slo, carry in self._carries.changes.items() if carry],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        self._carries.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._carries.forget()
