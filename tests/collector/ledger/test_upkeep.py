"""The ledger's housework: days packed, late events folded in, old ones let go, and every count what it was whatever happens meanwhile."""

from __future__ import annotations

import sqlite3
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector.ledger.buckets import Booked, Buckets, kept_from, tier_of
from fournines.collector.ledger.days import events_of, history, progress, series, sums
from fournines.collector.ledger.schema import migrate
from fournines.collector.ledger.upkeep import Upkeep
from fournines.collector.ledger.verify import verify
from fournines.slo import BUCKET, DAY, HOUR, MINUTE, TIERS, Interval

START = 1_790_035_200  # midnight
SLOS = (1, 2, 3)
WIDTHS = st.sampled_from([tier.width for tier in TIERS])


@pytest.fixture(autouse=True, scope="module")
def _little_by_little():
    """Housework in steps so small that every state in between is met."""
    with pytest.MonkeyPatch.context() as patch:
        for name, most in (("PACKED", 360), ("DELETED", 3), ("FOLDED", 3), ("DAYS", 2)):
            patch.setattr(f"fournines.collector.ledger.upkeep.{name}_AT_ONCE", most)
        patch.setattr("fournines.collector.ledger.upkeep.FOLDED_FROM", 2)
        yield


class World:
    """A ledger whose time passes, and a plain list of what was booked."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        self.connection.executemany("INSERT INTO slo (id, name) VALUES (?, ?)", [(slo, f"s{slo}") for slo in SLOS])
        self.buckets = Buckets(self.connection)
        self.upkeep = Upkeep(self.connection, self.buckets)
        self.now = float(START)
        self.booked = []

    def book(self, age, slo, good, bad):
        t = int(self.now - age)
        tier = tier_of(t, self.now)
        if tier is None or not good + bad:
            return
        self.buckets.book((slo,), t, Booked(good, good + bad, bad), self.now)
        self.buckets.write(self.connection)
        self.connection.execute(
            "UPDATE slo SET good = good + ?, total = total + ?, estimated = estimated + ? WHERE id = ?",
            (good, good + bad, bad, slo),
        )
        self.buckets.keep()
        self.booked.append((slo, t // TIERS[tier].width * TIERS[tier].width, good, good + bad, bad, TIERS[tier].width))

    def keep_house(self, times):
        for _ in range(times):
            self.upkeep.stage(self.now)
            if not self.upkeep.changed:
                return
            self.upkeep.write(self.connection)
            self.upkeep.keep()

    def recount(self, width, slo, interval):
        found = Counter()
        for one in self.booked:
            if one[0] == slo and interval.start <= one[1] < interval.end and one[5] <= width:
                found.update({"good": one[2], "total": one[3], "estimated": one[4]})
        return [found["good"], found["total"], found["estimated"]]


STORY = st.lists(
    st.one_of(
        st.tuples(
            st.just("book"),
            st.one_of(st.integers(0, 300), st.integers(0, 6 * DAY), st.integers(0, 60 * DAY)),
            st.sampled_from(SLOS),
            st.integers(0, 3),
            st.integers(0, 2),
        ),
        st.tuples(
            st.just("book"), st.integers(0, 3 * DAY), st.sampled_from(SLOS), st.integers(0, 3), st.integers(0, 2)
        ),
        st.tuples(st.just("house"), st.integers(1, 30)),
        st.tuples(st.just("day"), st.integers(1, 200)),
        st.tuples(st.just("pass"), st.one_of(st.integers(0, 2 * DAY), st.integers(0, HOUR), st.integers(0, 40 * DAY))),
    ),
    max_size=40,
)


@settings(max_examples=50, deadline=None)
@given(STORY, st.data())
def test_counts_equal_a_recount_whatever_form_they_are_in(tmp_path_factory, story, data):
    """Sums, series and histories of any interval equal a recount at every moment: rows, packed days, late rows, and all in between.

    So do totals; coarse buckets stay the sums of fine ones; and `verify` agrees.
    """
    world = World()
    for kind, *what in story:
        if kind == "book":
            world.book(*what)
        elif kind == "house":
            world.keep_house(*what)
        elif kind == "day":  # one passes, and so much of it is packed
            world.book(0, 1, 1, 0)
            world.now += 26 * HOUR
            world.book(0, 2, 1, 1)
            world.keep_house(*what)
        else:
            world.now += what[0]
    width = data.draw(WIDTHS)
    oldest = max(
        kept_from(next(t for t in TIERS if t.width == width), world.now), progress(world.connection, width).complete
    )
    start = data.draw(st.integers(oldest // width, int(world.now) // width)) * width
    interval = Interval(-(-start // width) * width, start + data.draw(st.integers(0, 5 * DAY // width)) * width)
    for tier in TIERS:
        kept = max(kept_from(tier, world.now), progress(world.connection, tier.width).complete)
        every = Interval(kept, int(world.now) // HOUR * HOUR + DAY)
        found = sums(world.connection, tier.width, every)
        expected = [world.recount(tier.width, slo, every) for slo in SLOS]
        assert expected == [found[found[:, 0] == slo, 1:].sum(axis=0).tolist() for slo in SLOS]
    totals = {slo: np.zeros(3, np.int64) for slo in SLOS}
    for slo, *events in sums(world.connection, width, interval).tolist():
        totals[slo] += events
    for slo in SLOS:
        expected = world.recount(width, slo, interval)
        assert expected == totals[slo].tolist()
        assert expected == series(world.connection, width, slo, interval)[:, 1:].sum(axis=0).tolist()
        if width == BUCKET:
            assert expected == list(events_of(world.connection, slo, interval))
        points = history(
            world.connection,
            slo,
            Interval(int(world.now) // DAY * DAY - 50 * DAY, int(world.now) + DAY),
            DAY,
            world.now,
        )
        hours = world.recount(HOUR, slo, Interval(int(world.now) // DAY * DAY - 50 * DAY, int(world.now) + DAY))
        assert hours[:2] == [sum(p.good for p in points), sum(p.total for p in points)]
    path = tmp_path_factory.mktemp("copy") / "copy.db"
    world.connection.execute("VACUUM INTO ?", (str(path),))
    world.connection.close()
    verdict = verify(path)
    assert verdict.sound, str(verdict)


def test_a_day_is_packed_once_it_is_over(monkeypatch):
    """A day's rows turn into one blob an SLO and width an hour after its end, and the rows go; late events are folded in."""
    monkeypatch.undo()
    world = World()
    for age in range(MINUTE, DAY + MINUTE, MINUTE):
        world.book(age - DAY, 1, 1, 0)
    world.now += DAY + 30 * MINUTE
    world.book(0, 2, 1, 0)
    world.keep_house(10)
    assert 0 == world.connection.execute("SELECT count(*) FROM day").fetchone()[0]
    world.now += HOUR
    world.book(0, 2, 1, 0)
    world.keep_house(10_000)
    days = world.connection.execute("SELECT width, day, slo, total FROM day ORDER BY width").fetchall()
    world.book(12 * HOUR, 1, 5, 5)
    late = world.connection.execute("SELECT count(*) FROM late").fetchone()[0]
    world.now += 2 * HOUR
    world.keep_house(10_000)
    after = [row[0] for row in world.connection.execute("SELECT total FROM day ORDER BY width")]
    rest = world.connection.execute("SELECT count(*) FROM late").fetchone()[0]
    rows = world.connection.execute("SELECT min(t) FROM bucket").fetchone()[0]
    world.connection.close()

    assert [(width, START, 1, DAY // MINUTE) for width in (10, 60, 3600)] == days
    assert (3, 0) == (late, rest)
    assert [DAY // MINUTE + 10] * 3 == after
    assert rows >= START + DAY


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3 * DAY), st.sampled_from(SLOS)), min_size=2, max_size=12))
def test_late_and_fresh_events_of_one_commit(events):
    """What one transaction writes of closed and open days finds its place: late rows before `open`, others from there on."""
    world = World()
    world.book(0, 1, 1, 0)
    world.now += 2 * DAY
    world.book(0, 2, 1, 0)
    world.keep_house(1000)
    for age, slo in events:
        world.buckets.book((slo,), int(world.now) - age, Booked(1, 1), world.now)
    world.buckets.write(world.connection)
    for tier in TIERS:
        opened = progress(world.connection, tier.width).open
        late, fresh = (
            world.connection.execute(
                f"SELECT min(t), max(t), sum(total) FROM {table} WHERE width = ?", (tier.width,)
            ).fetchone()
            for table in ("late", "bucket")
        )

        assert opened == START + DAY
        assert late[1] is None or late[1] < opened
        assert fresh[0] is None or fresh[0] >= opened
        assert (late[2] or 0) == sum(int(world.now) - age < opened for age, _ in events)
    world.connection.close()


