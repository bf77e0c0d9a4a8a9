"""Families: what their sender's exports tell of their streams is what a plain dictionary tells, whoever fails and restarts."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from fournines.collector.ledger.schema import migrate
from fournines.collector.streams.families import KEY_SIZE, Families

KEYS = [bytes([number + 1]) * KEY_SIZE for number in range(4)]
FAMILY = st.sampled_from(KEYS)
STORY = st.lists(
    st.one_of(
        st.tuples(
            st.just("hear"),
            st.lists(st.tuples(FAMILY, st.integers(1, 9)), min_size=1, max_size=6),
            st.sampled_from([1, 0, -1]),
        ),
        st.tuples(
            st.just("hear"),
            st.lists(st.tuples(FAMILY, st.integers(1, 9)), min_size=1, max_size=2),
            st.sampled_from([1, 0, -1]),
        ),
        st.tuples(st.just("doubt"), st.lists(st.tuples(FAMILY, st.integers(90, 130)), min_size=1)),
        st.tuples(st.just("expire"), st.sets(FAMILY, max_size=2), st.integers(0, 5), st.integers(0, 4)),
        st.tuples(st.just("settle"), st.sampled_from(["commit", "fail", "restart"])),
    ),
    min_size=8,
    max_size=20,
)


@dataclass(frozen=True)
class Family:
    """What is known of one: when it was heard first and last, its last two exports' times, and its horizon."""

    first: int
    received: int
    time: int
    before: int
    horizon: int


class World:
    """Families beside a dictionary of what they should know."""

    def __init__(self, connection):
        self.connection, self.families = connection, Families(connection)
        self.plain, self.kept, self.now = {}, {}, 100

    def hear(self, points, later):
        """Points, (family, time) each, so much later."""
        self.now += later
        plain, changed = dict(self.plain), self.families.pages.changed
        keys, of = [key for key, _ in points], np.arange(len(points))[::-1].copy()
        times = np.array([time for _, time in points[::-1]])
        heard = self.families.hear(keys, of, times, self.now, 50)
        expected = []
        for key, time in points[::-1]:
            old = self.plain.get(key, Family(self.now, 0, 0, 0, 50))
            last = old.before if self.now == old.received else old.time
            last = old.before if time == last else last
            expected.append((last if time > last else 0, old.first, old.horizon))
        self.plain |= {key: self._heard(key, max(time for one, time in points if one == key)) for key in keys}
        assert list(zip(*(column.tolist() for column in heard), strict=True)) == expected
        assert self.families.pages.changed is (changed or self.plain != plain)

    def _heard(self, key, newest):
        old = self.plain.get(key)
        if old is None:
            return Family(self.now, self.now, newest, 0, 50)
        if newest <= old.time:
            return old
        return replace(old, received=self.now, time=newest, before=old.before if old.received == self.now else old.time)

    def doubt(self, doubted):
        """Streams of these were forgotten."""
        changed = self.families.pages.changed
        self.families.doubt([key for key, _ in doubted], np.array([until for _, until in doubted]))
        for key, until in doubted:
            if key in self.plain:
                self.plain[key] = replace(self.plain[key], horizon=max(until, self.plain[key].horizon))
        assert self.families.pages.changed is (changed or any(key in self.plain for key, _ in doubted))

    def expire(self, living, ago, most):
        """Those without streams go that were not heard since, and of others the longest unheard."""
        until = self.families.expire(living, self.now - ago, most)
        empty = {key: family.received for key, family in self.plain.items() if key not in living}
        left = {key for key, slot in zip(KEYS, self.families.pages.find(KEYS), strict=True) if slot >= 0}
        gone = self.plain.keys() - left
        old = {key for key, received in empty.items() if received < self.now - ago}
        assert left <= self.plain.keys()
        assert old <= gone <= empty.keys()
        assert len(gone) == min(len(empty), max(len(old), len(self.plain) - most))
        assert max((empty[key] for key in gone), default=0) <= min(
            (empty[key] for key in empty.keys() - gone), default=math.inf
        )
        assert until == max((empty[key] + 1 for key in gone), default=0)
        self.plain = {key: self.plain[key] for key in left}

    def settle(self, how):
        """Ends a transaction."""
        if how == "fail":
            self.families.pages.forget()
            self.plain = dict(self.kept)
            return
        self.families.pages.write(self.connection)
        self.families.pages.keep()
        self.kept = dict(self.plain)
        if how == "restart":
            self.families = Families(self.connection)


@given(STORY)
@example([*(("hear", [(key, 1)], 1) for key in KEYS), ("expire", set(), 2, 2)])
@example([("hear", [(KEYS[0], time)], later) for time, later in ((1, 1), (2, 1), (1, 0))])
def test_families_tell_what_a_dictionary_tells(story):
    """The export before, when it was heard first, and its horizon, of each point; the longest unheard go that no stream is left of."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        world = World(connection)
        for step, *what in story:
            getattr(world, step)(*what)
            assert len(world.families.pages) == len(world.plain)
            cells = world.families.pages.cells[world.families.pages.find(list(world.plain))]
            assert cells.tolist() == [list(vars(family).values()) for family in world.plain.values()]


def test_nobody_is_told_nothing():
    """An export without a point changes nothing."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        families = Families(connection)
        heard = families.hear([], np.zeros(0, np.int64), np.zeros(0, np.int64), 5, 3)

    assert [len(column) for column in heard] == [0, 0, 0]
    assert not families.pages.changed


def test_families_stand_first_in_every_ledger():
    """A family is five numbers of eight bytes, on the ledger's first pages, whatever its numbers are: ledgers of before are read so."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        families = Families(connection)
        families.hear(KEYS[:1], np.zeros(1, np.int64), np.array([7]), 5, 3)
        families.pages.write(connection)
        ((number, cells),) = connection.execute("SELECT id, cells FROM page_cells").fetchall()

    assert (number, np.frombuffer(cells[1:], "<i8").tolist()) == (0, [5, 5, 7, 0, 3])


def test_no_points_tell_nothing():
    """A request whose points are all old says nothing of any family."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        families, nothing = Families(connection), np.zeros(0, np.int64)
        heard = families.hear([], nothing, nothing, 5, 3)

        assert [[], [], []] == [column.tolist() for column in heard]
        assert not families.pages.changed
