"""Card numbers in text and numbers, found by their form and their check digit.

A card number has 13 to 19 digits, in one piece or in groups with up to three spaces or dashes between, a first digit from 2 to 9,
and Luhn's check digit (ISO/IEC 7812-1). First digits 0 and 1 are left alone: no scheme that people pay by begins so, and every
time since 2001 in milliseconds, microseconds or nanoseconds does. One number in ten that looks like a card and is none is taken
for one.
"""

from __future__ import annotations

import re
from typing import Final

REDACTED: Final = "REDACTED"
"""What stands in the place of what was taken out, as the semantic conventions for URLs say it."""

SHORTEST: Final = 13
LONGEST: Final = 19

_RUNS: Final = re.compile(r"[0-9](?:[0-9]|[ -]{1,3}(?=[0-9])){12,}")
_GROUP: Final = re.compile(r"[0-9]+")
_AROUND: Final = "0123456789abcdefABCDEF-"
_ID: Final = re.compile(
    r"(?=.*[a-fA-F])(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{24}|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
)
_WIDEST: Final = 64
_VALUES: Final = bytes((code - ord("0")) % 256 for code in range(256))
_DOUBLED: Final = bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9, *range(10, 256)))  # the digits of twice a digit, added


def is_card(digits: str) -> bool:
    """Whether a text of ASCII digits is a card number."""
    return SHORTEST <= len(digits) <= LONGEST and digits[0] > "1" and _checks(digits)


def without_cards(text: str) -> str:
    """The text with REDACTED in the place of each card number.

    Digits within a longer run, after a decimal point, or within a UUID or a hexadecimal id of a usual length are no card number.
    """
    if len(text) < SHORTEST:
        return text
    return _RUNS.sub(_without, text)


def _without(run: re.Match[str]) -> str:
    text, offset = run[0], run.start()
    groups = [(group.start(), group.end()) for group in _GROUP.finditer(text)]
    parts: list[str] = []
    kept = first = 0
    while first < len(groups):
        last = _card_from(run, groups, first)
        if last is None:
            first += 1
            continue
        start, end = groups[first][0], groups[last][1]
        if not _is_part_of_id(run.string, offset + start, offset + end):
            parts += [text[kept:start], REDACTED]
            kept = end
        first = last + 1
    return "".join([*parts, text[kept:]])


def _card_from(run: re.Match[str], groups: list[tuple[int, int]], first: int) -> int | None:
    """The last group of the longest card number that begins with group `first`."""
    start = run.start() + groups[first][0]
    if start > 1 and run.string[start - 1] == "." and run.string[start - 2] in "0123456789":
        return None
    # Slices of the whole text: `run[0]` would be a copy of all the run, once for each group.
    digits, found, offset = "", None, run.start()
    for index in range(first, len(groups)):
        begin, end = groups[index]
        digits += run.string[offset + begin : offset + end]
        if len(digits) > LONGEST:
            break
        if is_card(digits):
            found = index
    return found


def _is_part_of_id(text: str, start: int, end: int) -> bool:
    if " " in text[start:end]:
        return False
    low, high = start, end
    while low > 0 and text[low - 1] in _AROUND and end - low <= _WIDEST:
        low -= 1
    while high < len(text) and text[high] in _AROUND and high - low <= _WIDEST:
        high += 1
    return _ID.fullmatch(text, low, high) is not None


def _checks(digits: str) -> bool:
    """Luhn's formula: every second digit from the right doubled, its digits added."""
    values = digits.encode().translate(_VALUES)
    return (sum(values[::-2]) + sum(values[-2::-2].translate(_DOUBLED))) % 10 == 0
