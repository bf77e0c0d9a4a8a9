"""One attribute, a `KeyValue` message, without an object."""

from __future__ import annotations

from typing import Final

from .compiled import Bytes, helper, inlined, int64
from .faults import MALFORMED
from .text import is_text
from .walk import ARRAY_VALUE, KEY_VALUE_LIST, walk
from .wire import CONTENT, FIXED64, VARINT, content, fixed64, skip, tag, varint

NOTHING: Final = 0
STRING: Final = 1
BOOL: Final = 2
INT: Final = 3
DOUBLE: Final = 4
ARRAY: Final = 5
KVLIST: Final = 6
BYTES: Final = 7
STRING_INDEX: Final = 8
"""What an attribute holds: the number of its field in `AnyValue`, the last one that was sent."""

_EXPONENT: Final = int64(0x7FF0000000000000)

_KEY: Final = 1 << 3 | CONTENT
_VALUE: Final = 2 << 3 | CONTENT


@inlined
def key_value(buf: Bytes, at: int, end: int, depth: int) -> tuple[int, int, int, int, int, int]:
    """Reads a `KeyValue` that begins at `at` and ends at `end`: (stopped, key's place, its size, kind, place or payload, size).

    `stopped` is MALFORMED where it is none. A string, an array, a list or bytes have a place and a size; a boolean is 0 or 1, an
    integer itself, a double its bits (0 for both zeroes). `depth` is how many levels there may still be within the KeyValue.
    """
    key, key_size, kind, payload, size = at, 0, NOTHING, int64(0), 0
    while at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            break
        if field == _KEY:
            key, stop = content(buf, at, end)
            key_size = stop - key
            at = stop if stop >= 0 and is_text(buf, key, stop) else MALFORMED
        elif field == _VALUE:
            begin, stop = content(buf, at, end)
            at = stop
            if stop >= 0:
                at, found, what, long = any_value(buf, begin, stop, depth - 1)
                if found != NOTHING:
                    kind, payload, size = found, what, long
        else:
            at = skip(buf, at, end, field, depth)
        if at < 0:
            break
    return at, key, key_size, kind, payload, size


@inlined
def any_value(buf: Bytes, at: int, end: int, depth: int) -> tuple[int, int, int, int]:
    """Reads an `AnyValue`: (stopped, kind, place or payload, size) as `key_value` says."""
    kind, payload, size = NOTHING, int64(0), 0
    if depth < 0:
        at = MALFORMED
    while 0 <= at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            break
        number, wire = field >> 3, field & 7
        if wire == CONTENT and _is_long(number):
            begin, stop = content(buf, at, end)
            at = _checked(buf, begin, stop, number, depth)
            kind, payload, size = number, begin, stop - begin
        elif wire == VARINT and _is_short(number):
            value, at = varint(buf, at, end)
            kind, payload, size = number, (int64(value != 0) if number == BOOL else value), 0
        elif wire == FIXED64 and number == DOUBLE:
            bits, at = fixed64(buf, at, end)
            kind, payload, size = number, (bits if bits & 0x7FFFFFFFFFFFFFFF else int64(0)), 0
        else:
            at = skip(buf, at, end, field, depth)
    return at, kind, payload, size


@inlined
def is_scalar(kind: int, payload: int) -> bool:
    """Whether an attribute holds what columns keep: a string, a boolean, an integer or a finite double."""
    return STRING <= kind <= INT or (kind == DOUBLE and payload & _EXPONENT != _EXPONENT)


@inlined
def _is_long(number: int) -> bool:
    return number == STRING or ARRAY <= number <= BYTES


@inlined
def _is_short(number: int) -> bool:
    return BOOL <= number <= INT or number == STRING_INDEX


@helper
def _checked(buf: Bytes, at: int, end: int, number: int, depth: int) -> int:
    """Behind a string, an array, a list or bytes, if they are what they say."""
    if end < 0 or (number == STRING and not is_text(buf, at, end)):
        return MALFORMED
    if number == ARRAY:
        return walk(buf, at, end, int64(ARRAY_VALUE), depth - 1)
    if number == KVLIST:
        return walk(buf, at, end, int64(KEY_VALUE_LIST), depth - 1)
    return end
