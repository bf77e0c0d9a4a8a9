"""Intervals of delta streams: each counted once while it is remembered, in whatever company it comes."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.collector.ledger.schema import migrate
from fournines.collector.receipt import REMEMBERED
from fournines.collector.streams import intervals as module
from fournines.collector.streams.intervals import Intervals
from fournines.slo import DAY

KEYS = [bytes([number + 1]) * 32 for number in range(3)]
"""Of 16 bytes of identity, 8 of start and 8 of end."""


def tables():
    """An empty ledger's."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


def commit(intervals, connection):
    """Ends a transaction that succeeds."""
    intervals.write(connection)
    intervals.keep()


BATCH = st.tuples(
    st.sampled_from(KEYS),
    st.lists(st.integers(-4, 4), min_size=1, max_size=9),
    st.sampled_from(["more", "commit", "fail", "restart"]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(BATCH, max_size=12))
@example([(key, streams, then) for then in ("more", "restart") for key in KEYS for streams in ([3, 1], [2, 1])])
def test_an_interval_is_new_once(batches):
    """What is new is what a plain set says, within a request and a commit, across commits, failed commits and restarts."""
    connection = tables()
    intervals, seen, kept = Intervals(connection), set(), set()
    for key, streams, then in batches:
        expected = []
        for stream in streams:
            expected.append((key, stream) not in seen)
            seen.add((key, stream))

        assert expected == intervals.take(key, np.array(streams), 1.0).tolist()
        if then == "more":
            continue
        if then == "fail":
            intervals.forget()
            seen = set(kept)
        else:
            commit(intervals, connection)
            kept = set(seen)
        if then == "restart":
            intervals = Intervals(connection)

        assert len(kept) + module.COST * len(intervals) == intervals.size
    connection.close()


@pytest.fixture
def connection():
    """To an empty ledger's tables."""
    made = tables()
    yield made
    made.close()


def test_intervals_are_forgotten(connection):
    """After its 15 minutes an interval goes from memory and ledger, unless some of its streams came later."""
    intervals = Intervals(connection)
    for key, stream, seen in ((KEYS[0], 1, 1000.0), (KEYS[1], 1, 1000.0), (KEYS[1], 2, 1500.0)):
        intervals.take(key, np.array([stream]), seen)
        commit(intervals, connection)
    intervals.expire(1000 + REMEMBERED)
    assert not intervals.changed
    intervals.expire(1002 + REMEMBERED)
    commit(intervals, connection)
    assert 1 == len(intervals)
    intervals.expire(1502 + REMEMBERED)
    commit(intervals, connection)

    assert (0, 0) == (len(intervals), intervals.size)
    assert 0 == connection.execute("SELECT count(*) FROM interval").fetchone()[0]


def test_memory_of_intervals_is_bounded(connection, monkeypatch):
    """Beyond the bound nothing more is remembered, and that is counted; what is known stays known."""
    monkeypatch.setattr(module, "MOST", 1000)
    intervals = Intervals(connection)
    for number in range(100):
        assert intervals.take(number.to_bytes(32, "big"), np.arange(100), 1.0).all()
        commit(intervals, connection)

    assert intervals.size <= 1000
    assert 100 * (100 - len(intervals)) == intervals.dropped
    assert not intervals.take(bytes(32), np.arange(100), 1.0).any()


def test_many_small_parts_of_one_interval_stay_quick_to_look_up(connection):
    """An export that comes a stream at a time is kept in few columns."""
    intervals = Intervals(connection)
    for stream in range(500):
        assert intervals.take(KEYS[0], np.array([stream]), 1.0).all()
        commit(intervals, connection)

    assert len(intervals._groups[KEYS[0]].columns) <= 10


def test_streams_that_come_in_a_known_order_are_as_known_as_others(connection):
    """A metric's order is that of its last export, whatever interval it was of."""
    intervals = Intervals(connection)
    for number in range(3):
        metric = bytes([number]) * 16
        for interval in (b"1" * 16, b"2" * 16):
            assert [True, True] == intervals.take(metric + interval, np.array([9, 4]), 1.0).tolist()
            assert [False, False] == intervals.take(metric + interval, np.array([9, 4]), 1.0).tolist()
        assert [4, 9] == intervals._orders.get(metric).ordered.tolist()


@pytest.mark.parametrize(("streams", "dropped"), [((936,), 0), ((937,), 937), ((100, 772), 0), ((100, 773), 773)])
def test_memory_of_intervals_is_bounded_to_the_last_stream(connection, monkeypatch, streams, dropped):
    """An interval costs its streams and something beside: what would pass the bound is dropped, what would reach it is not."""
    monkeypatch.setattr(module, "MOST", 1000)
    monkeypatch.setattr(module, "COST", 64)
    intervals = Intervals(connection)
    for key, number in zip(KEYS, streams, strict=False):
        intervals.take(key, np.arange(number), 1.0)

    assert dropped == intervals.dropped


NOW = 1_790_000_000


@pytest.mark.parametrize(
    ("seen", "stays"),
    [(-901, False), (-900, True), (-899, True), (0, True), (DAY - 1, True), (DAY, False), (2 * DAY, False)],
)
def test_what_is_old_or_of_a_clock_far_ahead_is_forgotten(connection, seen, stays):
    """An interval is remembered from 15 minutes ago to a day ahead, in memory and in the ledger, however often it came."""
    intervals = Intervals(connection)
    intervals.expire(NOW)
    assert not intervals.changed
    for stream in (1, 2):
        intervals.take(KEYS[0], np.array([stream]), NOW + seen)
        assert intervals.changed
        commit(intervals, connection)
        assert not intervals.changed
    intervals.expire(NOW)
    assert intervals.changed is not stays
    commit(intervals, connection)

    assert (stays, 2 * stays) == (len(intervals), connection.execute("SELECT count(*) FROM interval").fetchone()[0])
    assert (module.COST + 2) * stays == intervals.size
    assert stays == (not intervals.take(KEYS[0], np.array([1, 2]), NOW).any())


@pytest.mark.parametrize("seen", [(-902, -901, -900, 0), (2 * DAY, DAY, DAY - 1, 0)])
def test_what_is_forgotten_takes_no_other_along(connection, seen):
    """What came after what goes stays, to the second."""
    intervals = Intervals(connection)
    for number, second in enumerate(seen):
        intervals.take(bytes([number]) * 32, np.array([1]), NOW + second)
        commit(intervals, connection)
    intervals.expire(NOW)
    commit(intervals, connection)

    assert 2 == len(intervals) == connection.execute("SELECT count(*) FROM interval").fetchone()[0]