def test_a_day_is_closed_an_hour_after_its_end():
    """To the second: until then its late events find rows, from then on it is packed."""
    for second, days in ((START + DAY + HOUR - BUCKET, 0), (START + DAY + HOUR, 3)):
        world = World()
        world.book(0, 1, 1, 0)
        world.now = float(second)
        world.book(0, 2, 1, 0)
        world.keep_house(1000)
        packed = world.connection.execute("SELECT count(*) FROM day WHERE slo = 1").fetchone()[0]
        world.connection.close()

        assert packed == days


def test_a_packed_day_is_kept_as_long_as_its_last_bucket():
    """A tier lets a packed day go in the very second that keeps none of its buckets any more."""
    world = World()
    world.book(0, 1, 1, 0)
    world.now += 2 * DAY
    world.book(0, 2, 1, 0)
    world.keep_house(1000)
    last = next(
        second for second in range(START + 3 * DAY, START + 6 * DAY) if kept_from(TIERS[0], second) >= START + DAY
    )
    for second, days in ((last - 1, 1), (last, 0)):
        world.now = float(second)
        world.book(0, 2, 1, 0)
        world.keep_house(1000)
        held = world.connection.execute("SELECT count(*) FROM day WHERE width = 10 AND slo = 1").fetchone()[0]

        assert held == days
    world.connection.close()


