"""One metric, all but its points: whether it is wanted, its unit, what it holds, and where that begins.

Protobuf allows fields in any order and a message in several parts, so a metric's temporality may stand behind its points, and what it
holds may be changed by a later field. What a metric held before is walked all the same.
"""

from __future__ import annotations

from typing import Final

from . import walk as shape
from .compiled import Bytes, Ints, helper, inlined
from .faults import MALFORMED
from .keys import Keys, find
from .point import EXPONENTIAL, GAUGE, HISTOGRAM, SUM, SUMMARY
from .text import is_text
from .walk import walk
from .wire import CONTENT, DEPTH, VARINT, byte, content, int32, skip, tag, varint

NAME: Final = 0
MILLISECONDS: Final = 1
DATA: Final = 2
FIRST: Final = 3
TEMPORALITY: Final = 4
MONOTONIC: Final = 5
POINTS: Final = 6
"""Places in what is read: the number of its name among the wanted ones or -1, whether its unit is ms, what it holds, where the first
part of that begins, and of all parts together the temporality, whether it is monotonic, and how many points there are."""

FACTS: Final = 7

_LEVEL: Final = 3
"""How many messages a metric lies in."""

_M, _S = b"ms"

_NAME: Final = 1
_DESCRIPTION: Final = 2
_UNIT: Final = 3
_NO_DATA: Final = 6
_METADATA: Final = 12

_POINTS: Final = 1 << 3 | CONTENT
_TEMPORALITY: Final = 2 << 3 | VARINT
_MONOTONIC: Final = 3 << 3 | VARINT


@helper
def read_metric(buf: Bytes, at: int, end: int, keys: Keys, metric: Ints) -> int:  # noqa: C901 - a field a branch
    """Reads a metric into `metric`, whose name may be among `keys`: where it stopped, or MALFORMED."""
    metric[:] = 0
    metric[NAME] = find(buf, at, 0, keys)
    while at < end:
        here = at
        field, at = tag(buf, at, end)
        if at < 0:
            break
        number = field >> 3
        if field & 7 != CONTENT:
            at = skip(buf, at, end, field, DEPTH - _LEVEL)
        else:
            begin, at = content(buf, at, end)
            if at < 0:
                break
            if _NAME <= number <= _UNIT:
                if not is_text(buf, begin, at):
                    return MALFORMED
                if number == _NAME:
                    metric[NAME] = find(buf, begin, at - begin, keys)
                elif number == _UNIT:
                    metric[MILLISECONDS] = _is_milliseconds(buf, begin, at)
            elif _is_data(number):
                if number != metric[DATA] and not _changes(buf, here, number, metric):
                    return MALFORMED
                if _read_data(buf, begin, at, number, metric) < 0:
                    return MALFORMED
            elif number == _METADATA and walk(buf, begin, at, shape.KEY_VALUE, DEPTH - _LEVEL - 1) < 0:
                return MALFORMED
        if at < 0:
            break
    return at


@helper
def next_part(buf: Bytes, at: int, end: int, data: int) -> tuple[int, int]:
    """The next part of what a metric holds, from `at` on: where it begins and ends; (`end`, `end`) where there is none.

    Only for a metric that was read without a fault.
    """
    while at < end:
        field, at = tag(buf, at, end)
        if field == data << 3 | CONTENT:
            return content(buf, at, end)
        at = skip(buf, at, end, field, DEPTH)
    return end, end


@helper
def walk_data(buf: Bytes, at: int, end: int, data: int) -> bool:
    """Whether all parts of what a metric holds are what they say, from `at` on."""
    message = _shape_of(data)
    while at < end:
        at, stop = next_part(buf, at, end, data)
        if walk(buf, at, stop, message, DEPTH - _LEVEL - 1) < 0:
            return False
        at = stop
    return True


@inlined
def _is_milliseconds(buf: Bytes, at: int, end: int) -> bool:
    return end - at == 2 and byte(buf, at) == _M and byte(buf, at + 1) == _S


@inlined
def _is_data(number: int) -> bool:
    return HISTOGRAM <= number <= SUMMARY or (GAUGE <= number <= SUM and number != _NO_DATA)


@helper
def _shape_of(data: int) -> int:
    if data == GAUGE:
        return shape.GAUGE
    if data == SUM:
        return shape.SUM
    if data == HISTOGRAM:
        return shape.HISTOGRAM
    return shape.EXPONENTIAL if data == EXPONENTIAL else shape.SUMMARY


@helper
def _changes(buf: Bytes, here: int, number: int, metric: Ints) -> bool:
    """Begins to read what a metric holds from `here` on; says whether what it held before is sound."""
    sound = metric[DATA] == 0 or walk_data(buf, metric[FIRST], here, metric[DATA])
    metric[DATA], metric[FIRST] = number, here
    metric[TEMPORALITY], metric[MONOTONIC], metric[POINTS] = 0, 0, 0
    return sound


@helper
def _read_data(buf: Bytes, at: int, end: int, data: int, metric: Ints) -> int:
    """Reads one part of what a metric holds, but for the points, which are counted."""
    while at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            break
        if field == _POINTS:
            metric[POINTS] += 1
            at = content(buf, at, end)[1]
        elif field == _TEMPORALITY and SUM <= data <= EXPONENTIAL:
            value, at = varint(buf, at, end)
            metric[TEMPORALITY] = int32(value)
        elif field == _MONOTONIC and data == SUM:
            value, at = varint(buf, at, end)
            metric[MONOTONIC] = value != 0
        else:
            at = skip(buf, at, end, field, DEPTH - _LEVEL - 1)
        if at < 0:
            break
    return at
