"""Packed days that are read bucket by bucket: exact at every edge, each part unpacked once."""

from __future__ import annotations

import sqlite3
from random import Random

import numpy as np
import pytest

from fournines.collector.ledger.days import MOST_SHELVED, Shelf, series, sums
from fournines.collector.ledger.packed import PART, pack
from fournines.collector.ledger.schema import migrate
from fournines.slo import BUCKET, DAY, HOUR, TIERS, Interval

START = 1_790_035_200  # midnight


def test_a_part_of_a_day_is_unpacked_once():
    """While few are read; again where something was folded into it, or where as many others were read since as are kept."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    connection.execute("INSERT INTO slo (id, name) VALUES (1, 'one')")
    rows = np.array([[index, 1, 1, 0] for index in range(DAY // BUCKET)], np.int64)
    connection.execute("INSERT INTO day VALUES (?, ?, 1, ?, ?, 0, ?)", (BUCKET, START, 8640, 8640, pack(BUCKET, rows)))
    asked = []
    connection.set_trace_callback(asked.append)
    shelf = Shelf(connection)

    def reads(number, folded=0):
        asked.clear()
        found = shelf.rows(BUCKET, START, number, folded)
        assert found[:, 1].tolist() == list(range(number * PART, (number + 1) * PART))
        return len(asked)

    kept = [reads(number) for number in range(MOST_SHELVED)]
    again = [reads(number) for number in (*range(1, MOST_SHELVED), 0)]
    another = [reads(MOST_SHELVED), reads(0), reads(1)]
    folded = [reads(0, folded) for folded in (1, 1, 0, 0)]
    connection.close()

    assert kept == [1] * MOST_SHELVED
    assert again == [0] * MOST_SHELVED
    assert another == [1, 0, 1]
    assert folded == [1, 0, 1, 0]


@pytest.mark.parametrize(("most", "size"), [(2**31 - 1, 4), (2**31, 8)])
def test_a_part_takes_half_the_room_where_its_counts_are_small(most, size):
    """Rows of all SLOs by their index, exact, in numbers of four bytes where those hold them and of eight where not."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    for slo, rows in ((1, [[0, 9, 9, 0], [5, 1, most, 0]]), (2, [[3, 2, 2, 0]])):
        connection.execute("INSERT INTO slo (id, name) VALUES (?, ?)", (slo, str(slo)))
        blob = pack(BUCKET, np.array(rows, np.int64))
        connection.execute("INSERT INTO day VALUES (?, ?, ?, 0, 0, 0, ?)", (BUCKET, START, slo, blob))
    found = Shelf(connection).rows(BUCKET, START, 0, 0)
    connection.close()

    assert found.tolist() == [[1, 0, 9, 9, 0], [2, 3, 2, 2, 0], [1, 5, 1, most, 0]]
    assert found.itemsize == size


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("seed", range(20))
def test_packed_days_are_summed_to_the_bucket(tier, seed):
    """Whole days by their sums and their edges bucket by bucket, or a series of all, make what a plain sum over the buckets makes."""
    random, width = Random(seed), tier.width
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    connection.execute("UPDATE tier SET packed = ?1, open = ?1 WHERE width = ?2", (START + 3 * DAY, width))
    connection.execute("INSERT INTO slo (id, name) VALUES (1, 'one')")
    booked = {second: random.randrange(9) for second in range(START, START + 3 * DAY, width)}
    for day in range(START, START + 3 * DAY, DAY):
        counts = np.array([booked[second] for second in range(day, day + DAY, width)])
        rows = np.stack([np.arange(len(counts)), 0 * counts, counts, counts], axis=1)
        total = int(counts.sum())
        blob = pack(width, rows)
        connection.execute("INSERT INTO day VALUES (?, ?, 1, 0, ?, ?, ?)", (width, day, total, total, blob))
    edges = [START + random.choice((HOUR, DAY, width)) * random.randrange(3) for _ in range(6)]
    for start, end in (sorted((edge, START + random.randrange(3 * DAY) // width * width)) for edge in edges):
        expected = sum(count for second, count in booked.items() if start <= second < end)
        for found in (
            sums(connection, width, Interval(start, end)),
            series(connection, width, 1, Interval(start, end)),
        ):
            assert found[:, 1:].sum(axis=0).tolist() == [0, expected, expected]
    connection.close()
