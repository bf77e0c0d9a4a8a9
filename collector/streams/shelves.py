"""What each cumulative stream said last, as rows of numbers: one shelf of pages for each width of histograms."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn
from ..ledger.pages import Pages, Words
from .growth import UNKNOWN
from .orders import Orders
from .points import KEY_SIZE

TIME, COUNT, SEEN, BOUND, LEAD = range(5)
"""Columns of a row: its time in ns, its count, the second behind its reception, its boundaries' number; behind them its buckets."""


class Last(NamedTuple):
    """What streams said last, on whatever shelf: `rows`, of boundaries UNKNOWN where one said nothing. `slots` are on `shelf`, or -1."""

    shelf: Pages
    slots: IntColumn
    rows: IntColumn

    def known(self) -> NDArray[np.bool_]:
        """Which of the streams said something."""
        return np.asarray(self.rows[:, BOUND] != UNKNOWN)

    def only(self, chosen: NDArray[np.intp]) -> Last:
        """Of some of the streams."""
        return Last(self.shelf, self.slots[chosen], self.rows[chosen])


class Everyone(NamedTuple):
    """All streams: their keys, the second behind each one's last reception, how many numbers it takes, and where they all stand."""

    keys: list[bytes]
    seen: IntColumn
    sizes: IntColumn
    places: list[tuple[Pages, IntColumn]]

    def remove(self, gone: NDArray[np.bool_]) -> None:
        """Stages the forgetting of some of them."""
        first = 0
        for pages, slots in self.places:
            part = gone[first : first + len(slots)]
            first += len(slots)
            if part.any():
                pages.remove(slots[part])


class Shelves:
    """All rows, in the ledger's pages behind those of the families."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._shelves: dict[int, Pages] = {}
        self._orders = Orders()
        for (shelf,) in connection.execute("SELECT DISTINCT id >> 32 FROM page_keys WHERE id >= 1 << 32"):
            self._shelf(shelf - 1)

    def __len__(self) -> int:
        return sum(len(pages) for pages in self._shelves.values())

    @property
    def numbers(self) -> int:
        """How many numbers all rows take."""
        return sum(len(pages) * pages.cells.shape[1] for pages in self._shelves.values())

    @property
    def pages(self) -> tuple[Pages, ...]:
        """The shelves there are."""
        return tuple(self._shelves.values())

    def last(self, keys: list[bytes], width: int) -> Last:
        """What streams said last, for rows of this many buckets that are to be put in place of theirs."""
        shelf = self._shelf(width)
        slots = shelf.find(keys)
        if len(slots) and slots.min() >= 0:
            return Last(shelf, slots, shelf.cells[slots])
        rows = np.zeros((len(keys), LEAD + max(width, *self._shelves)), np.int64)
        rows[:, BOUND] = UNKNOWN
        here = slots >= 0
        rows[here, : LEAD + width] = shelf.cells[slots[here]]
        missing = np.flatnonzero(~here)
        for other, pages in self._shelves.items():
            if other != width and len(missing) and len(pages):
                found = pages.find([keys[row] for row in missing])
                there = missing[found >= 0]
                rows[there, : LEAD + other] = pages.cells[found[found >= 0]]
                missing = missing[found < 0]
        return Last(shelf, slots, rows)

    def recalled(self, words: Words, width: int) -> Last | None:
        """The same of streams that all came in this order before; None where they did not."""
        shelf = self._shelf(width)
        slots = self._orders.recall(shelf, words)
        return None if slots is None else Last(shelf, slots, shelf.cells[slots])

    def note(self, words: Words, last: Last) -> None:
        """Remembers the order of streams, no two of which are alike; it is asked for once all of them are on the shelf."""
        if len(last.slots) and last.slots.min() >= 0:
            self._orders.note(words, last.slots)

    def put(self, keys: Sequence[bytes], rows: IntColumn, last: Last) -> None:
        """Stages what streams say now; those that change their width change the shelf."""
        here = last.slots >= 0
        if here.all():
            last.shelf.put(last.slots, rows, last.rows[:, : rows.shape[1]])
            return
        if here.any():
            last.shelf.put(last.slots[here], rows[here], last.rows[here, : rows.shape[1]])
        moved = [keys[row] for row in np.flatnonzero(last.known() & ~here).tolist()]
        for pages in self._shelves.values():
            if pages is not last.shelf and moved:
                found = pages.find(moved)
                pages.remove(found[found >= 0])
        away = np.flatnonzero(~here)
        last.shelf.add([keys[row] for row in away.tolist()], rows[away])

    def everyone(self) -> Everyone:
        """All streams."""
        keys: list[bytes] = []
        seen, sizes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        places: list[tuple[Pages, IntColumn]] = []
        for pages in self._shelves.values():
            slots, names = pages.used()
            keys += names
            seen.append(pages.cells[slots, SEEN])
            sizes.append(np.full(len(slots), pages.cells.shape[1]))
            places.append((pages, slots))
        return Everyone(keys, np.concatenate(seen), np.concatenate(sizes), places)

    def bounds_in_use(self) -> set[int]:
        """The numbers of all boundaries that rows have."""
        found: set[int] = set()
        for width, pages in self._shelves.items():
            if width:
                found.update(np.unique(pages.cells[pages.used()[0], BOUND]).tolist())
        return found

    def _shelf(self, width: int) -> Pages:
        found = self._shelves.get(width)
        if found is None:
            found = self._shelves[width] = Pages(self._connection, width + 1, KEY_SIZE, LEAD + width, 1)
        return found
