"""Buckets: every tier the exact sum of its finer ones, kept as long as promised, read back without loss."""

from __future__ import annotations

import sqlite3
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fournines.collector.ledger.buckets import (
    Booked,
    Buckets,
    bucket_of,
    kept_from,
    latest_end,
    oldest_booked,
    segments,
    sums_by_slo,
    tier_of,
)
from fournines.collector.ledger.schema import migrate
from fournines.collector.ledger.upkeep import Upkeep
from fournines.slo import BUCKET, DAY, HOUR, MINUTE, TIERS, Interval

DAYS = st.integers(0, 500 * DAY)
NANOSECONDS = 10**9


@pytest.fixture
def connection():
    """A ledger in memory, with SLOs 1 and 2."""
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    opened.executemany("INSERT INTO slo (id, name) VALUES (?, ?)", [(1, "one"), (2, "two")])
    yield opened
    opened.close()


@given(
    st.integers(0, 10**6),
    st.one_of(st.integers(0, 500), st.integers(0, 10**6)),
    st.sampled_from([tier.width for tier in TIERS]),
)
@example(1, 2, BUCKET)
@example(1, 2, HOUR)
@example(1, HOUR // BUCKET + 2, MINUTE)
def test_segments_cover_an_interval_once(start, length, finest):
    """Segments follow each other without gap or overlap, none finer than asked at its start, but in what is shorter than that."""
    interval = Interval(start * finest, start * finest + length * BUCKET)
    parts = list(segments(interval, finest))

    if not interval.seconds:
        assert parts == []
        return
    assert interval.start == parts[0][1].start
    assert interval.end == parts[-1][1].end
    assert all(one[1].end == two[1].start for one, two in pairwise(parts))
    assert all(part.start % width == 0 and part.end % width == 0 for width, part in parts)
    assert parts[0][0] >= finest or interval.seconds < finest
    assert sum(part.seconds // width for width, part in parts) <= 2 * (360 + 60) + length * BUCKET // HOUR


@pytest.mark.parametrize("tier", TIERS)
def test_segments_are_as_wide_as_is_asked(tier):
    """And no wider, where wider ones would fit."""
    assert list(segments(Interval(0, DAY), BUCKET, tier.width)) == [(tier.width, Interval(0, DAY))]


@given(DAYS, st.floats(1e9, 2e9))
def test_a_tier_keeps_what_it_promises(age, now):
    """A second is kept in the finest tier that promises its age, and every tier that keeps it is followed by coarser ones that do."""
    t = int(now) - age
    promised = next((index for index, tier in enumerate(TIERS) if age <= tier.kept), None)
    found = tier_of(t, now)

    if promised is not None:
        assert found is not None
        assert found <= promised
    assert all(kept_from(tier, now) % HOUR == 0 for tier in TIERS)


@given(st.floats(1e9, 2e9), st.sampled_from(range(len(TIERS))))
def test_a_tier_lets_go_by_whole_hours(now, index):
    """A tier keeps an hour more than it promises and less than two, from its first bucket on; a second before, the next tier does."""
    first = kept_from(TIERS[index], now)

    assert HOUR <= int(now) - TIERS[index].kept - first < 2 * HOUR
    assert tier_of(first, now) == index
    assert tier_of(first - 1, now) == (index + 1 if index + 1 < len(TIERS) else None)


@given(st.integers(10**9, 2 * 10**9))
def test_what_is_too_old_or_too_early(received):
    """An event may be as old as its second is kept anywhere, to the nanosecond, and end five minutes after it was received."""
    oldest = oldest_booked(received)

    assert tier_of(oldest // NANOSECONDS, received) == len(TIERS) - 1
    assert tier_of((oldest - 1) // NANOSECONDS, received) is None
    assert latest_end(received) == (received + 300) * NANOSECONDS


@given(st.lists(st.integers(0, 2 * 10**18), min_size=1))
def test_an_event_is_booked_into_the_bucket_it_ends_in(booked):
    """The ten seconds that hold its nanosecond."""
    for nanosecond, start in zip(booked, bucket_of(np.array(booked)).tolist(), strict=True):
        assert start % BUCKET == 0
        assert start * NANOSECONDS <= nanosecond < (start + BUCKET) * NANOSECONDS


EVENTS = st.tuples(
    st.integers(0, 45 * DAY), st.integers(0, 5), st.integers(0, 5), st.sampled_from([(1,), (1, 2), (3,)])
)


@given(st.lists(EVENTS, max_size=40))
def test_a_coarse_bucket_is_the_sum_of_its_finer_ones(events):
    """Wherever finer buckets are kept, they add up to the coarser one; where not, the coarser one holds the late event."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    now = 1_790_000_000
    buckets = Buckets(connection)
    for age, good, bad, slos in events:
        buckets.book(slos, now - age, Booked(good, good + bad), now)
        if age % 3 == 0:
            buckets.write(connection)
            buckets.keep()
    buckets.write(connection)
    for finer, coarser in pairwise(TIERS):
        edge = kept_from(finer, now)
        fine = connection.execute(
            "SELECT t / ?1 * ?1, slo, sum(good), sum(total) FROM bucket WHERE width = ?2 GROUP BY 1, 2",
            coarser[:1] + finer[:1],
        ).fetchall()
        coarse = connection.execute(
            "SELECT t, slo, good, total FROM bucket WHERE width = ? AND t >= ?", (coarser.width, edge)
        ).fetchall()
        assert sorted(fine) == sorted(coarse)
    hours = connection.execute("SELECT sum(good), sum(total) FROM bucket WHERE width = ?", (HOUR,)).fetchone()
    connection.close()

    good = sum(good * len(slos) for _, good, _, slos in events)
    total = sum((good + bad) * len(slos) for _, good, bad, slos in events)
    assert (good, total) == tuple(number or 0 for number in hours)


NOW = 1_790_000_000


def staged(events, *, together):
    """Buckets in a ledger of their own with events staged, each (age, SLO, good, bad): by arrays, or one by one."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    buckets = Buckets(connection)
    for age, slo, good, bad in events:
        if together:
            buckets.book_all(NOW - age, np.array([slo]), np.array([good]), np.array([good + bad]), NOW)
        else:
            buckets.book((slo,), NOW - age, Booked(good, good + bad), NOW)
    return connection, buckets


BOOKED = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 300), st.integers(0, 45 * DAY)),
        st.integers(1, 3),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=12,
)


@given(BOOKED)
@example([(10, 1, 1, 0), (10, 3, 1, 0), (10, 2, 1, 1), (10, 3, 2, 1)])
def test_what_is_booked_together_is_what_is_booked_one_by_one(events):
    """By arrays or by themselves, events make the same rows; what was written starts where its tier's buckets do, and adds up."""
    rows = []
    for together in (True, False):
        connection, buckets = staged(events, together=together)
        assert buckets.changed
        buckets.write(connection)
        buckets.keep()
        assert not buckets.changed
        starts = [(slo, t) for slo, t, *_ in buckets.written.tolist()]
        assert len(starts) == len(set(starts))
        assert set(starts) == {
            (slo, (NOW - age) // TIERS[tier].width * TIERS[tier].width)
            for age, slo, *_ in events
            for tier in [tier_of(NOW - age, NOW)]
        }
        assert buckets.by_slo.tolist() == [
            [
                slo,
                sum(good for _, one, good, _ in events if one == slo),
                sum(g + b for _, one, g, b in events if one == slo),
                0,
            ]
            for slo in sorted({slo for _, slo, *_ in events})
        ]
        rows.append(connection.execute("SELECT * FROM bucket ORDER BY width, t, slo").fetchall())
        connection.close()

    assert rows[0] == rows[1]


@given(st.lists(st.tuples(*5 * [st.integers(0, 5)]), max_size=8))
@example([(0, 0, 1, 1, 5), (0, 1, 1, 1, 5)])
@example([(0, 0, 1, 1, 0), (2, 0, 1, 1, 0), (1, 1, 1, 1, 0), (2, 1, 1, 1, 0)])
def test_what_was_written_is_summed_by_slo(rows):
    """Each SLO once, in order, however many buckets of it were written."""
    found = sums_by_slo(np.array(rows, np.int64).reshape(-1, 5))
    slos = sorted({slo for slo, *_ in rows})

    assert found.shape == (len(slos), 4)
    assert found.tolist() == [[slo, *(sum(row[n] for row in rows if row[0] == slo) for n in (2, 3, 4))] for slo in slos]


@given(st.lists(st.tuples(*3 * [st.integers(0, 5)]), min_size=1, max_size=4))
def test_what_is_booked_of_one_bucket_adds_up(booked):
    """Good, total and estimated events, however often they are booked before they are written."""
    connection, buckets = staged([], together=False)
    for events in booked:
        buckets.book((1,), NOW, Booked(*events), NOW)
    buckets.write(connection)
    connection.close()

    assert buckets.written.tolist() == [[1, NOW // BUCKET * BUCKET, *map(sum, zip(*booked, strict=True))]]


@given(BOOKED, st.booleans())
def test_what_failed_never_was(events, together):
    """Events whose transaction failed are in no row and no tier's progress afterwards."""
    connection, buckets = staged(events, together=together)
    before = connection.execute("SELECT * FROM tier").fetchall()
    connection.execute("BEGIN")
    buckets.write(connection)
    connection.execute("ROLLBACK")
    buckets.forget()
    changed = buckets.changed
    buckets.write(connection)
    rows = connection.execute("SELECT count(*) FROM bucket").fetchone()[0]
    after = connection.execute("SELECT * FROM tier").fetchall()
    connection.close()

    assert (changed, rows, buckets.written.tolist()) == (False, 0, [])
    assert after == before


@given(st.lists(st.tuples(st.integers(0, 45 * DAY), st.integers(0, 3 * HOUR)), min_size=1, max_size=4))
def test_a_tier_says_from_when_it_is_complete(events):
    """A tier lacks what came too late for it: it is complete from where it kept everything when the last of that came."""
    connection, buckets = staged([], together=False)
    for age, later in events:
        buckets.book((1,), NOW - age, Booked(1, 1), NOW + later)
    buckets.write(connection)
    complete = dict(connection.execute("SELECT width, complete FROM tier"))
    connection.close()

    for index, tier in enumerate(TIERS):
        missed = [NOW + later for age, later in events if tier_of(NOW - age, NOW + later) > index]
        assert complete[tier.width] == max((kept_from(tier, received) for received in missed), default=0)


@given(BOOKED)
def test_time_passes_as_far_as_events_came(events):
    """A clock that jumped ahead is believed a day beyond the newest bucket, also by who opens the ledger anew."""
    connection, buckets = staged(events, together=False)
    buckets.write(connection)
    buckets.keep()
    newest = max(t for _, t, *_ in buckets.written.tolist())
    again = Buckets(connection)
    connection.close()

    assert buckets.newest == newest
    assert again.newest == newest // HOUR * HOUR
    for opened in (buckets, again):
        assert opened.passed(NOW - 50 * DAY) == NOW - 50 * DAY
        assert opened.passed(NOW + 50 * DAY) == opened.newest + DAY


@given(BOOKED, st.integers(0, 3))
@example([(10, 1, 1, 0), (2 * DAY, 2, 1, 0), (20, 3, 1, 0)], 0)
@example([(2 * DAY, 1, 1, 0), (10, 2, 1, 0), (DAY, 3, 1, 0)], 0)
def test_what_one_commit_writes_of_open_and_closed_days(events, days):
    """What a closed day gets comes late, and the rows of an open one are added to: to the bucket, in every tier."""
    connection, buckets = staged(events, together=False)
    opened = NOW // DAY * DAY - days * DAY
    connection.execute("UPDATE tier SET packed = ?1, open = ?1", (opened,))
    buckets.write(connection)
    for index, tier in enumerate(TIERS):
        kept = [(NOW - age, good + bad) for age, _, good, bad in events if tier_of(NOW - age, NOW) <= index]
        for table, closed in (("late", True), ("bucket", False)):
            query = f"SELECT t, total FROM {table} WHERE width = ? AND total > 0"
            rows = connection.execute(query, (tier.width,)).fetchall()
            assert all((t < opened) is closed for t, _ in rows)
            assert sum(total for _, total in rows) == sum(total for t, total in kept if (t < opened) is closed)
    connection.close()


def test_a_bucket_kept_no_more_is_refused(connection, now):
    """Nothing is booked where nothing is kept."""
    with pytest.raises(ValueError, match="kept no more"):
        Buckets(connection).book((1,), int(now) - 402 * DAY, Booked(1, 1), now)


def test_each_tier_forgets_on_its_own(connection, now, monkeypatch):
    """What a tier keeps no more goes from it, a little at a time, and stays in the coarser ones."""
    buckets = Buckets(connection)
    upkeep = Upkeep(connection, buckets)
    monkeypatch.setattr("fournines.collector.ledger.upkeep.DELETED_AT_ONCE", 5)
    start = int(now) // HOUR * HOUR
    for t in range(start, start + HOUR, MINUTE):
        buckets.book((1,), t, Booked(1, 1), now)
    buckets.write(connection)
    buckets.keep()
    later = now + 4 * DAY
    buckets.book((2,), int(later), Booked(1, 1), later)
    buckets.write(connection)
    buckets.keep()
    upkeep.stage(later)
    assert upkeep.changed
    upkeep.write(connection)
    upkeep.keep()
    some = connection.execute("SELECT count(*) FROM bucket WHERE width = 10").fetchone()[0]
    for _ in range(70):
        upkeep.stage(later)
        upkeep.write(connection)
        upkeep.keep()
    packed = connection.execute("SELECT width, sum(total) FROM day GROUP BY width").fetchall()

    assert 0 < some < 60
    assert 3 == connection.execute("SELECT count(*) FROM bucket").fetchone()[0]
    assert [(60, 60), (3600, 60)] == packed
    assert not upkeep.changed
