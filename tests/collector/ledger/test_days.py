"""Counts read back: exact at every edge, whatever form they are in, and a part of a packed day unpacked once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import combinations_with_replacement
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.collector.ledger.buckets import Booked, Buckets, tier_of
from fournines.collector.ledger.days import MOST_SHELVED, Shelf, counted, events_of, history, one_moment, series, sums
from fournines.collector.ledger.packed import PART, pack
from fournines.collector.ledger.schema import migrate
from fournines.slo import BUCKET, DAY, HOUR, MINUTE, TIERS, Interval

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


@pytest.mark.parametrize(("most", "size"), [(2**31 - 1, 4), (2**31, 8), (2**40, 8)])
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
            sums(connection, width, Interval(start, end), Shelf(connection)),
            series(connection, width, 1, Interval(start, end)),
        ):
            assert found[:, 1:].sum(axis=0).tolist() == [0, expected, expected]
    connection.close()


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("seed", range(2))
def test_where_a_bucket_is_read_is_said_by_how_far_its_width_is_packed(tier, seed):
    """Before `packed` from packed days, from there on from rows, and what came late wherever it came.

    Rows that are packed and not gone yet, and days that are not packed to their end, count once.
    """
    random, width = Random(seed), tier.width
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    connection.executemany("INSERT INTO slo (id, name) VALUES (?, ?)", [(1, "one"), (2, "two")])
    packed, opened = START + DAY, START + 2 * DAY
    connection.execute("UPDATE tier SET packed = ?, open = ? WHERE width = ?", (packed, opened, width))
    booked, insert = [], "INSERT INTO {} VALUES (?, ?, ?, ?, ?, ?)"
    for slo in (1, 2):
        for table, until in (("bucket", START + 3 * DAY), ("late", opened)):
            seconds = sorted(random.sample(range(START, until, width), 30) + [packed] * (table == "bucket"))
            rows = {second: (random.randrange(9), random.randrange(9, 20), random.randrange(5)) for second in seconds}
            booked += [(slo, second, *events) for second, events in rows.items()]
            connection.executemany(insert.format(table), [(width, t, slo, *events) for t, events in rows.items()])
            for day in (START, packed) if table == "bucket" else ():
                inside = [[(t - day) // width, *events] for t, events in rows.items() if day <= t < day + DAY]
                blob = pack(width, np.array(inside, np.int64))
                total = np.array(inside)[:, 1:].sum(axis=0).tolist()
                connection.execute("INSERT INTO day VALUES (?, ?, ?, ?, ?, ?, ?)", (width, day, slo, *total, blob))
    shelf = Shelf(connection)
    edges = [START, packed, packed + width, opened, START + 3 * DAY]
    anywhere = [random.sample(range(START, START + 3 * DAY), 2) for _ in range(8)]
    for start, end in [*combinations_with_replacement(edges, 2), *anywhere]:
        expected = {
            slo: [sum(one[count] for one in booked if one[0] == slo and start <= one[1] < end) for count in (2, 3, 4)]
            for slo in (1, 2)
        }
        found = sums(connection, width, Interval(start, end), shelf)
        told = {slo: found[found[:, 0] == slo, 1:].sum(axis=0).tolist() for slo in (1, 2)}
        assert told == expected
        whole = Interval(-(-start // width) * width, -(-end // width) * width)
        each = series(connection, width, 1, whole)
        assert each[:, 1:].sum(axis=0).tolist() == expected[1]
        assert set(each[:, 0].tolist()) <= {second for one, second, *_ in booked if one == 1}
        if width == BUCKET:
            assert list(events_of(connection, 2, whole)) == expected[2]
    connection.close()


def test_a_sum_unpacks_little():
    """Of whole days nothing, of a day's edge the parts it is in, and of a window asked for second by second, by one shelf, each once."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    connection.execute("UPDATE tier SET packed = ?1, open = ?1", (START + 3 * DAY,))
    asked = []
    connection.set_trace_callback(asked.append)
    shelf = Shelf(connection)

    def unpacked(*intervals):
        asked.clear()
        for start, end in intervals:
            sums(connection, BUCKET, Interval(START + start, START + end), shelf)
        return sum("SELECT slo, buckets FROM day" in query for query in asked)

    by_second = unpacked(*((second, HOUR) for second in range(0, HOUR, BUCKET)))
    whole = [unpacked((0, 3 * DAY)), unpacked((DAY, 2 * DAY))]
    edges = [unpacked((DAY - BUCKET, 2 * DAY)), unpacked((0, DAY + BUCKET)), unpacked((5 * HOUR, 7 * HOUR))]
    connection.close()

    assert by_second == 1
    assert whole == [0, 0]
    assert edges == [1, 1, 2]


