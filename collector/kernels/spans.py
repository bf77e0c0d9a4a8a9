"""Spans from the wire to columns: OTLP's `ExportTraceServiceRequest`, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numba import types

from ...slo import OPERATIONAL_ROUTES, SPAN_STATUS
from ..columns import Spans, Wanted
from .attributes import NOTHING, STRING
from .compiled import BODY, INTS, TABLE, Bytes, Ints, helper, kernel
from .faults import FULL, MOST_SETS, MOST_VALUES, TOO_MANY_SETS, check
from .interning import ENTRIES, NUMBER, SECRET, Table, table_of
from .keys import KEYS, Keys, keys_of
from .labels import ERROR, KIND, PAYLOAD, SIZE, label_of, labels_of
from .outline import outline_of
from .resources import resources_of
from .route import operational
from .span import CODE, COLUMNS, LABEL, NOTES, read_span
from .wire import byte

_REQUEST: Final = "ExportTraceServiceRequest"
_ROUTE: Final = "http.route"
_PATHS: Final = ("url.path", "http.target", "url.full", "http.url")
"""What is asked for an operational path where there is no route, in this order."""

_ERROR: Final = np.frombuffer(b"ERROR", np.uint8)
_STATUS_ERROR: Final = 2


class _Sought(NamedTuple):
    """The attributes looked for: the `width` kept ones first, then those a route is made of.

    `roles` are the numbers of the route, of the status and of `_PATHS`.
    """

    names: tuple[str, ...]
    keys: Keys
    width: int
    roles: Ints


@lru_cache(16)
def _sought(wanted: frozenset[str]) -> _Sought:
    kept = sorted(wanted | {_ROUTE, SPAN_STATUS})
    names = (*kept, *(name for name in _PATHS if name not in kept))
    roles = [names.index(name) for name in (_ROUTE, SPAN_STATUS, *_PATHS)]
    return _Sought(names, keys_of(names), len(kept), np.array(roles, np.int64))


_OPERATIONAL: Final = keys_of(sorted(OPERATIONAL_ROUTES))


def decode_spans(body: bytes, wanted: Wanted, ends: Sequence[int] = ()) -> Spans:
    """The spans of an `ExportTraceServiceRequest`, of every kind, in the order sent; raises BadRequest where it is none.

    A body may be several requests, one behind the other; `ends` then says where each ends, and their spans share labels and resources.

    Of a span's attributes those in `wanted` are kept, and its route and status, of a resource's all: strings, booleans and finite
    numbers only. A span that ends before it starts, or never, takes no time. A BadRequest too are an id that is neither empty nor of
    its length, more than a million spans, and more than 262,144 different sets of kept attributes.
    """
    buf = np.frombuffer(body, np.uint8)
    outline = outline_of(buf, _REQUEST, ends)
    sought = _sought(wanted.attributes)
    room, status = 1024, FULL
    while status == FULL:
        columns, ids = np.zeros((COLUMNS, len(outline.place)), np.int64), np.zeros((len(outline.place), 4), np.int64)
        values, sets = table_of(3, room), table_of(sought.width, min(room, MOST_SETS))
        found, row, notes = (
            np.zeros((len(sought.names), 3), np.int64),
            np.zeros(sought.width, np.int64),
            np.zeros(NOTES, np.int64),
        )
        frame = (outline.place, sought.keys, _OPERATIONAL, sought.roles)
        status = _read(buf, SECRET, *frame, found, row, notes, columns, ids, values, sets)
        if status == FULL and room == MOST_VALUES:
            status = TOO_MANY_SETS
        room *= 4
    check(status, _REQUEST)
    resources, resource = resources_of(body, outline)
    labels = labels_of(body, sought.names, values, sets)
    label, kind, start, end, threshold = columns
    return Spans(resources, labels, resource, label, kind, start, end, threshold, ids.view(np.uint64), outline.place)


@helper
def _add_route(buf: Bytes, found: Ints, roles: Ints, routes: Keys) -> None:
    """Makes an operational path the route, where the first of `_PATHS` that there is holds one."""
    for source in range(2, len(roles)):
        said = roles[source]
        if found[said, KIND] != NOTHING:
            if found[said, KIND] == STRING:
                at, size = operational(buf, found[said, PAYLOAD], found[said, PAYLOAD] + found[said, SIZE], routes)
                if size:
                    _find(found, roles[0], STRING, at, size)
            return


@helper
def _add_status(buf: Bytes, found: Ints, status: int, code: int) -> None:
    """Makes the status ERROR an attribute; one that says so already is the same one."""
    said = found[status, KIND] == STRING and found[status, SIZE] == len(_ERROR)
    for place in range(len(_ERROR)):
        said = said and byte(buf, found[status, PAYLOAD] + place) == byte(_ERROR, place)
    if said or code == _STATUS_ERROR:
        _find(found, status, ERROR, 0, NUMBER)


@helper
def _find(found: Ints, number: int, kind: int, payload: int, size: int) -> None:
    found[number, KIND] = kind
    found[number, PAYLOAD] = payload
    found[number, SIZE] = size


@kernel(types.int64(BODY, types.uint64, TABLE, KEYS, KEYS, INTS, TABLE, INTS, INTS, TABLE, TABLE, ENTRIES, ENTRIES))
def _read(
    buf: Bytes,
    seed: np.uint64,
    place: Ints,
    keys: Keys,
    routes: Keys,
    roles: Ints,
    found: Ints,
    numbers: Ints,
    notes: Ints,
    columns: Ints,
    ids: Ints,
    values: Table,
    sets: Table,
) -> int:
    """Fills the columns, which must hold zeros, and the tables; gives 0 or a fault. `found`, `numbers` and `notes` are scratch."""
    for row in range(len(place)):
        for number in range(len(found)):
            found[number, KIND] = NOTHING
        for note in range(NOTES):
            notes[note] = 0
        at = place[row, 0]
        stopped = read_span(buf, at, at + place[row, 1], row, keys, found, notes, columns, ids)
        if stopped < 0:
            return stopped
        if found[roles[0], KIND] == NOTHING:
            _add_route(buf, found, roles, routes)
        _add_status(buf, found, roles[1], notes[CODE])
        label = label_of(buf, found, numbers, values, sets, seed)
        if label < 0:
            return label
        columns[LABEL, row] = label
    return 0
