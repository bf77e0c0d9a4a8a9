"""Card numbers in texts and in numbers: what they are says the module `cards` of the collector."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..cards import LONGEST, SHORTEST, WIDEST_GAP, WIDEST_ID
from .compiled import Bytes, helper, inlined, int64
from .matching import at_of
from .patterns import HEX, ID, Rules
from .wire import byte

_SPACE, _DASH, _DOT, _ZERO, _ONE = b" -.01"
_SIGNIFICANT: Final = 52
_EXPONENT: Final = 1075
_MOST_SHIFT: Final = 11


@inlined
def is_digit(char: int) -> bool:
    """Whether a byte is an ASCII digit."""
    return _ZERO <= char <= _ZERO + 9


@helper
def is_card_number(number: np.uint64) -> bool:
    """Whether the digits of a number are a card number."""
    total, count, last = int64(0), int64(0), int64(0)
    while number > np.uint64(0):
        rest = number // np.uint64(10)
        last = int64(number - rest * np.uint64(10))
        total += (2 * last - (9 if last > 4 else 0)) if count & 1 else last
        number = rest
        count += 1
    return SHORTEST <= count <= LONGEST and last > 1 and total % 10 == 0


@helper
def is_card_double(bits: int) -> bool:
    """Whether a double, given by its bits, is whole and its digits are a card number."""
    shift = (bits >> _SIGNIFICANT) - _EXPONENT
    if bits < 0 or shift > _MOST_SHIFT or shift < -_SIGNIFICANT:
        return False
    number = np.uint64(bits & ((1 << _SIGNIFICANT) - 1) | 1 << _SIGNIFICANT)
    if shift >= 0:
        return is_card_number(number << np.uint64(shift))
    return bits & ((1 << -shift) - 1) == 0 and is_card_number(number >> np.uint64(-shift))


@helper
def next_card(text: Bytes, at: int, end: int, rules: Rules) -> tuple[int, int]:
    """Where the first card number from `at` on begins and ends; its begin is -1 where there is none."""
    while at < end:
        if not is_digit(byte(text, at)):
            at += 1
            continue
        stop = _card_from(text, at, end)
        if stop >= 0 and not _is_part_of_id(text, at, stop, end, rules):
            return at, stop
        at = stop if stop >= 0 else at
        while at < end and is_digit(byte(text, at)):
            at += 1
    return int64(-1), int64(-1)


@helper
def _card_from(text: Bytes, at: int, end: int) -> int:
    """The end of the longest card number that begins with the digits at `at` and ends where digits end; -1 where there is none."""
    if byte(text, at) <= _ONE or (at > 1 and byte(text, at - 1) == _DOT and is_digit(byte(text, at - 2))):
        return int64(-1)
    # Luhn's sums of the digits up to here, for the last of them as it is and for the last of them doubled.
    straight, doubled, count, found, gap = int64(0), int64(0), int64(0), int64(-1), int64(0)
    while True:
        digit = byte(text, at) - _ZERO if at < end else int64(-1)
        if 0 <= digit <= 9:
            if count == LONGEST:
                return found
            straight, doubled = doubled + digit, straight + 2 * digit - (9 if digit > 4 else 0)
            count, gap = count + 1, int64(0)
        else:
            if gap == 0 and count >= SHORTEST and straight % 10 == 0:
                found = at
            gap += 1
            if gap > WIDEST_GAP or (digit != _SPACE - _ZERO and digit != _DASH - _ZERO) or at >= end:
                return found
        at += 1


@helper
def _is_part_of_id(text: Bytes, start: int, stop: int, end: int, rules: Rules) -> bool:
    low, high = start, stop
    while low > 0 and at_of(rules, byte(text, low - 1)) & ID and stop - low <= WIDEST_ID:
        low -= 1
    while high < end and at_of(rules, byte(text, high)) & ID and high - low <= WIDEST_ID:
        high += 1
    letters, dashes, right = int64(0), int64(0), int64(0)
    for place in range(low, high):
        char = byte(text, place)
        letters += 1 if at_of(rules, char) & HEX else 0
        if char == _SPACE:
            return False
        if char == _DASH:
            dashes += 1
            right += 1 if place - low == 8 or place - low == 13 or place - low == 18 or place - low == 23 else 0
    wide = high - low
    if dashes > 0:
        return letters > 0 and wide == 36 and dashes == 4 and right == 4
    return letters > 0 and (wide == 16 or wide == 24 or wide == 32 or wide == 40 or wide == 64)
