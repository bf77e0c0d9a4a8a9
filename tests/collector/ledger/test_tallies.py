"""Running totals and the second each SLO is observed from, whatever commits fail and whoever restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fournines.collector.ledger.buckets import Booked, Buckets
from fournines.collector.ledger.schema import migrate
from fournines.collector.ledger.tallies import MOST_FLOORS, NEVER, Tallies, observed_from
from fournines.slo import HOUR

NOW = 1_790_000_000
SLOS = (1, 2, 63, 64, 500)
SECONDS = st.integers(NOW - 5, NOW)
SOME = st.sets(st.sampled_from(SLOS), min_size=1).map(lambda slos: tuple(sorted(slos)))

STORY = st.lists(
    st.one_of(
        st.tuples(st.just("book"), SOME, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
        st.tuples(st.just("observe"), SOME, SECONDS),
        st.tuples(st.just("observe_each"), st.dictionaries(st.sampled_from(SLOS), SECONDS, min_size=1)),
        st.tuples(st.sampled_from(["commit", "fail", "restart"])),
    ),
    max_size=30,
)


class World:
    """Tallies beside plain dictionaries of what they should say."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        self.connection.executemany("INSERT INTO slo (id, name) VALUES (?, ?)", [(slo, f"slo-{slo}") for slo in SLOS])
        self.totals, self.since = {slo: [0, 0, 0] for slo in SLOS}, {}
        self.restart()

    def restart(self):
        self.buckets = Buckets(self.connection)
        self.tallies = Tallies(self.connection, self.buckets)
        self.booked, self.said = [], {}

    def book(self, slos, good, failed, estimated):
        events = Booked(good, good + failed + estimated, estimated)
        self.buckets.book(slos, NOW, events, NOW)
        self.booked += [(slo, events) for slo in slos]

    def observe(self, slos, second):
        self.tallies.observed(slos, second)
        self.said = earliest(self.said, dict.fromkeys(slos, second))

    def observe_each(self, seconds):
        self.tallies.all_observed(np.array(list(seconds)), np.array(list(seconds.values())))
        self.said = earliest(self.said, seconds)

    def commit(self):
        self._write("COMMIT")
        self.buckets.keep()
        self.tallies.keep()
        for slo, events in self.booked:
            self.totals[slo] = [held + more for held, more in zip(self.totals[slo], events, strict=True)]
        self.since = earliest(self.since, self.said)
        self.booked, self.said = [], {}

    def fail(self):
        self._write("ROLLBACK")
        self.buckets.forget()
        self.tallies.forget()
        self.booked, self.said = [], {}

    def _write(self, end):
        self.connection.execute("BEGIN")
        self.buckets.write(self.connection)
        self.tallies.write(self.connection)
        self.connection.execute(end)


@contextmanager
def world() -> Iterator[World]:
    """One whose connection closes."""
    made = World()
    yield made
    made.connection.close()


def earliest(known, said):
    """What is known, and what was said where that is earlier or the first."""
    return known | {slo: min(second, known.get(slo, second)) for slo, second in said.items()}


@given(STORY)
@example([("observe", (1,), NOW), ("observe", (2,), NOW), ("commit",), ("observe", (1, 2), NOW)])
@example([("observe", (1,), NOW), ("fail",), ("observe", (1,), NOW), ("commit",), ("observe", (1,), NOW - 1)])
def test_totals_are_what_was_booked_and_since_is_the_earliest_said(story):
    """Committed totals are the sums of what was booked, `since` is the earliest second said; what failed never was."""
    with world() as told:
        for step, *what in [*story, ("commit",), ("restart",)]:
            getattr(told, step)(*what)
            tallies, expected = told.tallies, earliest(told.since, told.said)

            assert tallies.changed is (expected != told.since)
            assert [tallies.since_of(slo) for slo in SLOS] == [expected.get(slo, NEVER) for slo in SLOS]
            for slo in range(1, len(tallies.totals)):
                assert tallies.totals[slo].tolist() == told.totals.get(slo, [0, 0, 0])
                assert tallies.since[slo] == told.since.get(slo, NEVER)


def test_room_is_made_where_there_is_none():
    """An SLO that nobody made room for is not observed; room that there is stays what it is."""
    with world() as told:
        tallies = told.tallies
        totals, since, first = tallies.totals, tallies.since, len(tallies.since)
        assert [tallies.since_of(slo) for slo in (first, first + 1)] == [NEVER, NEVER]
        tallies.reserve(first - 1)
        assert (totals is tallies.totals, since is tallies.since) == (True, True)
        tallies.reserve(first)
        assert first < len(tallies.totals) == len(tallies.since)
        beyond = np.array([len(tallies.since), len(tallies.since) + 1])
        tallies.all_observed(beyond, np.array([NOW, NOW - 1]))

        assert [tallies.since_of(slo) for slo in beyond.tolist()] == [NOW, NOW - 1]


@pytest.mark.parametrize("step", [("book", (900,), 1, 1, 1), ("observe", (900,), NOW)])
def test_an_slo_that_came_later_is_counted(step):
    """Room is made for what a commit counts or observes, however far beyond what was known."""
    with world() as told:
        told.connection.execute("INSERT INTO slo (id, name) VALUES (900, 'later')")
        told.totals[900] = [0, 0, 0]
        getattr(told, step[0])(*step[1:])
        told.commit()

        assert told.tallies.totals[900].tolist() == told.totals[900]
        assert told.tallies.since[900] == told.since.get(900, NEVER)


def test_very_many_that_are_booked_together():
    """However many combinations of SLOs are heard of, each is observed from the earliest second said, and few are remembered."""
    with world() as told:
        for other in range(MOST_FLOORS + 5):
            told.tallies.observed((1, 1000 + other), NOW - other)
            assert len(told.tallies._floors) <= MOST_FLOORS

        assert told.tallies.since_of(1) == NOW - MOST_FLOORS - 4
        assert told.tallies.since_of(1000) == NOW


@given(st.lists(st.one_of(st.integers(NOW - 2 * HOUR, NOW + 2 * HOUR), st.integers(-(2**62), 2**62)), min_size=1))
@example([0, 1, NOW - HOUR - 1, NOW - HOUR, NOW + HOUR, NOW + HOUR + 1])
def test_an_events_beginning_is_believed_within_an_hour(began):
    """At most an hour before the bucket; the bucket itself where the beginning is not said, or more than an hour ahead."""
    found = observed_from(np.array(began), NOW).tolist()

    assert [NOW if begun <= 0 or begun > NOW + HOUR else max(begun, NOW - HOUR) for begun in began] == found
