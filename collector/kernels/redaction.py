"""Messages rewritten without card numbers and secrets, on the wire: only what is taken out is written anew, and the sizes around it.

All of it is walked, as the protobuf library would, and every text is cleaned that the marks say something of, wherever it stands: values of
every kind and at any depth, keys, names, bodies. All other bytes pass as they are, unknown fields and odd encodings included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from ..cards import REDACTED
from ..columns import Signal
from .cards import is_card_double, is_card_number
from .compiled import BODY, INTS, TABLE, Bytes, Ints, helper, int64, kernel
from .faults import MALFORMED
from .marks import is_marked, marks_of
from .patterns import KINDS, NUMBER, PAIR, Rules, rules
from .secrets import clean, put, secrecy
from .walk import (
    ANY_VALUE,
    EVENT,
    EXPONENTIAL,
    FIELDS,
    GAUGE,
    HISTOGRAM,
    KEY_VALUE,
    LINK,
    MOST,
    RESOURCE,
    SCOPE,
    STATUS,
    SUM,
    SUMMARY,
    TEXT,
    VARINTS,
    is_right,
    table_of,
)  # fmt: skip
from .wire import CONTENT, DEPTH, FIXED64, VARINT, content, fixed64, skip, tag, varint

BYTES: Final = -4
LOOSE: Final = -5
"""Fields that hold bytes, and text that need not be UTF-8."""

SPAN, LOG_RECORD, METRIC, ALONE = 23, 24, 25, 35
REQUESTS: Final[Mapping[Signal, int]] = {Signal.TRACES: 26, Signal.METRICS: 29, Signal.LOGS: 32}
ITEMS: Final[Mapping[str, int]] = {"Span": SPAN, "LogRecord": LOG_RECORD, "Metric": METRIC}
"""The messages that can be cleaned, by the signal and by the name; `ALONE` is one text, as the field 1."""

_ITEMS: Final = {Signal.TRACES: SPAN, Signal.METRICS: METRIC, Signal.LOGS: LOG_RECORD}
MESSAGES: Final[Mapping[int, Mapping[int, int]]] = {
    **FIELDS,
    ANY_VALUE: {**FIELDS[ANY_VALUE], 7: BYTES},
    SPAN: {3: TEXT, 5: TEXT, 9: KEY_VALUE, 11: EVENT, 13: LINK, 15: STATUS},
    LOG_RECORD: {3: TEXT, 5: ANY_VALUE, 6: KEY_VALUE, 12: TEXT},
    METRIC: {1: TEXT, 2: TEXT, 3: TEXT, 5: GAUGE, 7: SUM, 9: HISTOGRAM, 10: EXPONENTIAL, 11: SUMMARY, 12: KEY_VALUE},
    ALONE: {1: LOOSE},
    **{request: {1: request + 1} for request in REQUESTS.values()},
    **{request + 1: {1: RESOURCE, 2: request + 2, 3: TEXT} for request in REQUESTS.values()},
    **{request + 2: {1: SCOPE, 2: _ITEMS[signal], 3: TEXT} for signal, request in REQUESTS.items()},
}
"""A message's fields that hold text, bytes or messages."""

_STRING, _INTEGER, _DOUBLE = 1, 3, 4
_LIST, _INDEX = 5, 8
_KEY: Final = 1

# The columns of a level: where it ends, what message it is, what its key says, the edit of its size, bytes it grew by.
_ENDS, _IS, _MODE, _SIZE, _GREW, _WIDTH = range(6)
# The columns of an edit: from where to where, and what stands there then: a slice of what was written, or where FROM is -1 a number.
_BEGIN, _STOP, _FROM, _TO = range(4)

_REDACTED: Final = b"\x0a" + bytes([len(REDACTED)]) + REDACTED.encode()
"""A value that is the text REDACTED."""

_GROWTH: Final = 8
"""More than any text grows by: five bytes, `://:@`, become 22."""


class Work(NamedTuple):
    """What a message is being worked through with: its levels, the edits found, what is written for them, room for a text, and counts."""

    levels: Ints
    edits: Ints
    written: NDArray[np.uint8]
    one: NDArray[np.uint8]
    other: NDArray[np.uint8]
    counts: Ints


_BUFFER: Final = types.uint8[::1]
_RULES: Final = types.int32[::1]
_FIELDS: Final = table_of(MESSAGES)
_WORK: Final = types.NamedTuple((TABLE, TABLE, _BUFFER, _BUFFER, _BUFFER, INTS), Work)  # type: ignore[no-untyped-call]
_EDITS, _WRITTEN = 0, 1


