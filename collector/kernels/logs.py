"""Log records from the wire to columns: OTLP's `ExportLogsServiceRequest`, in one pass."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import types

from ..columns import Logs, Wanted
from .compiled import BODY, INTS, TABLE, Bytes, Ints, helper, int64, kernel
from .faults import BAD_ID, MALFORMED, check
from .outline import ITEM_DEPTH, outline_of
from .resources import resources_of
from .span import NOTES, WRONG, read_id, time
from .text import is_text
from .walk import ANY_VALUE, KEY_VALUE, walk
from .wire import CONTENT, FIXED64, VARINT, content, fixed64, int32, skip, tag, varint

_REQUEST: Final = "ExportLogsServiceRequest"

_SEVERITY: Final = 0
_TIME: Final = 1
_OBSERVED: Final = 2
_COLUMNS: Final = 3

_ITS_TIME: Final = 1 << 3 | FIXED64
_ITS_SEVERITY: Final = 2 << 3 | VARINT
_ITS_OBSERVED: Final = 11 << 3 | FIXED64
_SEVERITY_TEXT: Final = 3
_BODY: Final = 5
_ATTRIBUTE: Final = 6
_TRACE_ID: Final = 9
_SPAN_ID: Final = 10
_EVENT_NAME: Final = 12


def decode_logs(body: bytes, _wanted: Wanted) -> Logs:
    """The records of an `ExportLogsServiceRequest`, in the order sent; raises BadRequest where it is none.

    Of a resource's attributes all strings, booleans and finite numbers are kept, of a record's none. An id that is neither empty nor of
    its length is a BadRequest too, and so are more than a million records.
    """
    buf = np.frombuffer(body, np.uint8)
    outline = outline_of(buf, _REQUEST)
    columns, ids = np.zeros((_COLUMNS, len(outline.place)), np.int64), np.zeros((len(outline.place), 3), np.int64)
    check(_read(buf, outline.place, columns, ids, np.zeros(NOTES, np.int64)), _REQUEST)
    resources, resource = resources_of(body, outline)
    return Logs(resources, resource, columns[_SEVERITY], columns[_TIME], ids.view(np.uint64), outline.place)


@helper
def _record(buf: Bytes, at: int, end: int, row: int, columns: Ints, ids: Ints, notes: Ints) -> int:
    """Reads a record into its row; gives its end, or a fault."""
    while at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            return MALFORMED
        if field & 7 == CONTENT:
            begin, at = content(buf, at, end)
            if at < 0 or _contents(buf, begin, at, field >> 3, row, ids, notes) < 0:
                return MALFORMED
        elif field == _ITS_TIME or field == _ITS_OBSERVED:  # noqa: SIM109 - numba compiles a tuple's `in` for seconds
            moment, at = fixed64(buf, at, end)
            columns[_TIME if field == _ITS_TIME else _OBSERVED, row] = moment
        elif field == _ITS_SEVERITY:
            value, at = varint(buf, at, end)
            columns[_SEVERITY, row] = int32(value)
        else:
            at = skip(buf, at, end, field, int64(ITEM_DEPTH))
        if at < 0:
            return MALFORMED
    said = _TIME if columns[_TIME, row] else _OBSERVED
    columns[_TIME, row] = time(columns[said, row], int64(0))
    return at if notes[WRONG] == 0 else BAD_ID


@helper
def _contents(buf: Bytes, at: int, end: int, number: int, row: int, ids: Ints, notes: Ints) -> int:
    if number == _TRACE_ID:
        return read_id(buf, at, end, int64(16), ids, row, int64(0), notes)
    if number == _SPAN_ID:
        return read_id(buf, at, end, int64(8), ids, row, int64(2), notes)
    if number == _BODY or number == _ATTRIBUTE:  # noqa: SIM109 - as above
        return walk(buf, at, end, int64(ANY_VALUE if number == _BODY else KEY_VALUE), int64(ITEM_DEPTH - 1))
    if number == _SEVERITY_TEXT or number == _EVENT_NAME:  # noqa: SIM109 - as above
        return end if is_text(buf, at, end) else MALFORMED
    return end


@kernel(types.int64(BODY, TABLE, TABLE, TABLE, INTS))
def _read(buf: Bytes, place: Ints, columns: Ints, ids: Ints, notes: Ints) -> int:
    """Fills the columns, which must hold zeros; gives 0 or a fault. `notes` is scratch."""
    for row in range(len(place)):
        for note in range(NOTES):
            notes[note] = 0
        at = place[row, 0]
        stopped = _record(buf, at, at + place[row, 1], row, columns, ids, notes)
        if stopped < 0:
            return stopped
    return 0
