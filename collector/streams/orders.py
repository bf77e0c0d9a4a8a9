"""Where streams stood that come in the same order again: found without looking for each."""

from __future__ import annotations

from typing import Final

from ..columns import IntColumn
from ..ledger.pages import Pages, Words

MOST: Final = 250_000
"""Streams whose order is remembered; beyond, all orders are forgotten and learned anew."""

COST: Final = 64
"""What remembering another order costs beside its streams, in streams."""


class Orders:
    """The slots of streams by the first key of the request they came in. What is remembered is only a guess: the keys there decide."""

    def __init__(self) -> None:
        self._slots: dict[bytes, IntColumn] = {}
        self._size = 0

    def recall(self, pages: Pages, keys: Words) -> IntColumn | None:
        """The slots of these keys, no two of which are alike; None where they are to be looked for."""
        slots = self._slots.get(keys[0].tobytes()) if len(keys) else None
        if slots is None or len(slots) != len(keys) or not pages.holds(slots, keys):
            return None
        return slots

    def note(self, keys: Words, slots: IntColumn) -> None:
        """Remembers slots of keys, no two of which are alike."""
        first = keys[0].tobytes()
        known = self._slots.get(first)
        self._size += len(slots) + COST - (0 if known is None else len(known) + COST)
        if self._size > MOST:
            self._slots.clear()
            self._size = len(slots) + COST
        self._slots[first] = slots
