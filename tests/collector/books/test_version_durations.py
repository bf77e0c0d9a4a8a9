"""Durations by version: each event is in one bin, in the same bins whichever version it is of, and few bins are kept."""

from __future__ import annotations

import sqlite3
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector import Signal
from fournines.collector.books.version_durations import (
    BINS,
    MOST_BOUNDS,
    OURS,
    Binned,
    VersionDurations,
    bins_of,
    version_durations,
)
from fournines.collector.books.versions import known_versions
from fournines.collector.ledger.schema import migrate
from fournines.slo import Interval

START = 1_790_000_000
EVER = Interval(0, 2 * START)


@pytest.fixture
def connection():
    """A ledger's tables in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=50))
def test_bins_are_in_order_and_a_quarter_of_an_octave_wide(durations):
    """Who took longer is never in a lower bin, and who is in the same took less than a quarter longer; the ends hold the rest."""
    found = bins_of(np.array(sorted(durations), np.int64)).tolist()

    assert found == sorted(found)
    assert 0 <= found[0] <= found[-1] < BINS
    for number in set(found) - {0, BINS - 1}:
        same = [one for other, one in zip(found, sorted(durations), strict=True) if other == number]
        assert max(same) <= 1.25 * min(same)


@given(
    st.lists(st.floats(0.001, 10, allow_nan=False), min_size=1, max_size=90, unique=True).map(sorted),
    st.data(),
    st.booleans(),
)
def test_buckets_keep_their_events_and_their_order(bounds, data, fixed):
    """However many boundaries there are, no event is lost, and none overtakes another."""
    counts = np.array(
        data.draw(st.lists(st.integers(0, 9), min_size=len(bounds) + 1, max_size=len(bounds) + 1)), np.int64
    )
    found = Binned.of(tuple(bounds), counts, fixed=fixed)

    assert found.counts.sum() == counts.sum()
    assert len(found.counts) == (len(bounds) + 1 if fixed and len(bounds) < BINS else BINS)
    assert (found.bounds == OURS) == (not fixed or len(bounds) >= BINS)
    for end in range(len(counts)):
        lower = counts[:end].sum()
        assert lower in np.cumsum([0, *found.counts]) or not fixed or len(bounds) >= BINS


STEPS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from([(1,), (1, 2)]),
        st.integers(1, 2),
        st.sampled_from([OURS, 7]),
        st.lists(st.integers(0, 10**12), min_size=4, max_size=4),
        st.sampled_from(["go on", "commit", "fail", "reopen"]),
    ),
    max_size=20,
)


@settings(max_examples=50)
@given(STEPS)
def test_what_is_kept_is_what_a_recount_gives(steps):
    """Over commits, failures and restarts, whatever came before into the same bucket."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    part, told, staged = VersionDurations(), Counter(), Counter()
    for at, slos, version, bounds, counts, step in steps:
        t = START + 30 * at
        part.book(slos, t, version, Binned(bounds, np.array(counts, np.int64)))
        staged.update({(slo, t, version, bounds, index): n for slo in slos for index, n in enumerate(counts)})
        if step == "go on":
            continue
        if step == "fail":
            part.forget()
        else:
            part.write(connection, 0)
            part.keep()
            told += staged
        staged.clear()
        part = VersionDurations() if step == "reopen" else part
    found = {
        (slo, t, version, binned.bounds, index): count
        for slo in (1, 2)
        for t, version, binned in version_durations(connection, slo, EVER)
        for index, count in enumerate(binned.counts.tolist())
        if count
    }
    connection.close()

    assert found == +told


def test_boundaries_that_change_all_the_time_do_not_fill_the_ledger(connection):
    """An SLO keeps durations in a few sets of boundaries an hour; what comes in further ones is not compared."""
    part = VersionDurations()
    for number in range(1_000):
        part.book((1,), START, 1, Binned(number, np.array([1, 1])))
    part.write(connection, 0)
    part.keep()

    assert connection.execute("SELECT count(*) FROM version_duration").fetchone() == (MOST_BOUNDS,)


def test_what_is_too_late_is_not_compared(connection):
    """Durations of buckets before the oldest that is open are left out."""
    part = VersionDurations()
    for t in (START, START + 10):
        part.book((1,), t, 1, Binned(OURS, np.ones(BINS, np.int64)))
    part.write(connection, START + 10)
    part.keep()

    assert [each.t for each in version_durations(connection, 1, EVER)] == [START + 10]


def test_a_latency_slo_keeps_the_durations_of_its_own_events(opened, otlp, span, histogram, slo, now):
    """Of spans by our bins, of histograms by theirs; failed events have none, and cumulative streams tell what they grew by."""
    collector = opened(
        [
            slo("spans", threshold="0.25"),
            slo("points", threshold="0.25", signal="http.server.request.duration"),
            slo("all"),
        ]
    )
    spans = [span(now, seconds, status) for seconds, status in ((0.01, 200), (0.01, 200), (3, 200), (3, 500))]
    bodies = [
        (Signal.TRACES, otlp.spans(*spans, version="1")),
        (
            Signal.METRICS,
            otlp.points(histogram(now - 10, now, 7, 3), histogram(now - 10, now, 2, status=500), version="1"),
        ),
        (Signal.METRICS, otlp.points(histogram(now - 20, now - 1, 5, 5), version="2", instance="b", cumulative=True)),
        (Signal.METRICS, otlp.points(histogram(now - 20, now, 9, 7), version="2", instance="b", cumulative=True)),
    ]
    for signal, body in bodies:
        collector.accept(signal, body, now).result()
    connection, rows = collector.ledger.writer, collector.catalogue.rows
    names = {one.number: one.version for one in known_versions(connection, "payments")}
    found = {name: Counter() for name in rows}
    for name, row in rows.items():
        for _, version, binned in version_durations(connection, row, EVER):
            for index in np.flatnonzero(binned.counts).tolist():
                found[name][names[version], index] += int(binned.counts[index])
    quick, slow = bins_of(np.array([10**7, 3 * 10**9])).tolist()

    assert found["spans"] == {("1", quick): 2, ("1", slow): 1}
    assert found["points"] == {("1", 0): 3, ("1", 3): 4, ("2", 0): 7, ("2", 3): 2}
    assert not found["all"]
