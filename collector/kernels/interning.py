"""Numbers for what is distinct within one request: slices of its bytes, numbers, and rows of numbers.

An open-addressing table a kind. What is equal is decided by comparing, never by the hash alone; the hash is under a secret of the
process, so that nobody can send what collides. Tables do not grow: a kernel that finds one FULL stops, and is run again with larger ones.
"""

from __future__ import annotations

import secrets
from typing import Final, NamedTuple

import numpy as np
from numba import types

from .compiled import HASHES, INTS, TABLE, Bytes, Hashes, Ints, helper, inlined
from .faults import FULL
from .text import equal, hash_of, mixed

LABEL: Final = 0
PLACE: Final = 1
LENGTH: Final = 2
WIDTH: Final = 3

NUMBER: Final = -1
"""The length of what is no slice: its place is the number itself."""

SECRET: Final = np.uint64(secrets.randbits(64))
"""The seed of this process, for hashes that never leave it."""

_EMPTY: Final = -1


class Table(NamedTuple):
    """Entries by number (columns LABEL, PLACE, LENGTH, or a row of numbers), their hashes, the bins that find them, how many there are."""

    entries: Ints
    hashes: Hashes
    bins: Ints
    taken: Ints

    @property
    def filled(self) -> Ints:
        """The entries there are."""
        return self.entries[: self.taken[0]]


ENTRIES: Final = types.NamedTuple((TABLE, HASHES, INTS, INTS), Table)  # type: ignore[no-untyped-call]
"""The type of `Table` in a kernel's signature."""


def table_of(width: int, room: int) -> Table:
    """An empty table for `room` rows of `width` numbers; `room` is a power of two."""
    entries = np.zeros((room, width), np.int64)
    return Table(entries, np.empty(room, np.uint64), np.full(2 * room, _EMPTY, np.int64), np.zeros(1, np.int64))


@helper
def number_of(buf: Bytes, table: Table, seed: np.uint64, label: int, at: int, size: int) -> int:
    """The number of the slice at `at` under a label, or of the number `at` where `size` is NUMBER; FULL where there is no room."""
    seed = mixed(seed, label)
    hashed = mixed(seed, at) if size == NUMBER else hash_of(buf, at, at + size, seed)
    mask = np.uint64(len(table.bins) - 1)
    slot = hashed & mask
    number = table.bins[slot]
    while number != _EMPTY:
        if table.hashes[number] == hashed and _is(buf, table.entries, number, label, at, size):
            return number  # type: ignore[no-any-return]
        slot = (slot + np.uint64(1)) & mask
        number = table.bins[slot]
    number = _add(table, slot, hashed)
    if number >= 0:
        table.entries[number, LABEL] = label
        table.entries[number, PLACE] = at
        table.entries[number, LENGTH] = size
    return number


@helper
def number_of_row(row: Ints, table: Table, seed: np.uint64) -> int:
    """The number of a row of numbers; FULL where there is no room."""
    hashed = seed
    for place in range(len(row)):
        if row[place]:
            hashed ^= mixed(seed + np.uint64(place), row[place])
    mask = np.uint64(len(table.bins) - 1)
    slot = hashed & mask
    number = table.bins[slot]
    while number != _EMPTY:
        if table.hashes[number] == hashed and _is_row(row, table.entries, number):
            return number  # type: ignore[no-any-return]
        slot = (slot + np.uint64(1)) & mask
        number = table.bins[slot]
    number = _add(table, slot, hashed)
    if number >= 0:
        for place in range(len(row)):
            table.entries[number, place] = row[place]
    return number


@inlined
def _add(table: Table, slot: np.uint64, hashed: np.uint64) -> int:
    number = table.taken[0]
    if number == len(table.hashes):
        return FULL
    table.taken[0] = number + 1
    table.bins[slot] = number
    table.hashes[number] = hashed
    return number  # type: ignore[no-any-return]


@inlined
def _is(buf: Bytes, entries: Ints, number: int, label: int, at: int, size: int) -> bool:
    if entries[number, LABEL] != label or entries[number, LENGTH] != size:
        return False
    there = entries[number, PLACE]
    return there == at or (size != NUMBER and equal(buf, there, buf, at, size))


@inlined
def _is_row(row: Ints, entries: Ints, number: int) -> bool:
    for place in range(len(row)):  # noqa: SIM110 - numba knows no all() over a generator
        if row[place] != entries[number, place]:
            return False
    return True
