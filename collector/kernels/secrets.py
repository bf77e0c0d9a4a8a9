"""A text's card numbers and secrets replaced: a pass for each kind, which reads the text once.

A pass whose words a text does not hold is left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..cards import REDACTED, SHORTEST, WIDEST_GAP
from .cards import is_digit, next_card
from .compiled import Bytes, helper, int64
from .faults import FULL
from .matching import at_of, matched, taken, word_at
from .patterns import (
    AFTER_PASSWORD,
    AFTER_WORD,
    ALL,
    AUTHORITY,
    CARD,
    CLOUD_KEY,
    CLOUD_KEY_AT,
    CREDENTIAL,
    CREDENTIAL_AT,
    FIRST,
    JWT,
    JWT_AT,
    KEY_TITLE,
    LOOKS,
    NUMBER,
    PAIR,
    PASSWORD,
    QUERY_AT,
    QUERY_KEY,
    REST_OF_LINE,
    REST_OF_LINE_AT,
    TITLE,
    TITLE_END,
    USERS,
    Rules,
)  # fmt: skip
from .wire import byte

_INSTEAD: Final = np.frombuffer(f"{REDACTED}:{REDACTED} {REDACTED}".encode(), np.uint8).copy()
_SHORT: Final = len(REDACTED)
_LONG: Final = 2 * _SHORT + 1

_COLON, _AT, _NEWLINE = b":@\n"
_KEY: Final = len("PRIVATE KEY")
_TITLE: Final = 51


@helper
def _title_end(text: Bytes, at: int, end: int, rules: Rules) -> int:
    """The end of the rest of a line that begins or ends a private key; -1 where it does not."""
    stop = taken(text, at, end, int64(1), rules, TITLE, int64(_TITLE))[1] - _KEY
    means, behind = word_at(text, stop, end, rules) if stop >= at else (int64(0), at)
    return behind if means & KEY_TITLE else int64(-1)


@helper
def _private_key(text: Bytes, word: int, at: int, end: int, rules: Rules) -> tuple[int, int]:
    """A private key from its first line to its last, or to the text's end."""
    at = _title_end(text, at, end, rules)
    if at < 0:
        return int64(-1), int64(-1)
    while at < end:
        means, behind = word_at(text, at, end, rules)
        stop = _title_end(text, behind, end, rules) if means & TITLE_END else int64(-1)
        if stop >= 0:
            return word, stop
        at += 1
    return word, end


@helper
def _users(text: Bytes, at: int, end: int, raw: int, rules: Rules) -> tuple[int, int, bool]:
    """Up to where user and password of a URL stand, if they do, where its host would begin else, and whether a colon is between."""
    stop = taken(text, at, end, raw, rules, AUTHORITY, int64(ALL))[1]
    first, last = int64(0), int64(-1)
    for place in range(at, stop):
        char = byte(text, place)
        if char == _AT:
            last = place
        if first == 0 and (char == _AT or char == _COLON):  # noqa: SIM109 - numba compiles a tuple's `in` for seconds
            first = char
    return last, stop, first == _COLON


@helper
def _of_word(
    text: Bytes,
    at: int,
    stop: int,
    end: int,
    raw: int,
    rules: Rules,
    kind: int,
    means: int,
) -> tuple[int, int]:
    """Where the secret begins and ends that the word from `at` to `stop` tells of; -1 where there is none."""
    row = int64(CREDENTIAL_AT)
    if kind == REST_OF_LINE:
        row = int64(REST_OF_LINE_AT)
    elif kind == PAIR:
        row = int64(AFTER_PASSWORD if means & PASSWORD else AFTER_WORD)
    elif kind == QUERY_KEY:
        row = int64(QUERY_AT)
    elif kind == LOOKS:
        if means & (JWT | CLOUD_KEY) == 0:
            return _private_key(text, at, stop, end, rules)
        row, stop = int64(JWT_AT if means & JWT else CLOUD_KEY_AT), at
    return matched(text, at, stop, end, raw, rules, row)


