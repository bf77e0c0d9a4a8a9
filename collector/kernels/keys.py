"""The few attribute names that are looked for among the many that are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numba import types

from .compiled import BODY, INTS, TABLE, Bytes, Ints, inlined
from .text import equal
from .wire import byte

_BINS: Final = 256

NEXT: Final = 0
AT: Final = 1
SIZE: Final = 2


class Keys(NamedTuple):
    """Names by number, laid out for `find`."""

    heads: Ints
    entries: Ints
    text: Bytes


KEYS: Final = types.NamedTuple((INTS, TABLE, BODY), Keys)  # type: ignore[no-untyped-call]
"""The type of `Keys` in a kernel's signature."""


def keys_of(names: Sequence[str]) -> Keys:
    """The names, numbered from 0 in the order given."""
    encoded = [name.encode("utf-8", "surrogatepass") for name in names]
    heads = np.full(_BINS, -1, np.int64)
    entries = np.zeros((max(len(encoded), 1), 3), np.int64)
    text = np.frombuffer(b"".join(encoded) or b"\0", np.uint8)
    at = 0
    for number, name in enumerate(encoded):
        bin_ = _bin_of_bytes(name)
        entries[number] = heads[bin_], at, len(name)
        heads[bin_] = number
        at += len(name)
    return Keys(heads, entries, text)


@inlined
def find(buf: Bytes, at: int, size: int, keys: Keys) -> int:
    """The number of the name that stands at `at`, or -1."""
    bin_ = 0
    if size > 0:
        bin_ = (size * 31 + byte(buf, at) * 7 + byte(buf, at + size // 2) * 5 + byte(buf, at + size - 1)) & (_BINS - 1)
    number = keys.heads[bin_]
    while number >= 0 and not (
        keys.entries[number, SIZE] == size and equal(buf, at, keys.text, keys.entries[number, AT], size)
    ):
        number = keys.entries[number, NEXT]
    return number  # type: ignore[no-any-return]


def _bin_of_bytes(name: bytes) -> int:
    size = len(name)
    return (size * 31 + name[0] * 7 + name[size // 2] * 5 + name[-1]) & (_BINS - 1) if name else 0
