"""Rows of whole numbers under keys of bytes: in memory one array, in the ledger pages of 256 rows, of which only changed ones are written.

A row costs what its numbers need; one ledger row each would cost 9 us to write. Rows are changed in place, and what they were is kept
aside until the transaction is committed, so that one that fails leaves nothing behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn

PAGE: Final = 256
"""Rows of one page."""

_PAGE_BITS: Final = 8
_SHELF_BITS: Final = 32
_NARROW: Final = 4
_LIMIT: Final = 2**32
Words = NDArray[np.uint64]
"""Keys as rows of 64-bit words, the first byte the lowest. A slot that holds no row has the key of all zeroes."""


class _Put(NamedTuple):
    slots: IntColumn
    before: IntColumn


class _Added(NamedTuple):
    keys: Sequence[bytes]


class _Removed(NamedTuple):
    keys: Sequence[bytes]
    slots: Sequence[int]


def _longer(column: NDArray[Any], more: int) -> NDArray[Any]:
    """With so many rows of zeroes more. Those cost no memory before they are written to."""
    longer = np.zeros((len(column) + more, *column.shape[1:]), column.dtype)
    longer[: len(column)] = column
    return longer


class Pages:
    """One shelf of such rows. A row is reached by its slot, and its slot by its key, of `key_size` bytes, whole words.

    `wide` leading columns are kept with 64 bits; the others with 32 where a page's numbers allow it.
    """

    def __init__(self, connection: sqlite3.Connection, shelf: int, key_size: int, columns: int, wide: int) -> None:
        self._first = shelf << _SHELF_BITS
        self._key_size = key_size
        self._wide = wide
        self.cells: IntColumn = np.zeros((PAGE, columns), np.int64)
        self._keys: Words = np.zeros((PAGE, key_size // 8), "<u8")
        self._slots = 0
        self._index: dict[bytes, int] = {}
        self._free: list[int] = []
        self._undo: list[_Put | _Added | _Removed] = []
        self._dirty: NDArray[np.bool_] = np.zeros(1, np.bool_)
        self._renamed: set[int] = set()
        self._load(connection)

    def __len__(self) -> int:
        return len(self._index)

    def find(self, keys: Sequence[bytes]) -> IntColumn:
        """The slots of keys; -1 where there is none."""
        return np.fromiter(map(self._index.get, keys, repeat(-1)), np.int64, len(keys))

    def holds(self, slots: IntColumn, keys: Words) -> bool:
        """Whether slots that were given once hold the rows of these keys."""
        return bool(slots.max(initial=0) < len(self._keys) and (self._keys[slots] == keys).all())

    def used(self) -> tuple[IntColumn, list[bytes]]:
        """All slots that hold a row, and their keys."""
        slots = np.fromiter(self._index.values(), np.int64, len(self._index))
        return slots, list(self._index)

    def put(self, slots: IntColumn, rows: IntColumn, before: IntColumn) -> None:
        """Stages rows in place of those that were there, which the caller has read: `before`."""
        self._undo.append(_Put(slots, before))
        self.cells[slots] = rows
        self._dirty[slots >> _PAGE_BITS] = True

    def add(self, keys: Sequence[bytes], rows: IntColumn) -> IntColumn:
        """Stages new rows, and says their slots."""
        slots = np.array([self._place(key) for key in keys], np.int64)
        self._reserve(self._slots)
        self._keys[slots] = self._words(keys)
        self._undo.append(_Added(keys))
        self.cells[slots] = rows
        self._touch(slots)
        return slots

    def remove(self, slots: IntColumn) -> None:
        """Stages the forgetting of rows."""
        keys = self._named(slots)
        for key in keys:
            del self._index[key]
        self._keys[slots] = 0
        self._undo.append(_Removed(keys, slots.tolist()))
        self._touch(slots)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._undo)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the pages that changed."""
        if self._undo:
            connection.executemany("INSERT OR REPLACE INTO page_keys VALUES (?, ?)", self._key_pages())
            connection.executemany("INSERT OR REPLACE INTO page_cells VALUES (?, ?)", self._packed())

    def keep(self) -> None:
        """What was staged is true now."""
        for step in self._undo:
            if isinstance(step, _Removed):
                self._free.extend(step.slots)
        self._clean()

    def forget(self) -> None:
        """What was staged never was."""
        for step in reversed(self._undo):
            if isinstance(step, _Put):
                self.cells[step.slots] = step.before
            elif isinstance(step, _Added):
                self._drop(step.keys)
            else:
                self._put_back(step)
        self._clean()

    def _drop(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            slot = self._index.pop(key)
            self._keys[slot] = 0
            self._free.append(slot)

    def _put_back(self, removed: _Removed) -> None:
        self._index.update(zip(removed.keys, removed.slots, strict=True))
        self._keys[removed.slots] = self._words(removed.keys)

    def _clean(self) -> None:
        if self._undo:
            self._undo = []
            self._dirty[:] = False
            self._renamed.clear()

    def _place(self, key: bytes) -> int:
        if self._free:
            slot = self._free.pop()
        else:
            slot = self._slots
            self._slots += 1
        self._index[key] = slot
        return slot

    def _touch(self, slots: IntColumn) -> None:
        pages = slots >> _PAGE_BITS
        self._dirty[pages] = True
        self._renamed.update(np.unique(pages).tolist())

    def _reserve(self, slots: int) -> None:
        missing = slots - len(self.cells)
        if missing > 0:
            room = max(-(-missing // PAGE) * PAGE, len(self.cells))
            self.cells = _longer(self.cells, room)
            self._dirty = _longer(self._dirty, room // PAGE)
            self._keys = _longer(self._keys, room)

    def _words(self, keys: Sequence[bytes]) -> Words:
        return np.frombuffer(b"".join(keys), "<u8").reshape(-1, self._keys.shape[1])

    def _named(self, slots: slice | IntColumn) -> list[bytes]:
        found: list[bytes] = self._keys[slots].reshape(-1).view(f"V{self._key_size}").tolist()
        return found

    def _key_pages(self) -> Iterator[tuple[int, bytes]]:
        for page in sorted(self._renamed):
            yield self._first + page, self._keys[page * PAGE : min((page + 1) * PAGE, self._slots)].tobytes()

    def _packed(self) -> Iterator[tuple[int, bytes]]:
        for page in np.flatnonzero(self._dirty).tolist():
            cells = self.cells[page * PAGE : min((page + 1) * PAGE, self._slots)]
            narrow = cells[:, self._wide :]
            small = not narrow.size or (int(narrow.max()) < _LIMIT and int(narrow.min()) >= 0)
            packed = narrow.astype("<u4" if small else "<i8")
            head = bytes([_NARROW if small else 2 * _NARROW])
            yield self._first + page, head + cells[:, : self._wide].astype("<i8").tobytes() + packed.tobytes()

    def _load(self, connection: sqlite3.Connection) -> None:
        found = connection.execute(
            "SELECT id, keys, cells FROM page_keys JOIN page_cells USING (id) WHERE id >= ? AND id < ? ORDER BY id",
            (self._first, self._first + (1 << _SHELF_BITS)),
        )
        for number, keys, cells in found:
            self._take_up(number - self._first, keys, cells)

    def _take_up(self, page: int, keys: bytes, cells: bytes) -> None:
        first, count, wide, narrow = (
            page * PAGE,
            len(keys) // self._key_size,
            self._wide,
            self.cells.shape[1] - self._wide,
        )
        self._reserve(first + count)
        # Behind the last key there may be rows of a transaction that failed.
        rows = (len(cells) - 1) // (8 * wide + cells[0] * narrow)
        split, kind = 1 + 8 * rows * wide, "<u4" if cells[0] == _NARROW else "<i8"
        self.cells[first : first + count, :wide] = np.frombuffer(cells[1:split], "<i8").reshape(rows, wide)[:count]
        self.cells[first : first + count, wide:] = np.frombuffer(cells[split:], kind).reshape(rows, narrow)[:count]
        self._free.extend(range(self._slots, first))  # pages that nobody needs any more
        self._slots = first + count
        self._keys[first : first + count] = np.frombuffer(keys, "<u8").reshape(count, -1)
        for slot, key in enumerate(self._named(slice(first, first + count)), first):
            if key == bytes(self._key_size):
                self._free.append(slot)
            else:
                self._index[key] = slot