@helper
def _next(text: Bytes, at: int, end: int, raw: int, rules: Rules, kind: int) -> tuple[int, int, int, int]:
    """Where the next secret of a kind begins and ends, and where in `_INSTEAD` what replaces it does; -1 where there is none."""
    none, zero, short = int64(-1), int64(0), int64(_SHORT)
    if kind == CARD:
        begin, stop = next_card(text, at, end, rules)
        return begin, stop, zero, short
    while at < end:
        if at_of(rules, FIRST + byte(text, at)) & kind == 0:
            at += 1
            continue
        means, stop = word_at(text, at, end, rules)
        begin = none
        if means & kind and kind == USERS:
            last, host, both = _users(text, stop, end, raw, rules)
            if last >= 0:
                return stop, last, zero, int64(_LONG) if both else short
            at = max(at, host - 2)
        elif means & kind:
            begin, stop = _of_word(text, at, stop, end, raw, rules, kind, means)
        if begin >= 0:
            return begin, stop, int64(_LONG) if kind == CREDENTIAL else zero, short + int64(kind == CREDENTIAL)
        at += 1
    return none, none, zero, zero


@helper
def put(out: Bytes, filled: int, text: Bytes, at: int, end: int) -> int:
    """Copies a slice; gives how much of `out` is filled then, or FULL."""
    if filled < 0 or end - at > len(out) - filled:
        return int64(FULL)
    for place in range(end - at):
        out[np.uintp(filled + place)] = text[np.uintp(at + place)]
    return filled + end - at


@helper
def _replace(text: Bytes, end: int, out: Bytes, raw: int, rules: Rules, kind: int) -> int:
    """Writes a text without its secrets of a kind; gives its size, FULL, or 0 where nothing was written: there are none."""
    at, filled, count = int64(0), int64(0), int64(0)
    while True:
        begin, stop, start, size = _next(text, at, end, raw, rules, kind)
        if begin < 0:
            break
        filled = put(out, filled, text, at, begin)
        for place in range(start, start + size):
            if 0 <= filled < len(out):
                out[filled] = _INSTEAD[place]
                filled += 1
        at = stop
        count += 1
    return put(out, filled, text, at, end) if count > 0 else int64(0)


@helper
def clean(text: Bytes, end: int, other: Bytes, raw: int, wanted: int, rules: Rules) -> tuple[int, int]:
    """Takes the secrets of the kinds `wanted` out of a text. Gives its size or FULL, and how often it was written: if that is odd, it now
    stands in `other`.
    """
    kinds, digits, gap, passes = int64(0), int64(0), int64(0), int64(0)
    for at in range(end):
        if is_digit(byte(text, at)):
            digits, gap = digits + 1, int64(0)
            kinds |= CARD if digits >= SHORTEST else 0
        else:
            gap += 1
            digits = digits if gap <= WIDEST_GAP else int64(0)
        if at_of(rules, FIRST + byte(text, at)) != 0:
            kinds |= word_at(text, at, end, rules)[0]
    kinds &= wanted
    kind = int64(CARD)
    while kind <= CREDENTIAL:
        size = _replace(text, end, other, raw, rules, kind) if kinds & kind else int64(0)
        if size < 0:
            return size, passes
        if size > 0:
            text, other, end, passes = other, text, size, passes + 1
        kind <<= 1
    return end, passes


@helper
def secrecy(key: Bytes, end: int, rules: Rules) -> int:
    """What a key says of its value: 0 nothing, PAIR it is a secret, NUMBER it is one unless it is a number."""
    last = end - 1 if end > 0 and byte(key, end - 1) == _NEWLINE else end
    secret, number = False, False
    for at in range(end):
        means, stop = word_at(key, at, end, rules)
        ends = stop >= last
        secret |= means & PASSWORD != 0 or (means & PAIR != 0 and ends)
        number |= means & NUMBER != 0 and ends
    return int64(0) if not secret else int64(NUMBER) if number else int64(PAIR)
