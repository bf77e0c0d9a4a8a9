"""How much a sampled span stands for, as its W3C tracestate says.

The list member `ot` holds `th:` and 1 to 14 hex digits: the rejection threshold, zeros to its right left out (OpenTelemetry
specification, "TraceState: Probability Sampling").
"""

from __future__ import annotations

from typing import Final

from .compiled import Bytes, helper, inlined, int64
from .wire import byte

_DIGITS: Final = 14

_COMMA: Final = ord(",")
_SEMICOLON: Final = ord(";")
_EQUALS: Final = ord("=")
_COLON: Final = ord(":")
_SPACE: Final = ord(" ")
_TAB: Final = ord("\t")
_ZERO, _NINE, _A, _F = ord("0"), ord("9"), ord("a"), ord("f")
_O, _T, _H = ord("o"), ord("t"), ord("h")


@helper
def threshold(buf: Bytes, at: int, end: int) -> int:
    """The 56-bit threshold of the first member `ot`, 0 where there is none or it can't be read."""
    while at < end:
        stop = _next(buf, at, end, _COMMA)
        last = stop
        while at < last and _is_blank(byte(buf, at)):
            at += 1
        while at < last and _is_blank(byte(buf, last - 1)):
            last -= 1
        if last - at >= 3 and byte(buf, at) == _O and byte(buf, at + 1) == _T and byte(buf, at + 2) == _EQUALS:
            return _of_member(buf, at + 3, last)
        at = stop + 1
    return 0


@helper
def _of_member(buf: Bytes, at: int, end: int) -> int:
    while at < end:
        stop = _next(buf, at, end, _SEMICOLON)
        if stop - at >= 3 and byte(buf, at) == _T and byte(buf, at + 1) == _H and byte(buf, at + 2) == _COLON:
            return _number(buf, at + 3, stop)
        at = stop + 1
    return 0


@helper
def _number(buf: Bytes, at: int, end: int) -> int:
    if not 1 <= end - at <= _DIGITS:
        return 0
    value = int64(0)
    for place in range(at, at + _DIGITS):
        digit = _digit(byte(buf, place)) if place < end else int64(0)
        if digit < 0:
            return 0
        value = value << 4 | digit
    return value


@inlined
def _digit(character: int) -> int:
    if _ZERO <= character <= _NINE:
        return character - _ZERO
    if _A <= character <= _F:
        return character - _A + 10
    return -1


@inlined
def _is_blank(character: int) -> bool:
    if character == _SPACE:
        return True
    return character == _TAB


@inlined
def _next(buf: Bytes, at: int, end: int, character: int) -> int:
    """Where the character stands next, or the end."""
    while at < end and byte(buf, at) != character:
        at += 1
    return at
