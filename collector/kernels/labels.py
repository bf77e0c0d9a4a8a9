"""Wanted attributes: what a kernel looks for, collects an item at a time, numbers, and what its numbers mean."""

from __future__ import annotations

from typing import Final

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

_Spelled = tuple[int, str, Attribute]
"""The kind of a value, its attribute's name, and the value: `1`, `1.0` and `True` are equal in Python, but not as attributes."""

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
    spelled = [_spelled(body, names, *entry) for entry in entries.tolist()]
    short = int(entries[:, LENGTH].max(initial=0)) <= _SHORT
    found = (tuple([spelled[value - 1] for value in row if value]) for row in sets.filled.tolist())
    return tuple(_shared(entry) if short else _set_of(entry) for entry in found)


_known: dict[tuple[_Spelled, ...], Attributes] = {}


def _shared(found: tuple[_Spelled, ...]) -> Attributes:
    """The same object for the same set, whatever body it is in: what is found out about it need not be found out again."""
    known = _known.get(found)
    if known is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        known = _known[found] = _set_of(found)
    return known


def _set_of(found: tuple[_Spelled, ...]) -> Attributes:
    return {name: value for _, name, value in found}


def _spelled(body: bytes, names: tuple[str, ...], label: int, place: int, size: int) -> _Spelled:
    number, kind = divmod(label, _KINDS)
    return kind, names[number], _value(body, kind, place, size)


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
