"""What secrets look like in texts, step by step, as one table that kernels read: sets of characters, words, and steps.

A step takes as many characters of a set as there are, up to its most, and never gives one back. Each pattern here says the same as the
regular expression beside it: what may follow a step is never in its set, or does not matter.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..credentials import ENDS, HEADERS, NUMBERS, PASSWORDS, QUERIES, SCHEMES
from .words import tree_of

Rules = NDArray[np.int32]

WIDE: Final = 2**16
"""Characters that the table tells the sets of; all others are no letters, digits or spaces."""

CLASSES: Final = WIDE
FIRST: Final = WIDE + 256
TREE: Final = WIDE + 512
ROW: Final = 64
MEANS: Final = ROW - 1
"""Where in the table the class of each byte stands, and what the words mean that begin with it; where the states of words do, how long one
is, and where in it what it means."""

CARD: Final = 1
LOOKS: Final = 2
USERS: Final = 4
REST_OF_LINE: Final = 8
PAIR: Final = 16
QUERY_KEY: Final = 32
CREDENTIAL: Final = 64
"""Kinds of secrets, as words mean them: a card number; a private key, JWT or key id of AWS; user and password of a URL; all of a line
behind a word; a value behind a word, or under a key; a value in a query; what follows a scheme. They are taken out in this order, each
from what the one before has left."""

KINDS: Final = 2 * CREDENTIAL - 1
"""All of them."""

PASSWORD: Final = 128
NUMBER: Final = 256
JWT: Final = 512
CLOUD_KEY: Final = 1024
KEY_TITLE: Final = 2048
TITLE_END: Final = 4096
"""What words mean besides: a secret's key wherever they stand in it; one whose value may be a number that is no secret; what it is that
looks like a secret, or the end of the first and last line of a private key, or the begin of its last one."""

_MEANINGS: Final = (
    (("-----begin ", "eyj", "akia", "asia"), LOOKS),
    (("://",), USERS),
    (HEADERS, REST_OF_LINE),
    ((*PASSWORDS, *ENDS), PAIR),
    (QUERIES, QUERY_KEY),
    (SCHEMES, CREDENTIAL),
    (PASSWORDS, PASSWORD),
    (NUMBERS, NUMBER),
    (("eyj",), JWT),
    (("akia", "asia"), CLOUD_KEY),
    (("private key-----",), KEY_TITLE),
    (("-----end ",), TITLE_END),
)
WORDS: Final = {
    word.encode(): sum(meaning for words, meaning in _MEANINGS if word in words)
    for word in dict.fromkeys(word for words, _ in _MEANINGS for word in words)
}
"""What each word means, in small letters; where several begin at one place, the longest counts."""

ALL: Final = 2**62
END: Final = -1
FAIL: Final = -2

BEGIN: Final = 1
SAVE: Final = 2
BACK: Final = 4
BEHIND: Final = 8
NOT: Final = 16
"""What a step does besides: the secret begins here; here it is come back to; it is come back there; the one character before is none of the
set (or there is none); the next character is none of the set."""


class Step(NamedTuple):
    """A set of characters as `re` writes it, how many of them at least and at most, what else it does, and the step to go on with."""

    chars: str
    least: int = 0
    most: int = ALL
    does: int = 0
    then: int | None = None
    otherwise: int = FAIL


_SIGN: Final = (Step(r"[\\]", most=1), Step(r"[\"']", most=1), Step(r"\s", most=3), Step(r"[=:]", 1, 1))
_LINE: Final = r"[^\r\n\"'\\]"

# (\\?["']?\s{0,3}[=:]\s{0,3})(\\?["']?)[^\r\n"'\\]+
_REST_OF_LINE: Final = (
    *_SIGN,
    Step(r"\s", most=3, does=SAVE),
    Step(r"[\\]", most=1),
    Step(r"[\"']", most=1),
    Step(_LINE, 1, does=BEGIN, then=END, otherwise=8),
    Step(r"\s", most=2, does=BACK),  # a space is a value, too
    Step(_LINE, 1, does=BEGIN, then=END, otherwise=10),
    Step(r"\s", most=1, does=BACK),
    Step(_LINE, 1, does=BEGIN, then=END, otherwise=12),
    Step(_LINE, 1, does=BEGIN | BACK, then=END),
)
# [\w.\-]{0,20} after a password's word, (\\?["']?\s{0,3}[=:]\s{0,3})(\\?["']?)(?:(?<=["'])[^"'\\]*|[^\s&;,"'})\]\\]+)
_PAIR: Final = (
    Step(r"[\w.\-]", most=20),
    *_SIGN,
    Step(r"\s", most=3),
    Step(r"[\\]", most=1),
    Step(r"[\"']", 1, 1, then=9, otherwise=8),
    Step(r"[^\s&;,\"'})\]\\]", 1, does=BEGIN, then=END),
    Step(r"[^\"'\\]", does=BEGIN, then=END),
)
# (?:^|[?&;])...=)[^&#\s]*
_QUERY: Final = (Step(r"[^?&;]", does=BEHIND), Step(r"[^&#\s]", does=BEGIN, then=END))
# (?<![A-Za-z0-9])...\s+(?=[^\s,;]{20}|[^\s,;]*[0-9._=+/])[^\s,;"']{6,}
_CREDENTIALS: Final = (
    Step(r"[A-Za-z0-9]", does=BEHIND),
    Step(r"\s", 1, does=BEGIN),
    Step(r"[^\s,;]", 20, 20, does=SAVE, otherwise=4),
    Step(r"[^\s,;\"']", 6, does=BACK, then=END),
    Step(r"[^\s,;0-9._=+/]"),
    Step(r"[0-9._=+/]", 1, 1, then=3),
)
# (?<![\w\-])eyJ[\w\-]{5,}\.[\w\-]{5,}(?:\.[\w\-]*)*
_JWT: Final = (
    Step(r"[\w\-]", does=BEHIND),
    Step(r"[a-z]", 2, 2, does=BEGIN),
    Step(r"[A-Z]", 1, 1),
    Step(r"[\w\-]", 5),
    Step(r"[.]", 1, 1),
    Step(r"[\w\-]", 5),
    Step(r"[\w.\-]", then=END),
)
# (?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])
_CLOUD_KEY: Final = (
    Step(r"[A-Za-z0-9]", does=BEHIND),
    Step(r"[A-Z0-9]", 20, 20, does=BEGIN),
    Step(r"[A-Za-z0-9]", most=1, does=NOT, then=END),
)

_PATTERNS: Final = (_REST_OF_LINE, _PAIR, _QUERY, _CREDENTIALS, _JWT, _CLOUD_KEY)
REST_OF_LINE_AT, AFTER_PASSWORD, QUERY_AT, CREDENTIAL_AT, JWT_AT, CLOUD_KEY_AT = (
    sum(map(len, _PATTERNS[:place])) for place in range(len(_PATTERNS))
)
AFTER_WORD: Final = AFTER_PASSWORD + 1
"""The first step of each pattern; a pair's is one step further, where the word is not a password's."""

_NAMED: Final = (r"[A-Z0-9 ]", r"[^/?#\s]", r"[0-9a-fA-F\-]", r"[a-fA-F]")
_SETS: Final = tuple(dict.fromkeys([*_NAMED, *(step.chars for pattern in _PATTERNS for step in pattern)]))
TITLE, AUTHORITY, ID, HEX = (1 << place for place in range(len(_NAMED)))
"""Sets that are asked for by name: of a private key's title, of a URL's user, password and host, of ids, and the letters in these."""


def _rows() -> list[list[int]]:
    rows: list[list[int]] = []
    for pattern in _PATTERNS:
        first = len(rows)
        for place, step in enumerate(pattern):
            then = place + 1 if step.then is None else step.then
            goes = [first + row if row >= 0 else row for row in (then, step.otherwise)]
            rows.append([1 << _SETS.index(step.chars), step.least, step.most, step.does, *goes])
    return rows


SET, LEAST, MOST, DOES, THEN, OTHERWISE = range(6)
STEPS: Final = np.array(_rows(), np.int64)
"""All steps: for each the bit of its set, how many, what it does and where it goes on."""


@cache
def rules() -> Rules:
    """The sets that each character is in, and the words."""
    classes, states, means = tree_of(WORDS)
    table = np.zeros(TREE + ROW * len(states), np.int32)
    plane = "".join(map(chr, range(WIDE)))
    for place, chars in enumerate(_SETS):
        for found in re.finditer(f"{chars}+", plane):
            table[found.start() : found.end()] |= 1 << place
    table[CLASSES:FIRST] = classes
    for word, meaning in WORDS.items():
        table[[FIRST + word[0], FIRST + word.upper()[0]]] |= meaning
    tree = table[TREE:].reshape(-1, ROW)
    for state, nexts in enumerate(states):
        tree[state, list(nexts)] = list(nexts.values())
        tree[state, MEANS] = means.get(state, 0)
    return table
