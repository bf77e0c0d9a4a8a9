"""Intervals of delta streams: each counted once while it is remembered, in whatever company it comes."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector.ledger.schema import migrate
from fournines.collector.receipt import REMEMBERED
from fournines.collector.streams import intervals as module
from fournines.collector.streams.intervals import Intervals

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
    st.sampled_from(["", "fail", "restart"]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(BATCH, max_size=12))
def test_an_interval_is_new_once(batches):
    """What is new is what a plain set says, within a request, across commits, failed commits and restarts."""
    connection = tables()
    intervals, plain = Intervals(connection), set()
    for key, streams, then in batches:
        expected, known = [], set(plain)
        for stream in streams:
            expected.append((key, stream) not in known)
            known.add((key, stream))

        assert expected == intervals.take(key, np.array(streams), 1.0).tolist()
        if then == "fail":
            intervals.forget()
            continue
        commit(intervals, connection)
        plain = known
        if then == "restart":
            intervals = Intervals(connection)

        assert len(plain) + module.COST * len(intervals) == intervals.size
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


def test_orders_that_are_remembered_are_few(connection, monkeypatch):
    """Streams that come in the order of the export before are as known as others, and a flood of metrics fills no memory."""
    monkeypatch.setattr(module, "MOST_ORDERED", 3 * (module.COST + 2))
    intervals = Intervals(connection)
    for number in range(20):
        metric = bytes([number]) * 16
        for interval in (b"1" * 16, b"2" * 16):
            assert [True, True] == intervals.take(metric + interval, np.array([9, 4]), 1.0).tolist()
            assert [False, False] == intervals.take(metric + interval, np.array([9, 4]), 1.0).tolist()
        assert metric in intervals._orders
    assert 3 >= len(intervals._orders)
