"""Messages that nothing is read of, walked all the same: each byte by the wire format, each known message within by its own fields.

So a body whose events, links or nested values are broken is refused as the protobuf library refuses it. The fields are those of
opentelemetry-proto; a test compares them with the library's descriptors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from .compiled import Bytes, allocating, helper, int64
from .faults import MALFORMED
from .text import is_text
from .wire import CONTENT, DEPTH, content, skip, tag, varint

TEXT: Final = -1
WORDS: Final = -2
VARINTS: Final = -3
"""Fields that must be UTF-8, whole numbers of eight bytes, or varints one after the other."""

ANY_VALUE: Final = 1
ARRAY_VALUE: Final = 2
KEY_VALUE_LIST: Final = 3
KEY_VALUE: Final = 4
ENTITY: Final = 5
RESOURCE: Final = 6
SCOPE: Final = 7
EVENT: Final = 8
LINK: Final = 9
EXEMPLAR: Final = 10
SUMMARY_POINT: Final = 11
QUANTILE: Final = 12
STATUS: Final = 13
GAUGE: Final = 14
SUM: Final = 15
HISTOGRAM: Final = 16
EXPONENTIAL: Final = 17
SUMMARY: Final = 18
NUMBER_POINT: Final = 19
HISTOGRAM_POINT: Final = 20
EXPONENTIAL_POINT: Final = 21
BUCKETS: Final = 22

FIELDS: Final[Mapping[int, Mapping[int, int]]] = {
    ANY_VALUE: {1: TEXT, 5: ARRAY_VALUE, 6: KEY_VALUE_LIST},
    ARRAY_VALUE: {1: ANY_VALUE},
    KEY_VALUE_LIST: {1: KEY_VALUE},
    KEY_VALUE: {1: TEXT, 2: ANY_VALUE},
    ENTITY: {1: TEXT, 2: TEXT, 3: TEXT, 4: TEXT},
    RESOURCE: {1: KEY_VALUE, 3: ENTITY},
    SCOPE: {1: TEXT, 2: TEXT, 3: KEY_VALUE},
    EVENT: {2: TEXT, 3: KEY_VALUE},
    LINK: {3: TEXT, 4: KEY_VALUE},
    EXEMPLAR: {7: KEY_VALUE},
    SUMMARY_POINT: {6: QUANTILE, 7: KEY_VALUE},
    QUANTILE: {},
    STATUS: {2: TEXT},
    GAUGE: {1: NUMBER_POINT},
    SUM: {1: NUMBER_POINT},
    HISTOGRAM: {1: HISTOGRAM_POINT},
    EXPONENTIAL: {1: EXPONENTIAL_POINT},
    SUMMARY: {1: SUMMARY_POINT},
    NUMBER_POINT: {5: EXEMPLAR, 7: KEY_VALUE},
    HISTOGRAM_POINT: {6: WORDS, 7: WORDS, 8: EXEMPLAR, 9: KEY_VALUE},
    EXPONENTIAL_POINT: {1: KEY_VALUE, 8: BUCKETS, 9: BUCKETS, 11: EXEMPLAR},
    BUCKETS: {2: VARINTS},
}
"""A message's fields that hold text, messages or packed numbers, by number; all others are scalars or bytes, which any content is
right for."""

MOST: Final = 16
"""Field numbers that a table tells of, from 0 on."""


def table_of(
    messages: Mapping[int, Mapping[int, int]],
) -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    """What the fields of messages are, by message and field number, as an array, which kernels can read; 0 for what is not said."""
    table = np.zeros((max(messages) + 1, MOST), np.int8)
    for message, fields in messages.items():
        for number, holds in fields.items():
            table[message, number] = holds
    return table


_FIELDS: Final = table_of(FIELDS)


@helper
def is_right(buf: Bytes, at: int, end: int, holds: int) -> bool:
    """Whether a field's content is what it has to be: text, or packed numbers."""
    if holds == TEXT:
        return is_text(buf, at, end)
    if holds == WORDS:
        return (end - at) & 7 == 0
    while 0 <= at < end:
        at = varint(buf, at, end)[1]
    return at == end


@allocating
def walk(buf: Bytes, at: int, end: int, message: int, depth: int) -> int:
    """The end of a message's content, or MALFORMED. `depth` is how many levels there may still be within it."""
    if depth < 0:
        return MALFORMED
    ends = np.empty(DEPTH + 1, np.int64)
    messages = np.empty(DEPTH + 1, np.int64)
    level = int64(0)
    ends[level] = end
    messages[level] = message
    while level >= 0:
        if at == ends[level]:
            level -= 1
            continue
        field, at = tag(buf, at, ends[level])
        if at < 0:
            return MALFORMED
        number = field >> 3
        holds = int64(_FIELDS[messages[level], number]) if field & 7 == CONTENT and number < MOST else int64(0)
        if holds == 0:
            at = skip(buf, at, ends[level], field, depth - level)
            if at < 0:
                return MALFORMED
            continue
        at, stop = content(buf, at, ends[level])
        if stop < 0 or (holds > 0 and level >= depth) or (holds < 0 and not is_right(buf, at, stop, holds)):
            return MALFORMED
        if holds < 0:
            at = stop
        else:
            level += 1
            ends[level] = stop
            messages[level] = holds
    return at