def redacted(message: int, body: bytes, marks: Ints, kinds: int | None = None) -> bytes | None:
    """The body of a message without card numbers and secrets, the very same one where there are none; None where it can't be read.

    `marks` are those of the body: no text is looked at that is not marked.
    """
    buf, work = np.frombuffer(body, np.uint8), _work(len(body))
    count = _redact(buf, message, KINDS if kinds is None else kinds, marks, rules(), work)
    if count <= 0:
        return None if count < 0 else body
    out = np.empty(len(buf) + int(work.levels[0, _GREW]), np.uint8)
    _write(buf, work.edits[:count], work.written, out)
    return out.tobytes()


def redacted_text(text: bytes, kinds: int | None = None) -> bytes:
    """A text without what is of these kinds, the very same one where there is nothing of them."""
    if marks_of(text)[-1] == 0:
        return text
    message = bytes([1 << 3 | CONTENT]) + _size(len(text)) + text
    cleaned = redacted(ALONE, message, marks_of(message), kinds)
    assert cleaned is not None, "a text alone is a message that can be read"
    if cleaned is message:
        return text
    head = next(place for place in range(1, len(cleaned)) if cleaned[place] < 128)
    return cleaned[head + 1 :]


def _size(number: int) -> bytes:
    pieces = bytearray()
    while number >= 128:
        pieces.append(number & 127 | 128)
        number >>= 7
    return bytes([*pieces, number])


def _work(size: int) -> Work:
    """Room for a message of that size. Memory that is never written to costs nothing."""
    written, one, other = np.empty((3, _GROWTH * size + 64), np.uint8)
    written[: len(_REDACTED)] = np.frombuffer(_REDACTED, np.uint8)
    levels, edits = np.zeros((DEPTH + 2, _WIDTH), np.int64), np.empty((size + 2 * DEPTH, 4), np.int64)
    return Work(levels, edits, written, one, other, np.array([0, len(_REDACTED)], np.int64))


@helper
def _width(number: int) -> int:
    """The bytes of a varint."""
    width = int64(1)
    while number >= 128:
        number >>= 7
        width += 1
    return width


@helper
def _edit(work: Work, begin: int, stop: int, start: int, to: int) -> None:
    row = work.counts[_EDITS]
    work.edits[row, _BEGIN], work.edits[row, _STOP], work.edits[row, _FROM], work.edits[row, _TO] = (
        begin,
        stop,
        start,
        to,
    )
    work.counts[_EDITS] = row + 1


@helper
def _blank(work: Work, level: int, begin: int, stop: int) -> None:
    """Puts the text REDACTED in the place of a whole value."""
    _edit(work, begin, stop, int64(0), int64(len(_REDACTED)))
    work.levels[level, _GREW] += len(_REDACTED) - (stop - begin)


@helper
def _open(work: Work, level: int, sized: int, at: int, stop: int, message: int, mode: int) -> None:
    """Goes into a message, whose size stands between `sized` and `at`."""
    levels = work.levels
    levels[level, _SIZE] = work.counts[_EDITS]
    _edit(work, sized, at, int64(-1), stop - at)
    levels[level, _ENDS], levels[level, _IS], levels[level, _MODE], levels[level, _GREW] = stop, message, mode, 0


@helper
def _close(work: Work, level: int) -> None:
    """Comes out of a message: its size is another one, or it is as it was."""
    row, grew = work.levels[level, _SIZE], work.levels[level, _GREW]
    if work.counts[_EDITS] == row + 1:
        work.counts[_EDITS] = row
        return
    edit = work.edits[row]
    edit[_TO] += grew
    work.levels[level - 1, _GREW] += grew + _width(edit[_TO]) - (edit[_STOP] - edit[_BEGIN])


@helper
def _is_same(buf: Bytes, at: int, text: Bytes, size: int) -> bool:
    for place in range(size):  # noqa: SIM110 - there are no generators in kernels
        if buf[at + place] != text[place]:
            return False
    return True


@helper
def _text(
    buf: Bytes, sized: int, at: int, stop: int, level: int, raw: int, kinds: int, rules: Rules, work: Work
) -> int:
    """Cleans a text, whose size stands between `sized` and `at`; gives what is less than 0 where there was no room."""
    size = stop - at
    put(work.one, int64(0), buf, at, stop)
    end, passes = clean(work.one, size, work.other, raw, kinds, rules)
    if passes == 0 or end < 0:
        return min(end, int64(0))
    text = work.other if passes & 1 else work.one
    if end == size and _is_same(buf, at, text, size):
        return int64(0)
    start = work.counts[_WRITTEN]
    filled = put(work.written, start, text, int64(0), end)
    work.counts[_WRITTEN] = max(filled, start)
    _edit(work, sized, at, int64(-1), end)
    _edit(work, at, stop, start, filled)
    work.levels[level, _GREW] += end - size + _width(end) - (at - sized)
    return filled


