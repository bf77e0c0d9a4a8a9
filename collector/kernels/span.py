"""One span, a `Span` message, read into its row."""

from __future__ import annotations

from typing import Final

from .compiled import Bytes, Ints, helper, int64
from .faults import BAD_ID, MALFORMED
from .keys import Keys
from .labels import collect
from .outline import ITEM_DEPTH
from .text import is_text
from .tracestate import threshold
from .walk import EVENT, LINK, walk
from .wire import CONTENT, FIXED64, VARINT, big64, content, fixed64, int32, skip, tag, varint

LATEST: Final = 2**63 - 1
"""The last nanosecond a column can hold, in the year 2262; the wire's unsigned times beyond it are taken as this one."""

LABEL: Final = 0
KIND: Final = 1
START: Final = 2
END: Final = 3
THRESHOLD: Final = 4
COLUMNS: Final = 5

WRONG: Final = 0
"""Of the notes on a span: which of its ids (a bit each) have another length than theirs."""

CODE: Final = 1
"""Of the notes on a span: its status."""

NOTES: Final = 2

_TRACE_ID: Final = 1
_SPAN_ID: Final = 2
_TRACE_STATE: Final = 3
_PARENT_ID: Final = 4
_NAME: Final = 5
_ATTRIBUTE: Final = 9
_EVENT: Final = 11
_LINK: Final = 13
_STATUS: Final = 15

_KIND: Final = 6 << 3 | VARINT
_START: Final = 7 << 3 | FIXED64
_END: Final = 8 << 3 | FIXED64

_MESSAGE: Final = 2 << 3 | CONTENT
_CODE: Final = 3 << 3 | VARINT


@helper
def read_span(
    buf: Bytes, at: int, end: int, row: int, keys: Keys, found: Ints, notes: Ints, columns: Ints, ids: Ints
) -> int:
    """Reads a span but for its label; gives its end, or a fault. `found` gets its attributes, `notes` its status.

    Its row of `columns` and `ids` must hold zeros, and so must `notes`.
    """
    while at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            return MALFORMED
        if field & 7 == CONTENT:
            begin, at = content(buf, at, end)
            if at < 0:
                return MALFORMED
            if field >> 3 == _ATTRIBUTE:
                stopped = collect(buf, begin, at, int64(ITEM_DEPTH - 1), keys, found)
            else:
                stopped = _read(buf, begin, at, field >> 3, row, notes, columns, ids)
            if stopped < 0:
                return MALFORMED
        elif field == _START or field == _END:  # noqa: SIM109 - numba compiles a tuple's `in` for seconds
            moment, at = fixed64(buf, at, end)
            columns[START if field == _START else END, row] = moment
        elif field == _KIND:
            value, at = varint(buf, at, end)
            columns[KIND, row] = int32(value)
        else:
            at = skip(buf, at, end, field, int64(ITEM_DEPTH))
        if at < 0:
            return MALFORMED
    columns[START, row] = time(columns[START, row], int64(0))
    columns[END, row] = time(columns[END, row], columns[START, row])
    return at if notes[WRONG] == 0 else BAD_ID


@helper
def time(moment: int, least: int) -> int:
    """A time of the wire as a column holds it, `least` at least."""
    if moment < 0:
        return LATEST
    return moment if moment > least else least  # noqa: FURB136 - numba compiles this faster than max()


@helper
def read_id(buf: Bytes, at: int, end: int, size: int, ids: Ints, row: int, column: int, notes: Ints) -> int:
    """Reads an id of `size` bytes, or an empty one, into `column` and the next; notes whether it is neither. Gives its end."""
    there = end - at == size
    bit = int64(1) << column
    notes[WRONG] = notes[WRONG] & ~bit if there or end == at else notes[WRONG] | bit
    ids[row, column] = big64(buf, at) if there else 0
    if size > 8:
        ids[row, column + 1] = big64(buf, at + 8) if there else 0
    return end


@helper
def _read(buf: Bytes, at: int, end: int, number: int, row: int, notes: Ints, columns: Ints, ids: Ints) -> int:
    if number == _TRACE_ID:
        return read_id(buf, at, end, int64(16), ids, row, int64(0), notes)
    if number == _SPAN_ID:
        return read_id(buf, at, end, int64(8), ids, row, int64(2), notes)
    if number == _PARENT_ID:
        return read_id(buf, at, end, int64(8), ids, row, int64(3), notes)
    if number == _STATUS:
        return _read_status(buf, at, end, notes)
    if number == _EVENT or number == _LINK:  # noqa: SIM109 - numba compiles a tuple's `in` for seconds
        return walk(buf, at, end, int64(EVENT if number == _EVENT else LINK), int64(ITEM_DEPTH - 1))
    if number == _TRACE_STATE or number == _NAME:  # noqa: SIM109 - as above
        if not is_text(buf, at, end):
            return MALFORMED
        if number == _TRACE_STATE:
            columns[THRESHOLD, row] = threshold(buf, at, end)
    return end


@helper
def _read_status(buf: Bytes, at: int, end: int, notes: Ints) -> int:
    while at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            return MALFORMED
        if field == _CODE:
            code, at = varint(buf, at, end)
            notes[CODE] = int32(code)
        elif field == _MESSAGE:
            begin, at = content(buf, at, end)
            if at >= 0 and not is_text(buf, begin, at):
                return MALFORMED
        else:
            at = skip(buf, at, end, field, int64(ITEM_DEPTH - 1))
        if at < 0:
            return MALFORMED
    return at
