"""Words that are looked for in bytes, as states and the state that each byte leads to. Small and large letters are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

SEPARATORS: Final = b" -_."
"""What may stand between the letters of a word, and between digits, where words are looked for in all of a message at once."""

ROW: Final = 32
"""Classes of bytes that a row of a stream has room for."""


def tree_of(meanings: Mapping[bytes, int]) -> tuple[NDArray[np.uint8], list[dict[int, int]], dict[int, int]]:
    """The class of each byte, the state that each class leads to from each state, and what the words mean that end in a state."""
    classes = _classes(meanings)
    states, ends = _tree(meanings, classes)
    return classes, states, {state: meanings[word] for word, state in ends.items()}


def stream_of(words: Iterable[bytes], digits: int) -> NDArray[np.int16]:
    """A table by which each of the words, and that many digits in a row, are found in one pass, whatever separates their letters.

    It has the class of each of 256 bytes, and then a row for each state: where in the table the row of the next state begins, less 256.
    The last row is that of what was found, and leads to itself. (Aho and Corasick, 1975.)
    """
    wanted = [*words, b"0" * digits]
    classes = _classes(wanted)
    classes[ord("0") : ord("9") + 1] = classes[ord("0")]
    stay = int(classes.max()) + 1
    classes[list(SEPARATORS)] = stay
    states, ends = _tree(wanted, classes)
    found = len(states)
    table = np.zeros((found + 1, ROW), np.int16)
    whole, order = set(ends.values()), [(0, 0)]
    for state, shorter in order:  # grows as it is walked: those of one length after another
        if shorter in whole:
            whole.add(state)
        order += [(follower, int(table[shorter, kind]) if state else 0) for kind, follower in states[state].items()]
        table[state] = table[shorter]
        table[state, list(states[state])] = list(states[state].values())
        table[state, stay] = state
    table[np.isin(table, list(whole))] = found
    table[found] = found
    return np.concatenate((classes.astype(np.int16), ROW * table.reshape(-1)))


def _classes(words: Iterable[bytes]) -> NDArray[np.uint8]:
    """A number for each byte that words hold, from 1 on; 0 for all others."""
    used = sorted(set(b"".join(words).lower()))
    classes = np.zeros(256, np.uint8)
    for number, char in enumerate(used, 1):
        classes[[char, ord(chr(char).upper())]] = number
    return classes


def _tree(words: Iterable[bytes], classes: NDArray[np.uint8]) -> tuple[list[dict[int, int]], dict[bytes, int]]:
    """For each state the one that each class leads to, and the state each word ends in."""
    states: list[dict[int, int]] = [{}]
    ends = {}
    for word in words:
        state = 0
        for kind in classes[list(word)].tolist():
            if kind not in states[state]:
                states[state][kind] = len(states)
                states.append({})
            state = states[state][kind]
        ends[word] = state
    return states, ends
