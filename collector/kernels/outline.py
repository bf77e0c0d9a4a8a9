"""The frame all three signals share: resources, their scopes, and in these the items (spans, metrics, log records).

The field numbers are the same in every Export*ServiceRequest: 1 the resources, within 1 the resource and 2 the scopes, within 1 the
scope and 2 the items; 3 in both is a schema's URL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numba import types

from ..columns import IntColumn
from .compiled import BODY, INTS, TABLE, Bytes, Ints, helper, int64, kernel
from .faults import FULL, MALFORMED, MOST_ITEMS, MOST_RESOURCES, TOO_MANY_ITEMS, TOO_MANY_RESOURCES, check
from .interning import ENTRIES, SECRET, Table, number_of, table_of
from .text import is_text
from .walk import RESOURCE, SCOPE, walk
from .wire import CONTENT, DEPTH, content, skip, tag

ITEM_DEPTH: Final = DEPTH - 3
"""Levels there may still be within an item."""

_USUAL: Final = 64
"""Bytes that an item usually has at least."""

USED: Final = 3
"""The column of an entry that is 1 where it is whole, 0 where it only is what another one continues."""

_OUTER: Final = 0
_RESOURCE: Final = 1
_SCOPE: Final = 2

_ENDS: Final = 0
_WHOSE: Final = 1
_FIRST: Final = 2

_INNER: Final = 2
_SCHEMA: Final = 3


class Outline(NamedTuple):
    """Where a request's items are, and whose they are.

    `place` has two columns: where an item's message begins, and its size. `resource` and `scope` are numbers of entries in `resources`
    and `scopes`. An entry is a slice of the body: the number of the entry it continues or -1, where it begins, its size, and USED. (A
    message that is sent in several parts is their bytes, one after the other.)
    """

    place: IntColumn
    resource: IntColumn
    scope: IntColumn
    resources: IntColumn
    scopes: IntColumn


def outline_of(buf: Bytes, request: str, ends: Sequence[int] = ()) -> Outline:
    """The outline of a body; raises BadRequest where it is no `request`, or holds more than MOST_ITEMS or MOST_RESOURCES.

    `ends` says where each request ends where it is several, one behind the other: nothing of one reaches into the next.
    """
    bounds = np.array(ends or [len(buf)], np.int64)
    items, room, count = min(len(buf) // _USUAL + 64, MOST_ITEMS), 64, FULL
    while count == FULL:
        # Memory that is large is cleared by the page when it is first written to, which costs more than reading the outline.
        place, owners = np.empty((items, 2), np.int64), np.empty((2, items), np.int64)
        resources, scopes = table_of(4, room), table_of(4, room)
        count = _outline(buf, SECRET, bounds, np.zeros((3, 3), np.int64), place, owners, resources, scopes)
        if count == FULL and room == MOST_RESOURCES:
            count = TOO_MANY_RESOURCES
        items, room = min(16 * items, MOST_ITEMS), min(8 * room, MOST_RESOURCES)
    check(count, request)
    resource, scope = owners[:, :count].copy()
    return Outline(place[:count].copy(), resource, scope, resources.filled, scopes.filled)


def slice_of(body: bytes, entries: IntColumn, number: int) -> bytes:
    """The bytes of an entry of `resources` or `scopes`, all its parts."""
    parts: list[bytes] = []
    while number >= 0:
        number, at, size, _ = entries[number].tolist()
        parts.append(body[at : at + size])
    return b"".join(reversed(parts))


@helper
def _own(buf: Bytes, seed: np.uint64, table: Table, number: int, owners: Ints, level: int, first: int, row: int) -> int:
    """Says of the items from `first` to `row` whose they are: an empty message's, where none was sent."""
    if number < 0:
        number = number_of(buf, table, seed, -1, first * 0, first * 0)
        if number == FULL:
            return number
    table.entries[number, USED] = 1
    for item in range(first, row):
        owners[level - 1, item] = number
    return number


@kernel(types.int64(BODY, types.uint64, INTS, TABLE, TABLE, TABLE, ENTRIES, ENTRIES))
def _outline(  # noqa: C901 - three levels, one loop
    buf: Bytes, seed: np.uint64, ends: Ints, levels: Ints, place: Ints, owners: Ints, resources: Table, scopes: Table
) -> int:
    """Fills the columns; gives how many items there are, or a fault. `levels` is scratch."""
    at, level, row, request = int64(0), int64(0), int64(0), int64(0)
    levels[level, _ENDS] = ends[request]
    while at >= 0:
        if at == levels[level, _ENDS]:
            if level == _OUTER:
                request += 1
                if request == len(ends):
                    return row
                levels[level, _ENDS] = ends[request]
                continue
            table = resources if level == _RESOURCE else scopes
            if _own(buf, seed, table, levels[level, _WHOSE], owners, level, levels[level, _FIRST], row) == FULL:
                return FULL
            level -= 1
            continue
        field, at = tag(buf, at, levels[level, _ENDS])
        number = field >> 3
        if at < 0:
            break
        if field & 7 != CONTENT or number > _SCHEMA or (level == _OUTER and number != 1):
            at = skip(buf, at, levels[level, _ENDS], field, DEPTH - level)
            continue
        begin, at = content(buf, at, levels[level, _ENDS])
        if at < 0:
            break
        if level == _OUTER or (level == _RESOURCE and number == _INNER):
            level += 1
            levels[level, _ENDS], levels[level, _WHOSE], levels[level, _FIRST], at = at, -1, row, begin
        elif number == _SCHEMA:
            at = at if is_text(buf, begin, at) else MALFORMED
        elif number == _INNER:
            if row == len(place):
                return TOO_MANY_ITEMS if row == MOST_ITEMS else FULL
            place[row, 0], place[row, 1] = begin, at - begin
            row += 1
        else:
            message, table = (RESOURCE, resources) if level == _RESOURCE else (SCOPE, scopes)
            if walk(buf, begin, at, message, DEPTH - level - 1) < 0:
                return MALFORMED
            levels[level, _WHOSE] = number_of(buf, table, seed, levels[level, _WHOSE], begin, at - begin)
            if levels[level, _WHOSE] == FULL:
                return FULL
    return MALFORMED
