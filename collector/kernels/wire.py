"""Protobuf's wire format: what every kernel reads with. A function that moves on returns where it stopped, or MALFORMED.

Nothing is read at or beyond `end`, the end of the message being read, and a message's end is checked against that of the one around
it; so whatever the bytes are, no kernel leaves the body. Errors are those of the protobuf library: a tag or a size of more than five
bytes, a varint of more than ten, field number 0, wire types 6 and 7, a group that is not closed in its message, more than 100 levels.
(Protocol Buffers documentation, "Encoding".)
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .compiled import Bytes, allocating, helper, inlined, int64
from .faults import MALFORMED

DEPTH: Final = 100
"""Messages and groups that may lie in one another."""

VARINT: Final = 0
FIXED64: Final = 1
CONTENT: Final = 2
GROUP: Final = 3
END_GROUP: Final = 4
FIXED32: Final = 5


@inlined
def byte(buf: Bytes, at: int) -> int:
    """The byte at `at`."""
    return int64(buf[np.uintp(at)])


@inlined
def varint(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """A varint's 64 bits, and where it stopped."""
    if at < end:
        first = byte(buf, at)
        if first < 128:
            return first, at + 1
    return _long(buf, at, end, int64(10))


@inlined
def tag(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """A field's tag (number * 8 + wire type), and where it stopped."""
    if at < end:
        first = byte(buf, at)
        if 8 <= first < 128:
            return first, at + 1
    return _long_tag(buf, at, end, int64(8))


@inlined
def content(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """Where a length-delimited field's content begins and ends; its end is MALFORMED where it does not lie in the message."""
    if at < end:
        size = byte(buf, at)
        if size < 128 and size < end - at:
            return at + 1, at + 1 + size
    return _long_content(buf, at, end)


@inlined
def little64(buf: Bytes, at: int) -> int:
    """Eight bytes, the lowest first. The caller has checked that they are there."""
    low = byte(buf, at) | byte(buf, at + 1) << 8 | byte(buf, at + 2) << 16 | byte(buf, at + 3) << 24
    return low | byte(buf, at + 4) << 32 | byte(buf, at + 5) << 40 | byte(buf, at + 6) << 48 | byte(buf, at + 7) << 56


@inlined
def fixed64(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """Eight bytes of a message, the lowest first, and where it stopped."""
    if end - at < 8:
        return int64(0), int64(MALFORMED)
    return little64(buf, at), at + 8


@inlined
def big64(buf: Bytes, at: int) -> int:
    """Eight bytes, the highest first. The caller has checked that they are there."""
    high = byte(buf, at) << 56 | byte(buf, at + 1) << 48 | byte(buf, at + 2) << 40 | byte(buf, at + 3) << 32
    return high | byte(buf, at + 4) << 24 | byte(buf, at + 5) << 16 | byte(buf, at + 6) << 8 | byte(buf, at + 7)


@inlined
def int32(value: int) -> int:
    """A varint as the 32 bits of an enum or an int32."""
    return ((value & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


@helper
def skip(buf: Bytes, at: int, end: int, field: int, depth: int) -> int:
    """Behind the field whose tag `field` was read. `depth` is how many levels of groups there may still be here."""
    wire = field & 7
    if wire == VARINT:
        return varint(buf, at, end)[1]
    if wire == CONTENT:
        return content(buf, at, end)[1]
    if wire == FIXED64:
        return at + 8 if end - at >= 8 else MALFORMED
    if wire == FIXED32:
        return at + 4 if end - at >= 4 else MALFORMED
    if wire == GROUP:
        return _skip_group(buf, at, end, field >> 3, depth)
    return MALFORMED


@helper
def _long(buf: Bytes, at: int, end: int, most: int) -> tuple[int, int]:
    value = int64(0)
    for place in range(most):
        if at >= end:
            break
        piece = byte(buf, at)
        at += 1
        value |= (piece & 127) << int64(7 * place)
        if piece < 128:
            return value, at
    return int64(0), int64(MALFORMED)


@helper
def _long_tag(buf: Bytes, at: int, end: int, least: int) -> tuple[int, int]:
    value, at = _long(buf, at, end, int64(5))
    if value > 0xFFFFFFFF or value < least:
        at = int64(MALFORMED)
    return value, at


@helper
def _long_content(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    size, at = _long(buf, at, end, int64(5))
    if at < 0 or size > end - at:
        return int64(MALFORMED), int64(MALFORMED)
    return at, at + size


@allocating
def _skip_group(buf: Bytes, at: int, end: int, number: int, depth: int) -> int:
    if depth < 1:
        return MALFORMED
    opened = np.empty(DEPTH, np.int64)
    level, opened[0] = 0, number
    while level >= 0:
        # The library takes a field number 0 here, and only here.
        field, at = _long_tag(buf, at, end, int64(0))
        wire = field & 7
        if at < 0 or (wire == END_GROUP and field >> 3 != opened[level]):
            return MALFORMED
        if wire == END_GROUP:
            level -= 1
        elif wire == GROUP:
            level += 1
            if level >= depth:
                return MALFORMED
            opened[level] = field >> 3
        else:
            at = _skip_plain(buf, at, end, wire)
            if at < 0:
                return MALFORMED
    return at


@helper
def _skip_plain(buf: Bytes, at: int, end: int, wire: int) -> int:
    if wire == VARINT:
        return varint(buf, at, end)[1]
    if wire == CONTENT:
        return content(buf, at, end)[1]
    size = 8 if wire == FIXED64 else 4
    if (wire == FIXED64 or wire == FIXED32) and end - at >= size:  # noqa: SIM109 - numba compiles a tuple's `in` for seconds
        return at + size
    return MALFORMED
