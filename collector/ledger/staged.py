"""A dictionary that changes together with the ledger, or not at all.

Everything the counting remembers (digests, streams, senders, SLOs) is changed in two steps: first aside, where the rest of the same
transaction already sees it, and into memory only once the transaction is committed. A failed commit leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Staged(Generic[K, V]):
    """A dictionary with a staging area in front. Values are immutable; None marks a removal."""

    def __init__(self, kept: Iterable[tuple[K, V]] = ()) -> None:
        self.kept: dict[K, V] = dict(kept)
        self.changes: dict[K, V | None] = {}
        self._more = 0

    def get(self, key: K) -> V | None:
        """The value as the open transaction sees it."""
        return self.changes[key] if key in self.changes else self.kept.get(key)

    def put(self, key: K, value: V) -> None:
        """Stages a value."""
        self._more += self.get(key) is None
        self.changes[key] = value

    def remove(self, key: K) -> None:
        """Stages a removal."""
        self._more -= self.get(key) is not None
        self.changes[key] = None

    def __len__(self) -> int:
        """Entries as the open transaction sees them; asked for each of a flood of new ones, so it counts along."""
        return len(self.kept) + self._more

    def items(self) -> Iterator[tuple[K, V]]:
        """All entries as the open transaction sees them."""
        yield from ((key, value) for key, value in self.kept.items() if key not in self.changes)
        yield from ((key, value) for key, value in self.changes.items() if value is not None)

    def keep(self) -> None:
        """What was staged is true now."""
        for key, value in self.changes.items():
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value
        self._clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._clear()

    def _clear(self) -> None:
        self.changes.clear()
        self._more = 0