def test_slos_that_are_no_more_leave_nothing():
    """What a dropped SLO counted goes: packed days at once, rows with the day they stand in."""
    world = World()
    for slo in SLOS:
        world.book(100, slo, 1, 0)
    world.now += 2 * DAY
    world.book(0, 1, 1, 0)
    world.book(0, 2, 1, 0)
    world.keep_house(1000)
    assert {1, 2, 3} == {slo for (slo,) in world.connection.execute("SELECT slo FROM day")}
    world.connection.execute("DELETE FROM slo WHERE id = 2")
    world.keep_house(1000)
    assert {1, 3} == {slo for (slo,) in world.connection.execute("SELECT slo FROM day")}
    world.now += 2 * DAY
    world.book(0, 1, 1, 0)
    world.keep_house(1000)
    left = {
        slo for table in ("day", "bucket", "late") for (slo,) in world.connection.execute(f"SELECT slo FROM {table}")
    }
    world.connection.close()

    assert {1, 3} == left


def test_retention_cuts_packed_days():
    """Packed days go when their tier keeps them no more, and the coarser ones stay."""
    world = World()
    world.book(0, 1, 1, 0)
    for _ in range(45):
        world.now += DAY
        world.book(0, 1, 1, 0)
        world.keep_house(300)
    days = {
        width: Interval(first, last + DAY)
        for width, first, last in world.connection.execute("SELECT width, min(day), max(day) FROM day GROUP BY width")
    }
    world.connection.close()

    assert 3 <= days[10].seconds // DAY <= 4
    assert 35 <= days[60].seconds // DAY <= 36
    assert START == days[3600].start
