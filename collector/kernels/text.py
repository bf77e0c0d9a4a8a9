"""Slices of bytes: whether two are equal, whether one is UTF-8, and their 64-bit hashes."""

from __future__ import annotations

from typing import Final

import numpy as np

from .compiled import Bytes, helper, inlined, int64
from .wire import byte, little64

_HIGH_BITS: Final = int64(-0x7F7F7F7F7F7F7F80)
"""The highest bit of each of eight bytes: set in none where all are ASCII."""

_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_WEYL: Final = np.uint64(0x9E3779B97F4A7C15)


@inlined
def folded(a: np.uint64, b: np.uint64) -> np.uint64:
    """The two halves of a 128-bit product, folded: one step of a hash. Without knowing one factor nobody can aim at a result."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    low, one, two, high = a_low * b_low, a_high * b_low, a_low * b_high, a_high * b_high
    middle = (low >> _HALF) + (one & _LOW) + two
    return (a * b) ^ (high + (one >> _HALF) + (middle >> _HALF))


@inlined
def mixed(seed: np.uint64, number: int) -> np.uint64:
    """The hash of a number, under a seed that may be a hash itself."""
    return folded(seed ^ np.uint64(int64(number)), seed + _WEYL)


@inlined
def short(buf: Bytes, at: int, size: int) -> int:
    """Up to seven bytes as a number, another one for each content of that size: the first ones and the last ones, overlapping."""
    if size >= 4:
        return _little32(buf, at) | _little32(buf, at + size - 4) << int64(32)
    if size > 0:
        return byte(buf, at) | byte(buf, at + (size >> 1)) << int64(8) | byte(buf, at + size - 1) << int64(16)
    return int64(0)


@inlined
def _little32(buf: Bytes, at: int) -> int:
    return byte(buf, at) | byte(buf, at + 1) << 8 | byte(buf, at + 2) << 16 | byte(buf, at + 3) << 24


@helper
def hash_of(buf: Bytes, at: int, end: int, seed: np.uint64) -> np.uint64:
    """The hash of a slice under a seed: the same in every process for the same seed."""
    size = end - at
    found = mixed(seed, size)
    if size < 8:
        return mixed(found, short(buf, at, size))
    while end - at > 8:
        found = mixed(found, little64(buf, at))
        at += 8
    return mixed(found, little64(buf, end - 8))


@helper
def equal(one: Bytes, at: int, other: Bytes, there: int, size: int) -> bool:
    """Whether two slices of one size hold the same bytes."""
    if size < 8:
        return short(one, at, size) == short(other, there, size)
    last = size - 8
    for place in range(0, last, 8):
        if little64(one, at + place) != little64(other, there + place):
            return False
    return little64(one, at + last) == little64(other, there + last)


@inlined
def is_text(buf: Bytes, at: int, end: int) -> bool:
    """Whether a slice is UTF-8, as protobuf's strings have to be."""
    high = short(buf, at, end - at) if end - at < 8 else little64(buf, end - 8)
    for place in range(at, end - 8, 8):
        high |= little64(buf, place)
    return high & _HIGH_BITS == 0 or _is_text_beyond_ascii(buf, at, end)


@helper
def _is_text_beyond_ascii(buf: Bytes, at: int, end: int) -> bool:
    while at < end:
        size = _character(buf, at, end)
        if size == 0:
            return False
        at += size
    return True


@helper
def _character(buf: Bytes, at: int, end: int) -> int:
    """The bytes of the character at `at`; 0 where there is none (Unicode Standard, table 3-7)."""
    first = byte(buf, at)
    if first < 0x80:
        return 1
    if end - at < 2 or first < 0xC2 or first > 0xF4 or byte(buf, at + 1) & 0xC0 != 0x80:
        return 0
    if first < 0xE0:
        return 2
    second = byte(buf, at + 1)
    if end - at < 3 or byte(buf, at + 2) & 0xC0 != 0x80:
        return 0
    if first < 0xF0:
        return 0 if (first == 0xE0 and second < 0xA0) or (first == 0xED and second > 0x9F) else 3
    if end - at < 4 or byte(buf, at + 3) & 0xC0 != 0x80:
        return 0
    return 0 if (first == 0xF0 and second < 0x90) or (first == 0xF4 and second > 0x8F) else 4
