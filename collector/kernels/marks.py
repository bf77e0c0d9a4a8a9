"""Where in an encoded message a card number or a secret may be, by a look at its bytes: nothing is taken for a message here.

It errs on one side only: where nothing is marked, nothing is that redaction would take out.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numba import types
from numpy.typing import NDArray

from ..cards import SHORTEST
from ..credentials import HINTS
from .cards import is_card_double, is_card_number
from .compiled import BODY, INTS, Bytes, Ints, helper, inlined, int64, kernel
from .wire import byte, little64, varint
from .words import ROW, stream_of

BLOCK: Final = 64
"""Bytes that are marked together."""

Stream = NDArray[np.int16]

_LANES: Final = 4
_INTEGER: Final = 3 << 3
_DOUBLE: Final = 4 << 3 | 1
_USER: Final = ord("@")
_LEAST_DOUBLE, _MOST_DOUBLE = 0x42, 0x43
"""The highest bytes of doubles of 13 to 19 digits."""

_COLON, _SLASH, _QUESTION, _HASH, _BLANK, _DELETE = b":/?# \x7f"


def marks_of(message: bytes) -> Ints:
    """How many marked blocks there are before each block of a message, and in the end in all of it."""
    buf = np.frombuffer(message, np.uint8)
    blocks = (len(buf) + BLOCK - 1) // BLOCK
    marks = np.zeros(blocks + 2, np.int64)
    _mark(buf, _stream(), marks)
    return marks


@cache
def _stream() -> Stream:
    return stream_of(HINTS, SHORTEST)


@inlined
def is_marked(marks: Ints, at: int, end: int) -> bool:
    """Whether anything is marked in a slice of at least one byte."""
    return bool(marks[(end - 1) // BLOCK + 1] > marks[at // BLOCK])


@inlined
def _is_odd(buf: Bytes, at: int) -> bool:
    """Whether an integer, a double or a user of a URL may begin or end here, at first sight."""
    char = byte(buf, at)
    integer = (char == _INTEGER) & (byte(buf, at + 1) >= 128) & (byte(buf, at + 5) >= 128)
    double = (char == _DOUBLE) & (byte(buf, at + 8) >= _LEAST_DOUBLE) & (byte(buf, at + 8) <= _MOST_DOUBLE)
    return integer | double | (char == _USER)


@helper
def _holds(buf: Bytes, at: int) -> bool:
    """Whether a card number stands here as an integer or a double, or the user of a URL before."""
    char, end = byte(buf, at), int64(len(buf))
    if char == _INTEGER:
        value, stop = varint(buf, at + 1, end)
        return stop > 0 and value > 0 and is_card_number(np.uint64(value))
    if char == _DOUBLE:
        return end - at > 8 and is_card_double(little64(buf, at + 1))
    return char == _USER and _is_user(buf, at)


@helper
def _is_user(buf: Bytes, at: int) -> bool:
    """Whether `://` stands before, and nothing between that ends an authority, or another `@`."""
    at -= 1
    while at >= 2:
        char = byte(buf, at)
        if char == _SLASH:
            return byte(buf, at - 1) == _SLASH and byte(buf, at - 2) == _COLON
        if char == _USER or char == _QUESTION or char == _HASH or char == _BLANK or 9 <= char <= 13:  # noqa: SIM109 - as in `wire`
            return False
        at -= 1
    return False


@helper
def _mark_odd(buf: Bytes, marks: Ints) -> None:
    end = int64(len(buf))
    for block in range((end + BLOCK - 1) // BLOCK):
        begin, stop = block * BLOCK, min(block * BLOCK + BLOCK, end)
        odd = stop + 8 > end
        if not odd:
            for at in range(begin, begin + BLOCK):
                odd |= _is_odd(buf, at)
        if odd:
            for at in range(begin, stop):
                if _holds(buf, at):
                    marks[block] = 1


@inlined
def _stepped(stream: Stream, row: int, buf: Bytes, at: int) -> int:
    """The row that a byte leads to."""
    return int64(stream[np.uintp(256 + row + int64(stream[np.uintp(byte(buf, at))]))])


@helper
def _mark_words(buf: Bytes, stream: Stream, marks: Ints) -> None:
    """Four parts of the message side by side: each step waits for the one before, and four don't wait for one another."""
    blocks = int64(len(buf) // BLOCK // _LANES)
    part = blocks * BLOCK
    a = b = c = d = int64(0)
    for block in range(blocks):
        for at in range(block * BLOCK, block * BLOCK + BLOCK):
            a = _stepped(stream, a, buf, at)
            b = _stepped(stream, b, buf, at + part)
            c = _stepped(stream, c, buf, at + 2 * part)
            d = _stepped(stream, d, buf, at + 3 * part)
        a = _noted(stream, a, block, marks)
        b = _noted(stream, b, block + blocks, marks)
        c = _noted(stream, c, block + 2 * blocks, marks)
        d = _noted(stream, d, block + 3 * blocks, marks)
    _go_on(buf, stream, part, a, marks)
    _go_on(buf, stream, 2 * part, b, marks)
    _go_on(buf, stream, 3 * part, c, marks)
    for at in range(4 * part, len(buf)):
        d = _noted(stream, _stepped(stream, d, buf, at), at // BLOCK, marks)


@helper
def _go_on(buf: Bytes, stream: Stream, at: int, row: int, marks: Ints) -> None:
    """Follows what was begun in one part into the next."""
    while row != 0 and at < len(buf):
        row = _noted(stream, _stepped(stream, row, buf, at), at // BLOCK, marks)
        at += 1


@inlined
def _noted(stream: Stream, row: int, block: int, marks: Ints) -> int:
    """Marks a block, and the next one: what began in this one after what was found was not seen, and may end there."""
    if row == len(stream) - 256 - ROW:
        marks[block] = 1
        marks[block + 1] = 1
        return int64(0)
    return row


@kernel(types.void(BODY, types.int16[::1], INTS))
def _mark(buf: Bytes, stream: Stream, marks: Ints) -> None:
    _mark_words(buf, stream, marks)
    _mark_odd(buf, marks)
    before = int64(0)
    for block in range(len(marks)):
        marks[block], before = before, before + marks[block]
