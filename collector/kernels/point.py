"""One metric point, of whatever kind, without an object: its fields by number, its attributes, and its buckets.

The kinds differ in what their fields are numbered (OTLP metrics.proto, version 1.10); what each number means is a table, so that one
function reads all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from .attributes import ARRAY, BYTES, NOTHING, STRING, is_scalar, key_value
from .compiled import Bytes, Ints, helper, inlined, int64
from .faults import MALFORMED, TOO_MANY_BUCKETS
from .interning import NUMBER
from .keys import Keys, find
from .labels import KIND, PAYLOAD
from .labels import SIZE as LENGTH
from .text import hash_of, mixed
from .walk import EXEMPLAR, MOST, table_of, walk
from .wire import CONTENT, DEPTH, FIXED64, VARINT, content, fixed64, little64, skip, tag, varint

GAUGE: Final = 5
SUM: Final = 7
HISTOGRAM: Final = 9
EXPONENTIAL: Final = 10
SUMMARY: Final = 11
"""What a metric holds: the number of its field in `Metric`."""

LEVEL: Final = 5
"""How many messages a point lies in."""

START: Final = 2
TIME: Final = 3
AS_DOUBLE: Final = 4
AS_INT: Final = 6
COUNT: Final = 4
SCALE: Final = 6
ZERO_COUNT: Final = 7
ZERO_THRESHOLD: Final = 14
"""Places in a point that was read: these are its fields' numbers."""

FLAGS: Final = 16
VALUE: Final = 17
OFFSET: Final = 18
BELOW_ZERO: Final = 19
BUCKETS: Final = 20
BOUNDS: Final = 21
PIECES: Final = 22
PLACE: Final = 23
SIZE: Final = 24
"""And these are not: which of its two values a number has, an exponential histogram's offset and its events below zero, how many
buckets and boundaries there are, and in how many pieces, of which the last lies where, and is how large."""

FACTS: Final = 25

_UNREAD, _ATTRIBUTE, _NUMBER, _VALUE, _FLAGS, _SCALE, _COUNTS, _BOUNDS, _ABOVE, _BELOW, _EXEMPLAR = range(11)

_ROLES: Final[Mapping[int, Mapping[int, int]]] = {
    GAUGE: {7: _ATTRIBUTE, 2: _NUMBER, 3: _NUMBER, 4: _VALUE, 6: _VALUE, 5: _EXEMPLAR, 8: _FLAGS},
    SUM: {7: _ATTRIBUTE, 2: _NUMBER, 3: _NUMBER, 4: _VALUE, 6: _VALUE, 5: _EXEMPLAR, 8: _FLAGS},
    HISTOGRAM: {9: _ATTRIBUTE, 2: _NUMBER, 3: _NUMBER, 4: _NUMBER, 6: _COUNTS, 7: _BOUNDS, 8: _EXEMPLAR, 10: _FLAGS},
    EXPONENTIAL: {
        **dict.fromkeys((2, 3, 4, 7, 14), _NUMBER),
        1: _ATTRIBUTE,
        6: _SCALE,
        8: _ABOVE,
        9: _BELOW,
        10: _FLAGS,
        11: _EXEMPLAR,
    },
}
_STREAM: Final = np.uint64(0x7463A1C2E8B15D39)
"""The seed of streams' numbers. It is kept in ledgers, through the numbers made with it, so it never changes."""

_HUGE: Final = np.int64(2**62)
"""More than any count that is taken; a sum that reached it stays there."""


_ROLE: Final = table_of(_ROLES)


