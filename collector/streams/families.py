"""Families: all cumulative streams of one metric of one sender that began together, and when their sender's exports came.

A stream that an earlier export of its family did not have began after it, whatever start it claims: many SDKs date every stream from
their process's start. And what was forgotten of one family is no reason to doubt another.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn
from ..ledger.pages import Pages

KEY_SIZE: Final = 24
_SHELF: Final = 0
FIRST, RECEIVED, TIME, BEFORE, HORIZON = range(5)
"""When it was heard first and last, its last two exports' times, and what it may have been forgotten to have said before; all in ns."""


class Heard(NamedTuple):
    """What a family says about each of its points: the export before, 0 where that can't be told; when it was heard first; its horizon."""

    before: IntColumn
    first: IntColumn
    horizon: IntColumn


class Families:
    """All families. `forgotten` is the ledger's own horizon: what families not known may have said until then."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.pages = Pages(connection, _SHELF, KEY_SIZE, HORIZON + 1, HORIZON + 1)

    def hear(self, keys: Sequence[bytes], of: IntColumn, time: IntColumn, received: int, forgotten: int) -> Heard:
        """Stages the exports that points are part of: of the families `keys[of]`, at these times."""
        distinct: dict[bytes, int] = {}
        of = np.array([distinct.setdefault(key, len(distinct)) for key in keys], np.int64)[of]
        newest = np.zeros(len(distinct), np.int64)
        if len(distinct) == 1:
            newest[0] = time.max(initial=0)
        else:
            np.maximum.at(newest, of, time)
        names = list(distinct)
        slots = self.pages.find(names)
        rows = np.zeros((len(names), HORIZON + 1), np.int64)
        known = slots >= 0
        rows[known] = self.pages.cells[slots[known]]
        self._go_on(slots[known], rows[known], newest[known], received)
        self._begin(
            [name for name, old in zip(names, known.tolist(), strict=True) if not old],
            newest[~known],
            received,
            forgotten,
        )
        rows[~known, FIRST], rows[~known, HORIZON] = received, forgotten
        # Of a family heard at this very moment the export before is still the one before; of others it is the last one. An
        # export that comes in several requests is one of one time.
        last = np.where(rows[:, RECEIVED] == received, rows[:, BEFORE], rows[:, TIME])[of]
        last = np.where(time == last, rows[of, BEFORE], last)
        return Heard(np.where(time > last, last, 0), rows[of, FIRST], rows[of, HORIZON])

    def _go_on(self, slots: IntColumn, rows: IntColumn, newest: IntColumn, received: int) -> None:
        """Points of one moment are one export; an export that comes late changes nothing."""
        again = rows[:, RECEIVED] == received
        moved = rows.copy()
        moved[:, TIME] = np.maximum(rows[:, TIME], newest)
        moved[~again, BEFORE] = rows[~again, TIME]
        moved[:, RECEIVED] = received
        later = newest > rows[:, TIME]
        if later.any():
            self.pages.put(slots[later], moved[later], rows[later])

    def _begin(self, names: list[bytes], newest: IntColumn, received: int, forgotten: int) -> None:
        if names:
            rows = np.zeros((len(names), HORIZON + 1), np.int64)
            rows[:, FIRST], rows[:, RECEIVED], rows[:, TIME], rows[:, HORIZON] = received, received, newest, forgotten
            self.pages.add(names, rows)

    def doubt(self, keys: Sequence[bytes], until: NDArray[np.int64]) -> None:
        """Stages that streams of these families were forgotten, which may have spoken until then."""
        worst: dict[bytes, int] = {}
        for key, moment in zip(keys, until.tolist(), strict=True):
            worst[key] = max(moment, worst.get(key, 0))
        slots = self.pages.find(list(worst))
        known = slots >= 0
        before = self.pages.cells[slots[known]]
        rows = before.copy()
        rows[:, HORIZON] = np.maximum(rows[:, HORIZON], np.array(list(worst.values()), np.int64)[known])
        if len(rows):
            self.pages.put(slots[known], rows, before)

    def expire(self, living: set[bytes], oldest: int, most: int) -> int:
        """Stages the forgetting of families that no stream is left of; says until when what is forgotten may have spoken (0: nothing is).

        Those go that were not heard since `oldest`, and the longest unheard beyond `most`.
        """
        slots, keys = self.pages.used()
        empty = np.array([key not in living for key in keys], np.bool_)
        received = self.pages.cells[slots, RECEIVED]
        gone = empty & (received < oldest)
        surplus = len(slots) - int(gone.sum()) - most
        if surplus > 0:
            rest = np.flatnonzero(empty & ~gone)
            gone[rest[np.argsort(received[rest], kind="stable")[:surplus]]] = True
        if not gone.any():
            return 0
        self.pages.remove(slots[gone])
        return int(received[gone].max()) + 1
