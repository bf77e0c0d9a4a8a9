"""Steps, words and patterns matched against a text: UTF-8, or where it is `raw` a character each byte."""

from __future__ import annotations

import numpy as np

from .compiled import Bytes, helper, inlined, int64
from .patterns import (
    BACK,
    BEGIN,
    BEHIND,
    CLASSES,
    DOES,
    END,
    FAIL,
    LEAST,
    MEANS,
    MOST,
    NOT,
    OTHERWISE,
    ROW,
    SAVE,
    SET,
    STEPS,
    THEN,
    TREE,
    Rules,
)  # fmt: skip
from .wire import byte

_OTHER = 0xFFFD


@inlined
def at_of(rules: Rules, place: int) -> int:
    """What stands at a place of the table."""
    return int64(rules[np.uintp(place)])


@helper
def taken(text: Bytes, at: int, end: int, raw: int, rules: Rules, which: int, most: int) -> tuple[int, int]:
    """How many characters from `at` on are in one of the sets `which`, at most so many, and where they end."""
    count = int64(0)
    while at < end and count < most:
        char, size = byte(text, at), int64(1)
        if char >= 0xC0 and not raw and end - at > 1:
            size = int64(2 if char < 0xE0 or end - at == 2 else 3 if char < 0xF0 or end - at == 3 else 4)
            char = (char & 0x1F) << 6 | byte(text, at + 1) & 0x3F
            if size == 3:
                char = (char & 0x3FF) << 6 | byte(text, at + 2) & 0x3F
            elif size == 4:
                char = int64(_OTHER)
        if at_of(rules, char) & which == 0:
            break
        at += size
        count += 1
    return count, at


@helper
def word_at(text: Bytes, at: int, end: int, rules: Rules) -> tuple[int, int]:
    """What the longest word that begins at `at` means (0: there is none), and where it ends."""
    row, means, stop = int64(0), int64(0), at
    while at < end:
        row = at_of(rules, TREE + row + at_of(rules, CLASSES + byte(text, at))) * ROW
        if row == 0:
            break
        at += 1
        if at_of(rules, TREE + row + MEANS) != 0:
            means, stop = at_of(rules, TREE + row + MEANS), at
    return means, stop


@helper
def matched(text: Bytes, word: int, at: int, end: int, raw: int, rules: Rules, row: int) -> tuple[int, int]:
    """Where the secret begins and ends that the steps from `row` on find at `at`, behind a word that begins at `word`; -1 for none."""
    begin = saved = at
    while row != END:
        does = STEPS[row, DOES]
        if does & BACK:
            at = saved
        if does & SAVE:
            saved = at
        if does & BEGIN:
            begin = at
        start, stop, most = at, end, STEPS[row, MOST]
        if does & BEHIND:
            start, stop, most = word - 1, word, int64(1)
            while not raw and start > 0 and word - start < 4 and byte(text, start) & 0xC0 == 0x80:
                start -= 1
            start = max(start, int64(0))
        count, stop = taken(text, start, stop, raw, rules, STEPS[row, SET], most)
        if count < STEPS[row, LEAST] or (does & (BEHIND | NOT) and count > 0):
            row = STEPS[row, OTHERWISE]
            if row == FAIL:
                return int64(-1), int64(-1)
        else:
            at = at if does & BEHIND else stop
            row = STEPS[row, THEN]
    return begin, at