@helper
def read_point(  # noqa: C901 - a kernel: one branch a role
    buf: Bytes, at: int, end: int, kind: int, keys: Keys, point: Ints, found: Ints, buckets: Ints, used: int
) -> tuple[int, np.uint64]:
    """Reads a point of a kind: (where it stopped or a fault, the sum of its attributes' hashes).

    What it says goes into `point`, the attributes that are among `keys` into `found`, and its buckets into `buckets` from `used` on: an
    exponential histogram's one place later, behind the zero bucket's.
    """
    point[:] = 0
    for number in range(len(found)):
        found[number, KIND] = NOTHING
    hashes = np.uint64(0)
    if kind == EXPONENTIAL:
        used += 1
    while at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            break
        number, wire = field >> 3, field & 7
        role = int64(_ROLE[kind, number]) if number < MOST else int64(_UNREAD)
        if wire == FIXED64 and _NUMBER <= role <= _VALUE:
            point[number], at = fixed64(buf, at, end)
            if role == _VALUE:
                point[VALUE] = number
        elif wire == VARINT and _FLAGS <= role <= _SCALE:
            value, at = varint(buf, at, end)
            if role == _FLAGS:
                point[FLAGS] = value
            else:
                point[SCALE] = _zigzag(value)
        elif wire == FIXED64 and _COUNTS <= role <= _BOUNDS:
            at = _repeated(buf, at, at + 8, role, point, buckets, used) if end - at >= 8 else MALFORMED
        elif wire == CONTENT and role != _UNREAD:
            begin, at = content(buf, at, end)
            if at < 0:
                break
            if role == _ATTRIBUTE:
                good, hashed = _attribute(buf, begin, at, keys, found)
                hashes += hashed
            elif _COUNTS <= role <= _BOUNDS:
                good = _repeated(buf, begin, at, role, point, buckets, used)
            elif _ABOVE <= role <= _BELOW:
                good = _exponential(buf, begin, at, role, point, buckets, used)
            elif role == _EXEMPLAR:
                good = walk(buf, begin, at, EXEMPLAR, DEPTH - LEVEL - 1)
            else:
                good = at
            if good < 0:
                at = good
        else:
            at = skip(buf, at, end, field, DEPTH - LEVEL)
        if at < 0:
            break
    return at, hashes


@inlined
def _zigzag(value: int) -> int:
    """A varint as the 32 bits of an sint32."""
    low = value & 0xFFFFFFFF
    return (low >> int64(1)) ^ -(low & 1)


@helper
def _attribute(buf: Bytes, at: int, end: int, keys: Keys, found: Ints) -> tuple[int, np.uint64]:
    """Reads an attribute, into `found` if it is wanted: (where it stopped, its hash, over values of every kind)."""
    stopped, key, key_size, kind, payload, size = key_value(buf, at, end, DEPTH - LEVEL - 1)
    hashed = np.uint64(0)
    if stopped >= 0:
        hashed = mixed(hash_of(buf, key, key + key_size, _STREAM), kind)
        is_slice = kind == STRING or ARRAY <= kind <= BYTES
        hashed = hash_of(buf, payload, payload + size, hashed) if is_slice else mixed(hashed, payload)
        wanted = find(buf, key, key_size, keys)
        if wanted >= 0 and is_scalar(kind, payload):
            found[wanted, KIND], found[wanted, PAYLOAD] = kind, payload
            found[wanted, LENGTH] = size if kind == STRING else NUMBER
    return stopped, hashed


@helper
def _repeated(buf: Bytes, at: int, end: int, role: int, point: Ints, buckets: Ints, used: int) -> int:
    """Reads eight-byte numbers, packed or one alone: counts go to the buckets, of boundaries it is noted where they lie."""
    more = (end - at) >> 3
    if (end - at) & 7:
        return MALFORMED
    if role == _BOUNDS:
        if more > 0:
            point[PIECES] += 1
            point[BOUNDS] += more
            point[PLACE], point[SIZE] = at, end - at
        return end
    first = used + point[BUCKETS]
    if first + more > len(buckets):
        return TOO_MANY_BUCKETS
    for place in range(more):
        buckets[first + place] = little64(buf, at + 8 * place)
    point[BUCKETS] += more
    return end


@helper
def _exponential(buf: Bytes, at: int, end: int, role: int, point: Ints, buckets: Ints, used: int) -> int:
    """Reads an exponential histogram's `Buckets`: those above zero into the buckets, of those below the sum."""
    while 0 <= at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            break
        if field == 1 << 3 | VARINT:
            offset, at = varint(buf, at, end)
            if role == _ABOVE:
                point[OFFSET] = _zigzag(offset)
        elif field == 2 << 3 | VARINT:
            at = _one_bucket(buf, at, end, role, point, buckets, used)
        elif field == 2 << 3 | CONTENT:
            at, stop = content(buf, at, end)
            while 0 <= at < stop:
                at = _one_bucket(buf, at, stop, role, point, buckets, used)
        else:
            at = skip(buf, at, end, field, DEPTH - LEVEL - 1)
    return at


@inlined
def _one_bucket(buf: Bytes, at: int, end: int, role: int, point: Ints, buckets: Ints, used: int) -> int:
    count, at = varint(buf, at, end)
    if at < 0:
        return at
    if role == _BELOW:
        huge = count < 0 or count > _HUGE - point[BELOW_ZERO]
        point[BELOW_ZERO] = _HUGE if huge else point[BELOW_ZERO] + count
    elif used + point[BUCKETS] >= len(buckets):
        at = TOO_MANY_BUCKETS
    else:
        buckets[used + point[BUCKETS]] = count
        point[BUCKETS] += 1
    return at
