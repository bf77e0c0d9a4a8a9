"""Rows of whole numbers under keys of bytes: in memory one array, in the ledger pages of 256 rows, of which only changed ones are written.

A row costs what its numbers need; one ledger row each would cost 9 us to write. Rows are changed in place, and what they were is kept
aside until the transaction is committed, so that one that fails leaves nothing behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .columns import IntColumn

PAGE: Final = 256
"""Rows of one page."""

_PAGE_BITS: Final = 8
_SHELF_BITS: Final = 32
_NARROW: Final = 4
_LIMIT: Final = 2**32
FREE: Final = b""
"""The key of a slot that holds no row."""


class _Put(NamedTuple):
    slots: IntColumn
    before: IntColumn


class _Added(NamedTuple):
    keys: Sequence[bytes]


class _Removed(NamedTuple):
    keys: Sequence[bytes]
    slots: Sequence[int]


class Pages:
    """One shelf of such rows. A row is reached by its slot, and its slot by its key, of `key_size` bytes.

    `wide` leading columns are kept with 64 bits; the others with 32 where a page's numbers allow it.
    """

    def __init__(self, connection: sqlite3.Connection, shelf: int, key_size: int, columns: int, wide: int) -> None:
        self._first = shelf << _SHELF_BITS
        self._key_size = key_size
        self._wide = wide
        self.cells: IntColumn = np.zeros((PAGE, columns), np.int64)
        self._keys: list[bytes] = []
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
        self._reserve(len(self._keys))
        self._undo.append(_Added(keys))
        self.cells[slots] = rows
        self._touch(slots)
        return slots

    def remove(self, slots: IntColumn) -> None:
        """Stages the forgetting of rows."""
        gone = slots.tolist()
        keys = [self._keys[slot] for slot in gone]
        for slot, key in zip(gone, keys, strict=True):
            del self._index[key]
            self._keys[slot] = FREE
        self._undo.append(_Removed(keys, gone))
        self._touch(slots)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._undo)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the pages that changed."""
        if self._undo:
            connection.executemany("INSERT OR REPLACE INTO page_keys VALUES (?, ?)", self._named(self._renamed))
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
            self._keys[slot] = FREE
            self._free.append(slot)

    def _put_back(self, removed: _Removed) -> None:
        for key, slot in zip(removed.keys, removed.slots, strict=True):
            self._index[key] = slot
            self._keys[slot] = key

    def _clean(self) -> None:
        if self._undo:
            self._undo = []
            self._dirty[:] = False
            self._renamed.clear()

    def _place(self, key: bytes) -> int:
        if self._free:
            slot = self._free.pop()
            self._keys[slot] = key
        else:
            slot = len(self._keys)
            self._keys.append(key)
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
            self.cells = np.concatenate([self.cells, np.zeros((room, self.cells.shape[1]), np.int64)])
            self._dirty = np.concatenate([self._dirty, np.zeros(room // PAGE, np.bool_)])

    def _named(self, pages: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        nobody = bytes(self._key_size)
        for page in sorted(pages):
            keys = self._keys[page * PAGE : (page + 1) * PAGE]
            yield self._first + page, b"".join(key or nobody for key in keys)

    def _packed(self) -> Iterator[tuple[int, bytes]]:
        for page in np.flatnonzero(self._dirty).tolist():
            cells = self.cells[page * PAGE : min((page + 1) * PAGE, len(self._keys))]
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
        count, size, wide = len(keys) // self._key_size, self._key_size, self._wide
        first = page * PAGE
        self._reserve(first + count)
        split = 1 + 8 * count * wide
        kind = "<u4" if cells[0] == _NARROW else "<i8"
        self.cells[first : first + count, :wide] = np.frombuffer(cells[1:split], "<i8").reshape(count, wide)
        narrow = self.cells.shape[1] - wide
        self.cells[first : first + count, wide:] = np.frombuffer(cells[split:], kind).reshape(count, narrow)
        nobody = bytes(size)
        while len(self._keys) < first:  # a page that nobody needs any more
            self._free.append(len(self._keys))
            self._keys.append(FREE)
        for slot in range(count):
            key = keys[slot * size : (slot + 1) * size]
            if key == nobody:
                self._free.append(first + slot)
                self._keys.append(FREE)
            else:
                self._index[key] = first + slot
                self._keys.append(key)
