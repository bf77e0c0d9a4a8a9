"""Numbers for what is distinct within one request: slices of its bytes, numbers, and rows of numbers.

An open-addressing table a kind. What is equal is decided by comparing, never by the hash alone; the hash is under a secret of the
process, so that nobody can send what collides. A kernel makes room first, for as many new entries as there may be before it does again:

    table = with_room(table, 1)
    number = number_of(buf, table, seed, label, at, size)
"""

from __future__ import annotations

import secrets
from typing import Final, NamedTuple

import numpy as np

from .compiled import Bytes, Hashes, Ints, helper, inlined
from .text import equal, hash_of, mixed

LABEL: Final = 0
PLACE: Final = 1
LENGTH: Final = 2

NUMBER: Final = -1
"""The length of what is no slice: its place is the number itself."""

SECRET: Final = np.uint64(secrets.randbits(64))
"""The seed of this process, for hashes that never leave it."""


class Table(NamedTuple):
    """Entries by number (columns LABEL, PLACE, LENGTH, or a row of numbers), their hashes, and the index that finds them."""

    entries: Ints
    hashes: Hashes
    index: Ints
    count: Ints


@helper
def table_of(width: int, room: int) -> Table:
    """An empty table for rows of `width` numbers; `room` is a power of two."""
    return Table(
        np.zeros((room, width), np.int64),
        np.empty(room, np.uint64),
        np.full(2 * room, -1, np.int64),
        np.zeros(1, np.int64),
    )


@inlined
def with_room(table: Table, more: int) -> Table:
    """The table, or a larger one, that has room for `more` entries."""
    if table.count[0] + more <= len(table.hashes):
        return table
    return _grown(table, more)


@inlined
def entries_of(table: Table) -> Ints:
    """The entries there are."""
    return table.entries[: table.count[0]]


@helper
def _grown(table: Table, more: int) -> Table:
    count, room = table.count[0], 2 * len(table.hashes)
    while room < count + more:
        room *= 2
    larger = table_of(table.entries.shape[1], room)
    larger.entries[:count] = table.entries[:count]
    larger.hashes[:count] = table.hashes[:count]
    larger.count[0] = count
    for number in range(count):
        at = np.int64(table.hashes[number] & np.uint64(2 * room - 1))
        while larger.index[at] >= 0:
            at = (at + 1) & (2 * room - 1)
        larger.index[at] = number
    return larger


@helper
def number_of(buf: Bytes, table: Table, seed: np.uint64, label: int, at: int, size: int) -> int:
    """The number of the slice at `at` under a label; of the number `at` where `size` is NUMBER."""
    seed = mixed(seed, label)
    hashed = mixed(seed, at) if size == NUMBER else hash_of(buf, at, at + size, seed)
    mask = len(table.index) - 1
    slot = np.int64(hashed & np.uint64(mask))
    while True:
        number = table.index[slot]
        if number < 0:
            break
        if table.hashes[number] == hashed and _is(buf, table.entries[number], label, at, size):
            return number  # type: ignore[no-any-return]
        slot = (slot + 1) & mask
    number = _add(table, slot, hashed)
    entry = table.entries[number]
    entry[LABEL], entry[PLACE], entry[LENGTH] = label, at, size
    return number


@helper
def number_of_row(row: Ints, table: Table, seed: np.uint64) -> int:
    """The number of a row of numbers."""
    hashed = seed
    for place in range(len(row)):
        if row[place]:
            hashed ^= mixed(seed + np.uint64(place), row[place])
    mask = len(table.index) - 1
    slot = np.int64(hashed & np.uint64(mask))
    while True:
        number = table.index[slot]
        if number < 0:
            break
        if table.hashes[number] == hashed and _is_row(row, table.entries[number]):
            return number  # type: ignore[no-any-return]
        slot = (slot + 1) & mask
    number = _add(table, slot, hashed)
    table.entries[number, :] = row
    return number


@inlined
def _add(table: Table, slot: int, hashed: np.uint64) -> int:
    number = table.count[0]
    table.count[0] = number + 1
    table.index[slot] = number
    table.hashes[number] = hashed
    return number  # type: ignore[no-any-return]


@inlined
def _is(buf: Bytes, entry: Ints, label: int, at: int, size: int) -> bool:
    if entry[LABEL] != label or entry[LENGTH] != size:
        return False
    return entry[PLACE] == at or (size != NUMBER and equal(buf, entry[PLACE], buf, at, size))


@inlined
def _is_row(row: Ints, entry: Ints) -> bool:
    for place in range(len(row)):  # noqa: SIM110 - numba knows no all() over a generator
        if row[place] != entry[place]:
            return False
    return True
