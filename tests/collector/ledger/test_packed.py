"""A day's buckets as bytes: exact, small, and checked when they are read."""

from __future__ import annotations

import sqlite3
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.collector.ledger.packed import _column, pack, parts_of, seconds_of, unpack
from fournines.slo import BUCKET, DAY, HOUR, MINUTE, TIERS

COUNT = st.one_of(st.integers(0, 300), st.integers(0, 2**40))


@given(st.data(), st.sampled_from([tier.width for tier in TIERS]))
def test_a_packed_day_is_the_rows_it_was_made_of(data, width):
    """Rows packed, in any order, at once or one by one, come back: the sums of each bucket, in order, part by part too."""
    index = st.integers(0, DAY // width - 1)
    drawn = data.draw(st.lists(st.tuples(index, COUNT, COUNT, COUNT), min_size=1, max_size=40))
    rows = np.array([(i, good, good + bad, estimated) for i, good, bad, estimated in drawn], np.int64)
    cut = data.draw(st.integers(0, len(rows)))
    blob = pack(width, rows[cut:], pack(width, rows[:cut]))
    expected = [[i, *rows[rows[:, 0] == i, 1:].sum(axis=0).tolist()] for i in sorted(set(rows[:, 0].tolist()))]
    parts = [unpack(blob, number, number) for number in range(parts_of(width))]

    assert expected == unpack(blob).tolist() == np.concatenate(parts).tolist()
    assert blob == pack(width, rows)


@pytest.mark.parametrize(("width", "parts"), [(BUCKET, 24), (MINUTE, 4), (HOUR, 1)])
def test_a_day_is_a_number_of_parts(width, parts):
    """Of 360 buckets each, or all of the day where it has fewer."""
    assert (parts_of(width), seconds_of(width)) == (parts, DAY // parts)
    assert pack(width, np.array([[0, 1, 1, 0]]))[1] == parts


@pytest.mark.parametrize("bits", [8, 16, 32, 40])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_numbers_of_every_size_come_back(bits, off):
    """Numbers are kept as narrow as they are, and whole: at the edges of each width, nought, and even what nobody books."""
    rows = [[0, 1, 1 + 2**bits + off, 0], [7, 0, 0, 2**bits + off], [8, 5, 2, -3]]

    for each in ([rows[0]], [rows[1]], [rows[2]], rows):
        assert unpack(pack(BUCKET, np.array(each, np.int64))).tolist() == each


@pytest.mark.parametrize(
    ("highest", "width"),
    [(0, 0), (1, 1), (255, 1), (256, 2), (2**16 - 1, 2), (2**16, 4), (2**32 - 1, 4), (2**32, 8), (2**62, 8)],
)
def test_a_column_is_as_narrow_as_its_numbers(highest, width):
    """Nothing takes a byte however long the column; other numbers take as many bytes each as the highest one needs."""
    assert len(_column(np.array([0, highest, 0]))) == 1 + 3 * width
    assert len(_column(np.array([highest, highest]))) == 1 + 2 * width
    assert len(_column(np.array([highest, -1]))) == 1 + 2 * 8


@pytest.mark.parametrize("most", [100, 50_000])
def test_a_bucket_takes_a_byte_or_two(most):
    """A day of a busy service, of which a few events fail, is kept in less than its numbers' own bytes."""
    index = np.arange(DAY // BUCKET)
    total = most * (2 + np.sin(index / 1000)) // 3
    rows = np.stack([index, total - index % 2, total, 0 * index], axis=1).astype(np.int64)

    blob = pack(BUCKET, rows)

    assert len(blob) < 2 * len(rows)
    assert (unpack(blob) == rows).all()


PACKED = bytes.fromhex(
    "01042100150000001100780163626062604863646661606028106464606604325c04181980100014d8015078016364606464"
    "610002262086331899000105001378016364604a676464646000000296006e"
)


def test_a_day_that_was_packed_once_is_read_for_ever():
    """The bytes of version 1 as a ledger holds them: four minutes of a day, two of them in its last hours."""
    assert unpack(PACKED).tolist() == [[0, 3, 4, 0], [359, 300, 70_000, 1], [361, 0, 2**33, 2], [1439, 1, 1, 0]]


def part_of(*columns, tail=b""):
    """A packed day of minutes whose only part holds these columns of small numbers."""
    raw = len(columns[0]).to_bytes(2, "little") + b"".join(b"\x01" + bytes(column) for column in columns) + tail
    part = zlib.compress(raw)
    return struct.pack("<BB4H", 1, 4, len(part), 0, 0, 0) + part


@pytest.mark.parametrize(
    "blob",
    [
        part_of([], [], [], []),
        part_of([0], [1], [0], [0], tail=b"\0"),
        part_of([200, 159], [1, 1], [0, 0], [0, 0]),
        part_of([200, 200], [1, 1], [0, 0], [0, 0]),
        b"\x00" + part_of([0], [1], [0], [0])[1:],
        b"\x02" + part_of([0], [1], [0], [0])[1:],
        part_of([0], [1], [0], [0]) + b"\0",
        part_of([0], [1], [0], [0])[:9],
    ],
    ids=[
        "no bucket",
        "more than its buckets",
        "beyond its hours",
        "far beyond",
        "an older version",
        "another version",
        "more than its parts",
        "cut off",
    ],
)
def test_what_can_be_no_day_is_refused(blob):
    """Bytes that unpack, and yet can't be what a day held, are damage."""
    assert unpack(part_of([200, 158], [1, 1], [0, 0], [0, 0])).tolist() == [[200, 1, 1, 0], [359, 1, 1, 0]]
    with pytest.raises(sqlite3.DatabaseError, match="damaged"):
        unpack(blob)


@given(st.binary(max_size=60), st.integers(0, 10**6))
def test_bytes_that_were_not_packed_are_refused(noise, place):
    """A changed, cut off or foreign packed day is never read as numbers that were not written."""
    rows = np.array([(i, i % 7, i % 7 + i % 2, 0) for i in range(0, 8640, 5)], np.int64)
    blob = pack(BUCKET, rows)
    at = place % len(blob)
    for changed in (noise, blob[:at], blob + b"x", blob[:at] + noise + blob[at:]):
        try:
            assert unpack(changed).tolist() == rows.tolist()
        except sqlite3.DatabaseError as error:
            assert "damaged" in str(error)  # noqa: PT017 - either way is right


def test_a_flipped_bit_is_found():
    """Not one bit of what is compressed can change unseen."""
    rows = np.array([(i, i % 7, i % 7 + i % 2, 0) for i in range(0, 8640, 9)], np.int64)
    blob = pack(BUCKET, rows)
    head = 2 + 2 * parts_of(BUCKET)
    for bit in range(head * 8, len(blob) * 8, 97):
        changed = bytearray(blob)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            assert unpack(bytes(changed)).tolist() == rows.tolist()
        except sqlite3.DatabaseError:
            continue
