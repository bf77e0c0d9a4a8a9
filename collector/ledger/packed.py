"""One day of one SLO's buckets as bytes: exact, a byte or two a bucket, and checked when it is read.

    version, number of parts, length of each part; the parts: what 360 buckets held, compressed
    a part: number of buckets, then four columns: gaps between the buckets, total, failed, estimated
    a column: how wide its numbers are (0: all are nought), and the numbers

A part can be read, and changed, without the others. zlib adds a checksum, so a changed byte is found.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from typing import Final

import numpy as np

from ...slo import DAY
from ..columns import IntColumn

PART: Final = 360
"""Buckets in a part: an hour of the finest."""

_VERSION: Final = 1
_HEAD: Final = struct.Struct("<BB")
_DTYPES: Final = tuple(np.dtype(name) for name in ("<u1", "<u2", "<u4", "<i8"))
_LEVEL: Final = 1


def seconds_of(width: int) -> int:
    """The seconds of a day that one part of buckets of `width` holds."""
    return min(PART * width, DAY)


def parts_of(width: int) -> int:
    """How many parts a day of buckets of `width` has."""
    return DAY // seconds_of(width)


def pack(width: int, rows: IntColumn, blob: bytes = b"") -> bytes:
    """A day with `rows` of (index of the bucket in the day, good, total, estimated) added to it. The same index may come again."""
    parts = _parts(blob) if blob else [b""] * parts_of(width)
    numbers = rows[:, 0] // PART
    for number in np.unique(numbers).tolist():
        added = rows[numbers == number]
        held = _decoded(parts[number], number)
        parts[number] = _encoded(_summed(np.concatenate([held, added])), number)
    lengths = struct.pack(f"<{len(parts)}H", *map(len, parts))
    return _HEAD.pack(_VERSION, len(parts)) + lengths + b"".join(parts)


def unpack(blob: bytes, first: int = 0, last: int | None = None) -> IntColumn:
    """Rows of (index, good, total, estimated), ascending, of the parts from `first` to `last`, or of all.

    Raises sqlite3.DatabaseError for bytes that `pack` did not write.
    """
    parts = _parts(blob)
    until = len(parts) if last is None else last + 1
    return np.concatenate([_NOTHING, *(_decoded(parts[number], number) for number in range(first, until))])


_NOTHING: Final = np.empty((0, 4), np.int64)


def _summed(rows: IntColumn) -> IntColumn:
    index, where = np.unique(rows[:, 0], return_inverse=True)
    summed = np.zeros((len(index), 4), np.int64)
    np.add.at(summed, where, rows)
    summed[:, 0] = index
    return summed


def _encoded(rows: IntColumn, number: int) -> bytes:
    index, good, total, estimated = rows.T
    gaps = np.diff(index, prepend=number * PART - 1) - 1
    columns = b"".join(map(_column, (gaps, total, total - good, estimated)))
    return zlib.compress(struct.pack("<H", len(rows)) + columns, _LEVEL)


def _column(values: IntColumn) -> bytes:
    """The narrowest numbers that hold all values. Negative ones, which nobody books, cost eight bytes and are not lost."""
    highest = int(values.max())
    if values.min() < 0:
        code = 4
    elif highest == 0:
        return b"\0"
    else:
        code = next((code for code in (1, 2, 3) if highest < 256 ** _DTYPES[code - 1].itemsize), 4)
    return bytes([code]) + values.astype(_DTYPES[code - 1]).tobytes()


def _parts(blob: bytes) -> list[bytes]:
    try:
        version, count = _HEAD.unpack_from(blob)
        lengths = struct.unpack_from(f"<{count}H", blob, _HEAD.size)
    except struct.error as error:
        raise _damaged("it is cut off") from error
    at = _HEAD.size + 2 * count
    if version != _VERSION or at + sum(lengths) != len(blob):
        raise _damaged(f"version {version}, {len(blob)} bytes of {at + sum(lengths)}")
    parts = []
    for length in lengths:
        parts.append(blob[at : at + length])
        at += length
    return parts


def _decoded(part: bytes, number: int) -> IntColumn:
    if not part:
        return _NOTHING
    try:
        raw = zlib.decompress(part)
        count, at = int.from_bytes(raw[:2], "little"), 2
        columns = np.zeros((4, count), np.int64)
        for column in columns:
            code, at = raw[at], at + 1
            if code:
                column[:] = np.frombuffer(raw, _DTYPES[code - 1], count, at)
                at += count * _DTYPES[code - 1].itemsize
    except (zlib.error, ValueError, IndexError) as error:
        raise _damaged(str(error)) from error
    gaps, total, failed, estimated = columns
    index = np.cumsum(gaps + 1) + (number * PART - 1)
    if at != len(raw) or not count or index[-1] >= (number + 1) * PART:
        raise _damaged("its buckets are none of its hours")
    return np.stack([index, total - failed, total, estimated], axis=1)


def _damaged(what: str) -> sqlite3.DatabaseError:
    return sqlite3.DatabaseError(f"a packed day is damaged: {what}")
