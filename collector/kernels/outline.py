"""The frame all three signals share: resources, their scopes, and in these the items (spans, metrics, log records).

The field numbers are the same in every Export*ServiceRequest: 1 the resources, within 1 the resource and 2 the scopes, within 1 the
scope and 2 the items; 3 in both is a schema's URL.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import types

from ..columns import IntColumn
from .compiled import BODY, INTS, TABLE, Bytes, Ints, kernel
from .faults import MOST_ITEMS, MOST_RESOURCES, TOO_MANY_ITEMS, TOO_MANY_RESOURCES, check
from .interning import SECRET, entries_of, number_of, table_of, with_room
from .text import is_text
from .walk import RESOURCE, SCOPE, walk
from .wire import CONTENT, DEPTH, MALFORMED, content, skip, tag

ITEM_DEPTH: Final = DEPTH - 3
"""Levels there may still be within an item."""

USED: Final = 3
"""The column of an entry that is 1 where it is whole, 0 where another one continues it."""

_OUTER: Final = 0
_RESOURCE: Final = 1
_SCOPE: Final = 2

_OWNER: Final = 1
_INNER: Final = 2
_SCHEMA: Final = 3


class Outline(NamedTuple):
    """Where a request's items are, and whose they are.

    `place` has two columns: where an item's message begins, and its size. `resource` and `scope` are numbers of entries in `resources`
    and `scopes`. An entry is a slice of the body: the number of the entry it continues or -1, where it begins, its size, and USED.
    (A message that is sent in several parts is their bytes, one after the other.)
    """

    place: IntColumn
    resource: IntColumn
    scope: IntColumn
    resources: IntColumn
    scopes: IntColumn


def outline_of(buf: Bytes, request: str) -> Outline:
    """The outline of a body; raises BadRequest where it is no `request`, or holds more than MOST_ITEMS or MOST_RESOURCES."""
    status, *parts = _outline(buf, SECRET)
    check(status, request)
    return Outline(*parts)


def slice_of(body: bytes, entries: IntColumn, number: int) -> bytes:
    """The bytes of an entry of `resources` or `scopes`, all its parts."""
    parts: list[bytes] = []
    while number >= 0:
        number, at, size, _ = entries[number].tolist()
        parts.append(body[at : at + size])
    return b"".join(reversed(parts))


@kernel(types.Tuple((types.int64, TABLE, INTS, INTS, TABLE, TABLE))(BODY, types.uint64))
def _outline(buf: Bytes, seed: np.uint64) -> tuple[int, Ints, Ints, Ints, Ints, Ints]:  # noqa: C901 - three levels, one loop
    # No item takes less than two bytes. Memory that is not written to costs nothing.
    room = min(len(buf) // 2, MOST_ITEMS)
    place, of_resource, of_scope = np.empty((room, 2), np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    resources, scopes = table_of(4, 16), table_of(4, 16)
    ends, owner, first = np.zeros(3, np.int64), np.full(3, -1, np.int64), np.zeros(3, np.int64)
    at, level, row = np.int64(0), 0, 0
    ends[0] = len(buf)
    while at >= 0:
        if at == ends[level]:
            if level == _OUTER:
                break
            if level == _RESOURCE:
                resources = with_room(resources, 1)
                number = owner[level] if owner[level] >= 0 else number_of(buf, resources, seed, -1, 0, 0)
                resources.entries[number, USED] = 1
                of_resource[first[level] : row] = number
            else:
                scopes = with_room(scopes, 1)
                number = owner[level] if owner[level] >= 0 else number_of(buf, scopes, seed, -1, 0, 0)
                scopes.entries[number, USED] = 1
                of_scope[first[level] : row] = number
            level -= 1
            continue
        field, at = tag(buf, at, ends[level])
        if at < 0:
            break
        number = field >> 3
        if field & 7 != CONTENT or number > _SCHEMA or (level == _OUTER and number != 1):
            at = skip(buf, at, ends[level], field, DEPTH - level)
            continue
        begin, at = content(buf, at, ends[level])
        if at < 0:
            break
        if level == _OUTER or (level == _RESOURCE and number == _INNER):
            level += 1
            ends[level], owner[level], first[level], at = at, -1, row, begin
        elif number == _SCHEMA:
            at = at if is_text(buf, begin, at) else np.int64(MALFORMED)
        elif number == _INNER:
            if row == MOST_ITEMS:
                at = np.int64(TOO_MANY_ITEMS)
                break
            place[row, 0], place[row, 1] = begin, at - begin
            row += 1
        elif walk(buf, begin, at, RESOURCE if level == _RESOURCE else SCOPE, DEPTH - level - 1) < 0:
            at = np.int64(MALFORMED)
        elif level == _RESOURCE:
            resources = with_room(resources, 1)
            owner[level] = number_of(buf, resources, seed, owner[level], begin, at - begin)
        else:
            scopes = with_room(scopes, 1)
            owner[level] = number_of(buf, scopes, seed, owner[level], begin, at - begin)
        if max(resources.count[0], scopes.count[0]) > MOST_RESOURCES:
            at = np.int64(TOO_MANY_RESOURCES)
    place, of_resource, of_scope = place[:row].copy(), of_resource[:row].copy(), of_scope[:row].copy()
    return min(at, 0), place, of_resource, of_scope, entries_of(resources), entries_of(scopes)