NOW = START + 2 * HOUR + 50
AGES = st.one_of(st.integers(0, 3 * HOUR), st.integers(2 * DAY, 5 * DAY), st.integers(34 * DAY, 60 * DAY))
STEPS = st.sampled_from([BUCKET, 50, MINUTE, 90, 300, HOUR, 2 * HOUR, DAY])


@settings(max_examples=25)
@given(st.lists(st.tuples(AGES, st.integers(0, 2), st.integers(0, 2)), max_size=20), AGES, AGES, STEPS, STEPS)
@example([(age, 1, 0) for age in range(0, 4 * HOUR, 300)], 3 * HOUR, 3 * HOUR, HOUR, BUCKET)
@example([(age, 1, 0) for age in range(0, 4 * HOUR, 70)], 3 * HOUR, 3 * HOUR, MINUTE, BUCKET)
@example([(50 * DAY - 2 * HOUR + 20, 1, 0)], 50 * DAY, 2 * HOUR, HOUR, BUCKET)
def test_a_history_is_told_by_the_finest_buckets_kept(events, first, length, step, edge):
    """Each event stands in the step of the bucket it is kept in at its age; steps without an event are not told."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        buckets, expected = Buckets(connection), {}
        start = (NOW - first) // edge * edge
        end = start + length // BUCKET * BUCKET
        for age, good, bad in events:
            buckets.book((1,), NOW - age, Booked(good, good + bad), NOW)
            width = TIERS[tier_of(NOW - age, NOW)].width
            second = (NOW - age) // width * width
            if start <= second < end:
                point = expected.setdefault(start + (second - start) // step * step, [0, 0])
                point[0] += good
                point[1] += good + bad
        buckets.write(connection)
        for _ in range(2):
            found = history(connection, 1, Interval(start, end), step, NOW)
            assert found == [(t, *counts) for t, counts in sorted(expected.items()) if counts[1]]


@pytest.mark.parametrize(
    ("step", "after", "width"),
    [
        (BUCKET, 0, BUCKET),
        (90, 0, BUCKET),
        (MINUTE, 0, MINUTE),
        (300, 0, MINUTE),
        (HOUR, 0, HOUR),
        (DAY, 0, HOUR),
        (HOUR, 5 * MINUTE, MINUTE),
        (HOUR, BUCKET, BUCKET),
        (90, HOUR + BUCKET, BUCKET),
    ],
)
def test_a_history_is_read_from_the_widest_buckets_that_fit(step, after, width):
    """Its steps and its start: there are fewest of them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        for tier in TIERS:
            rows = [(tier.width, t, 1, 0, 1, 0) for t in range(START, START + 5 * HOUR, tier.width)]
            connection.executemany("INSERT INTO bucket VALUES (?, ?, ?, ?, ?, ?)", rows)
        start = START + after
        for length in (HOUR, 2 * HOUR):
            points = history(connection, 1, Interval(start, start + length), step, START + DAY)

            assert sum(total for _, _, total in points) == length // width


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 5 * HOUR), *3 * [st.integers(0, 3)]), min_size=1, max_size=20),
    st.integers(0, 5 * HOUR),
    st.integers(0, 5 * HOUR),
)
@example([(age, 1, 2, 3) for age in range(0, 5 * HOUR, 50)], 4 * HOUR, 3 * HOUR + 50)
@example([(0, 1, 2, 3)], 0, 0)
def test_the_events_of_an_interval_are_counted_from_buckets_of_any_width(events, first, length):
    """Good, total and estimated ones, each once; an interval without a second has none."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        buckets = Buckets(connection)
        interval = Interval((NOW - first) // BUCKET * BUCKET, (NOW - first + length) // BUCKET * BUCKET)
        for age, *counts in events:
            buckets.book((1,), NOW - age, Booked(*counts), NOW)
        buckets.write(connection)
        inside = [counts for age, *counts in events if interval.start <= (NOW - age) // BUCKET * BUCKET < interval.end]

        assert counted(connection, 1, interval, BUCKET) == tuple(map(sum, zip((0, 0, 0), *inside, strict=True)))


def test_what_is_read_in_one_moment_is_of_that_moment(tmp_path):
    """Whatever is committed meanwhile is there afterwards, and not before."""
    with closing(_opened(tmp_path)) as writing, closing(_opened(tmp_path)) as reading:
        migrate(writing)
        with one_moment(reading):
            before = _names(reading)
            writing.execute("INSERT INTO slo (id, name) VALUES (1, 'one')")
            assert _names(reading) == before == []

        assert _names(reading) == [("one",)]
        assert not reading.in_transaction


def _opened(folder):
    connection = sqlite3.connect(folder / "ledger", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    return connection


def _names(connection):
    return connection.execute("SELECT name FROM slo").fetchall()
