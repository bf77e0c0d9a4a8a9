"""Wanted attributes: what a kernel looks for, collects an item at a time, numbers, and what its numbers mean."""

from __future__ import annotations

from functools import lru_cache
from itertools import count
from typing import Final, TypeVar

import numpy as np

from ...slo import Attribute, Attributes
from .attributes import BOOL, DOUBLE, INT, STRING, is_scalar, key_value
from .compiled import Bytes, Ints, helper, inlined
from .faults import FULL
from .interning import LENGTH, NUMBER, Table, number_of, number_of_row
from .keys import Keys, find

KIND: Final = 0
PAYLOAD: Final = 1
SIZE: Final = 2
"""The columns of what was found of each wanted attribute; KIND is NOTHING where it was not."""

ERROR: Final = 9
"""The kind of a span's status, beside those of `AnyValue`: the text `ERROR`, which stands nowhere in the body."""

_SHORT: Final = 256
_MOST_KNOWN: Final = 10_000
"""Sets of values of at most so many bytes are shared by all bodies, so many of them."""

_Spelled = tuple[str, Attribute]
"""An attribute's name and its value."""

T = TypeVar("T")

_KINDS: Final = 16
"""A value is numbered under its attribute's number * 16 + its kind."""


@inlined
def collect(buf: Bytes, at: int, end: int, depth: int, keys: Keys, found: Ints) -> int:
    """Reads a `KeyValue` and notes it where it is wanted and holds a scalar. Gives where it stopped, or MALFORMED."""
    stopped, key, key_size, kind, payload, size = key_value(buf, at, end, depth)
    if stopped < 0:
        return stopped
    number = find(buf, key, key_size, keys)
    if number >= 0 and is_scalar(kind, payload):
        found[number, KIND] = kind
        found[number, PAYLOAD] = payload
        found[number, SIZE] = size if kind == STRING else NUMBER
    return stopped


@helper
def label_of(buf: Bytes, found: Ints, row: Ints, values: Table, sets: Table, seed: np.uint64) -> int:
    """The number of the set of what was found for the first `len(row)` names; FULL where a table is. `row` is scratch."""
    for number in range(len(row)):
        kind = found[number, KIND]
        row[number] = 0
        if kind:
            value = number_of(buf, values, seed, number * _KINDS + kind, found[number, PAYLOAD], found[number, SIZE])
            if value == FULL:
                return FULL
            row[number] = value + 1
    return number_of_row(row, sets, seed)


def labels_of(body: bytes, names: tuple[str, ...], values: Table, sets: Table) -> tuple[Attributes, ...]:
    """The sets by their number. Strings are UTF-8: the kernel has looked."""
    entries = values.filled
    many = max(len(entries), len(sets.filled)) > _MOST_KNOWN
    if many or int(entries[:, LENGTH].max(initial=0)) > _SHORT:
        spelled = [_spelled(body, names, *entry) for entry in entries.tolist()]
        return tuple(dict(_of_row(row, spelled)) for row in sets.filled.tolist())
    spelling = _spelling(names)
    if spelling.is_full:
        _spelling.cache_clear()
        spelling = _spelling(names)
    numbers = [spelling.number(body, *entry) for entry in entries.tolist()]
    return tuple([spelling.set_of(tuple(_of_row(row, numbers))) for row in sets.filled.tolist()])


def _of_row(row: list[int], values: list[T]) -> list[T]:
    return [values[value - 1] for value in row if value]


class _Spelling:
    """Values and sets of values that were spelled out before, by what they are in bytes: the same object for the same set, whatever body
    it is in, so that what is found out about it need not be found out again. Used by several threads.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._fresh = count()
        self._numbers: dict[tuple[int, bytes | int], int] = {}
        self._spelled: dict[int, _Spelled] = {}
        self._sets: dict[tuple[int, ...], Attributes] = {}

    @property
    def is_full(self) -> bool:
        """Whether a new one is to be begun."""
        return len(self._sets) >= _MOST_KNOWN or len(self._numbers) >= _MOST_KNOWN

    def number(self, body: bytes, label: int, place: int, size: int) -> int:
        """The number of a value under its attribute and kind; what is not of one kind is not of one number."""
        key = label, place if size == NUMBER else body[place : place + size]
        number = self._numbers.get(key)
        if number is None:
            mine = next(self._fresh)
            self._spelled[mine] = _spelled(body, self._names, label, place, size)
            # Two threads may both come to spell it: one number counts.
            number = self._numbers.setdefault(key, mine)
        return number

    def set_of(self, numbers: tuple[int, ...]) -> Attributes:
        """The set of these values."""
        known = self._sets.get(numbers)
        if known is None:
            known = self._sets.setdefault(numbers, dict(self._spelled[number] for number in numbers))
        return known


_spelling = lru_cache(16)(_Spelling)


def _spelled(body: bytes, names: tuple[str, ...], label: int, place: int, size: int) -> _Spelled:
    number, kind = divmod(label, _KINDS)
    return names[number], _value(body, kind, place, size)


def _value(body: bytes, kind: int, place: int, size: int) -> Attribute:
    match kind:
        case _ if kind == STRING:
            return body[place : place + size].decode()
        case _ if kind == BOOL:
            return bool(place)
        case _ if kind == INT:
            return place
        case _ if kind == DOUBLE:
            return float(np.int64(place).view(np.float64))
        case _:
            return "ERROR"