@helper
def _mode_of(buf: Bytes, at: int, end: int, rules: Rules, work: Work) -> int:
    """What the key of a pair says of its value; or MALFORMED."""
    mode = int64(0)
    while at < end:
        field, at = tag(buf, at, end)
        if at >= 0 and field == _KEY << 3 | CONTENT:
            begin, at = content(buf, at, end)
            if at >= 0:
                put(work.one, int64(0), buf, begin, at)
                mode = secrecy(work.one, at - begin, rules)
        elif at >= 0:
            at = skip(buf, at, end, field, int64(DEPTH))
        if at < 0:
            return int64(MALFORMED)
    return mode


@helper
def _number(buf: Bytes, field: int, began: int, at: int, level: int, work: Work) -> int:
    """Reads a number of a value, and takes it out where it is a card's or a secret; gives where it ends, or MALFORMED."""
    mode, end, card = work.levels[level, _MODE], work.levels[level, _ENDS], False
    if field & 7 == VARINT:
        value, at = varint(buf, at, end)
        card = field >> 3 == _INTEGER and value > 0 and is_card_number(np.uint64(value))
    else:
        value, at = fixed64(buf, at, end)
        card = is_card_double(value)
    if at >= 0 and (card or mode == PAIR or (mode == NUMBER and field >> 3 == _INDEX)):
        _blank(work, level, began, at)
    return at


@helper
def _is_number(field: int) -> bool:
    return field == _INTEGER << 3 | VARINT or field == _DOUBLE << 3 | FIXED64 or field == _INDEX << 3 | VARINT


@helper
def _is_blanked(buf: Bytes, number: int, at: int, stop: int, work: Work) -> bool:
    """Whether a secret value of some bytes is taken out whole: not a list, whose values are, and not what was taken out before."""
    if number != _STRING:
        return number != _LIST
    size = int64(len(_REDACTED) - 2)
    return stop - at != size or not _is_same(buf, at, work.written[2 : len(_REDACTED)], size)


@kernel(types.int64(BODY, types.int64, types.int64, INTS, _RULES, _WORK))
def _redact(  # noqa: C901 - one loop over all levels
    buf: Bytes, message: int, kinds: int, marks: Ints, rules: Rules, work: Work
) -> int:
    """Finds the edits; gives how many there are, or a fault."""
    levels, level, at = work.levels, int64(0), int64(0)
    levels[0, _ENDS], levels[0, _IS] = len(buf), message
    while True:
        if at == levels[level, _ENDS]:
            if level == 0:
                return int(work.counts[_EDITS])
            _close(work, level)
            level -= 1
            continue
        began, message, mode = at, levels[level, _IS], levels[level, _MODE]
        field, at = tag(buf, at, levels[level, _ENDS])
        number = field >> 3
        if at < 0:
            break
        if message == ANY_VALUE and _is_number(field):
            at = _number(buf, field, began, at, level, work)
        elif field & 7 != CONTENT or number >= MOST or _FIELDS[message, number] == 0:
            at = skip(buf, at, levels[level, _ENDS], field, DEPTH - level)
        else:
            sized, holds = at, int64(_FIELDS[message, number])
            at, stop = content(buf, at, levels[level, _ENDS])
            if (
                stop < 0
                or (VARINTS <= holds < 0 and not is_right(buf, at, stop, holds))
                or (holds > 0 and level == DEPTH)
            ):
                break
            marked = is_marked(marks, began, stop)
            if message == ANY_VALUE and mode != 0 and _is_blanked(buf, number, at, stop, work):
                _blank(work, level, began, stop)
            elif holds > 0:
                if holds == KEY_VALUE:
                    mode = _mode_of(buf, at, stop, rules, work) if marked else int64(0)
                level += 1
                _open(work, level, sized, at, stop, holds, max(mode, int64(0)))
                stop = at if mode >= 0 else mode
            elif marked and (mode == 0 or message == KEY_VALUE) and (holds < VARINTS or holds == TEXT):
                at = _text(buf, sized, at, stop, level, int64(holds == BYTES), kinds, rules, work)
                stop = stop if at >= 0 else at
            at = stop
        if at < 0:
            break
    return MALFORMED


@kernel(types.void(BODY, TABLE, _BUFFER, _BUFFER))
def _write(buf: Bytes, edits: Ints, written: Bytes, out: Bytes) -> None:
    """Copies a body with its edits."""
    at, filled = int64(0), int64(0)
    for row in range(len(edits)):
        filled = put(out, filled, buf, at, edits[row, _BEGIN])
        at = edits[row, _STOP]
        if edits[row, _FROM] >= 0:
            filled = put(out, filled, written, edits[row, _FROM], edits[row, _TO])
            continue
        number = edits[row, _TO]
        while number >= 128:
            out[filled] = number & 127 | 128
            number >>= 7
            filled += 1
        out[filled] = number
        filled += 1
    put(out, filled, buf, at, int64(len(buf)))
