"""Where streams stood that come in the same order again: found without looking for each."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from ..columns import IntColumn
from ..ledger.pages import Pages, Words

MOST: Final = 250_000
"""Streams whose order is remembered; beyond, all orders are forgotten and learned anew."""

COST: Final = 64
"""What remembering another order costs beside its streams, in streams."""

V = TypeVar("V")


class Learned(Generic[V]):
    """What was learned of orders, by key; as much as `MOST` allows."""

    def __init__(self) -> None:
        self._known: dict[bytes, V] = {}
        self._costs: dict[bytes, int] = {}
        self._cost = 0

    def get(self, key: bytes) -> V | None:
        """What was learned last; None where it is forgotten."""
        return self._known.get(key)

    def put(self, key: bytes, learned: V, streams: int) -> None:
        """Remembers what was learned of an order of so many streams."""
        cost = streams + COST
        self._cost += cost - self._costs.get(key, 0)
        if self._cost > MOST:
            self._known.clear()
            self._costs.clear()
            self._cost = cost
        self._known[key], self._costs[key] = learned, cost


class Orders:
    """The slots of streams by the first key of the request they came in. What is remembered is only a guess: the keys there decide."""

    def __init__(self) -> None:
        self._slots: Learned[IntColumn] = Learned()

    def recall(self, pages: Pages, keys: Words) -> IntColumn | None:
        """The slots of these keys, no two of which are alike; None where they are to be looked for."""
        slots = self._slots.get(keys[0].tobytes()) if len(keys) else None
        if slots is None or len(slots) != len(keys) or not pages.holds(slots, keys):
            return None
        return slots

    def note(self, keys: Words, slots: IntColumn) -> None:
        """Remembers slots of keys, no two of which are alike."""
        self._slots.put(keys[0].tobytes(), slots, len(slots))
