"""The ledger's housework: days packed, late events folded in, old ones let go, and every count what it was whatever happens meanwhile."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector.ledger.buckets import Booked, Buckets, kept_from, tier_of
from fournines.collector.ledger.days import Shelf, events_of, history, progress, series, sums
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
        for name, most in (("PACKED", 1), ("DELETED", 3), ("FOLDED", 3), ("DAYS", 2)):
            patch.setattr(f"fournines.collector.ledger.upkeep.{name}_AT_ONCE", most)
        patch.setattr("fournines.collector.ledger.upkeep.FOLDED_FROM", 2)
        yield


@pytest.fixture
def all_at_once(monkeypatch):
    """Housework in steps so large that one of a kind does all of it."""
    for name in ("PACKED", "DELETED", "FOLDED", "DAYS"):
        monkeypatch.setattr(f"fournines.collector.ledger.upkeep.{name}_AT_ONCE", 1000)


class World:
    """A ledger whose time passes, and a plain list of what was booked."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        self.connection.executemany("INSERT INTO slo (id, name) VALUES (?, ?)", [(slo, f"s{slo}") for slo in SLOS])
        self.buckets = Buckets(self.connection)
        self.upkeep = Upkeep(self.connection, self.buckets)
        self.shelf = Shelf(self.connection)
        self.now = float(START)
        self.booked = []

    def close(self):
        self.connection.close()

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
            if not self.step():
                return

    def settle(self):
        """Keeps house until nothing is due; how many steps that took."""
        for steps in range(700):
            if not self.step():
                return steps
        raise AssertionError("the housework never ends")

    def step(self):
        """One transaction of housework; whether any was due."""
        self.upkeep.stage(self.now)
        due = self.upkeep.changed
        self.upkeep.write(self.connection)
        self.upkeep.keep()
        return due

    def pass_to(self, second, slo=2):
        """It is that second, and an event of this one is the newest."""
        self.now = float(second)
        self.book(0, slo, 1, 0)

    def count(self, table):
        """How many rows it has of each width, which most tables hold the same of."""
        found = dict(self.connection.execute(f"SELECT width, count(*) FROM {table} GROUP BY width"))
        return [found.get(tier.width, 0) for tier in TIERS]

    def progress(self):
        return [progress(self.connection, tier.width) for tier in TIERS]

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
        found = sums(world.connection, tier.width, every, world.shelf)
        expected = [world.recount(tier.width, slo, every) for slo in SLOS]
        assert expected == [found[found[:, 0] == slo, 1:].sum(axis=0).tolist() for slo in SLOS]
    totals = {slo: np.zeros(3, np.int64) for slo in SLOS}
    for slo, *events in sums(world.connection, width, interval, world.shelf).tolist():
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


@pytest.fixture
def world():
    """One whose connection closes."""
    made = World()
    with closing(made):
        yield made


@pytest.fixture
def packed(world):
    """One in which an SLO's first day, with an event a part of it, is packed."""
    for age in range(0, DAY, HOUR):
        world.book(-age, 1, 1, 0)
    world.pass_to(START + 2 * DAY)
    world.settle()
    return world


def test_an_empty_ledger_has_no_housework(world):
    """Nothing is due before anything was counted, and a transaction without housework leaves all as it was."""
    before = world.progress()

    assert world.settle() == 0
    assert world.progress() == before


def test_a_day_is_packed_once_it_is_over(world):
    """A day's rows turn into one blob an SLO and width an hour after its end, and the rows go; late events are folded in."""
    for age in range(0, DAY, 10 * MINUTE):
        world.book(-age, 1, 1, 0)
    world.pass_to(START + DAY + HOUR - BUCKET)
    early = (world.settle(), world.count("day"))
    world.pass_to(START + DAY + HOUR)
    world.settle()
    days = world.connection.execute("SELECT day, slo, good, total FROM day ORDER BY width").fetchall()
    rows = world.connection.execute("SELECT min(t) FROM bucket").fetchone()[0]
    world.book(12 * HOUR, 1, 5, 5)
    late = world.count("late")
    world.now += HOUR
    world.settle()
    after = [row[0] for row in world.connection.execute("SELECT total FROM day ORDER BY width")]

    assert early == (0, [0, 0, 0])
    assert days == [(START, 1, DAY // (10 * MINUTE), DAY // (10 * MINUTE))] * 3
    assert rows >= START + DAY
    assert late == [1, 1, 1]
    assert after == [DAY // (10 * MINUTE) + 10] * 3
    assert world.count("late") == [0, 0, 0]


def test_a_day_is_over_when_clock_and_events_passed_it(world):
    """Neither a clock that jumped ahead nor an event from the future closes a day alone."""
    world.book(0, 1, 1, 0)
    world.pass_to(START + DAY + HOUR - BUCKET)
    world.now += 3 * HOUR
    steps = [world.settle()]
    world.now = float(START + DAY + HOUR - BUCKET)
    world.book(-BUCKET, 1, 1, 0)
    steps.append(world.settle())
    world.now += BUCKET

    assert steps == [0, 0]
    assert world.settle() > 0
    assert world.count("day") == [1, 1, 1]


def test_days_of_several_slos_are_packed_at_once(world, all_at_once, monkeypatch):
    """Each SLO gets its own; what an SLO that is no more had between them goes with the rows of the day, and what of it came late."""
    monkeypatch.setattr("fournines.collector.ledger.upkeep.PACKED_AT_ONCE", 3)
    last = 2**32 - 2
    world.connection.execute("INSERT INTO slo (id, name) VALUES (?, 'last')", (last,))
    for slo in (1, 2, last):
        for part in range(24):
            world.book(-part * HOUR, slo, part, 1)
    world.connection.execute("DELETE FROM slo WHERE id = 2")
    world.pass_to(START + 2 * DAY, 1)
    world.settle()
    for slo in (1, 2, last):
        world.book(30 * HOUR, slo, 1, 1)
    world.now += HOUR
    world.settle()
    expected = [(slo, *world.recount(BUCKET, slo, Interval(START, START + DAY))) for slo in (1, last)]
    days = world.connection.execute("SELECT width, slo, good, total, estimated FROM day ORDER BY 1, 2").fetchall()

    assert days == [(tier.width, *day) for tier in TIERS for day in expected]
    assert world.count("late") == [0, 0, 0]
    for tier in TIERS:
        for slo in (1, last):
            series_of = series(world.connection, tier.width, slo, Interval(START, START + DAY))
            assert series_of[:, 1:].sum(axis=0).tolist() == world.recount(HOUR, slo, Interval(START, START + DAY))


def test_late_events_of_neighbouring_days_are_folded_at_once(world, all_at_once):
    """Each into the day it belongs to: the last bucket of one and the first of the next among them."""
    world.book(0, 1, 1, 0)
    world.pass_to(START + DAY, 1)
    world.pass_to(START + 2 * DAY + HOUR)
    world.settle()
    for second in (START + DAY - BUCKET, START + DAY, START + 2 * DAY - BUCKET):
        world.book(world.now - second, 1, 2, 1)
    world.now += HOUR
    world.settle()

    assert world.count("late") == [0, 0, 0]
    for tier in TIERS:
        found = series(world.connection, tier.width, 1, Interval(START, START + 2 * DAY))
        edges = {START, START + DAY - tier.width, START + DAY, START + 2 * DAY - tier.width}
        assert found[:, 0].tolist() == sorted(edges)
        assert found[:, 2].tolist() == [1, 3, 4, 3]


def test_few_late_events_wait_for_an_hour(packed):
    """Since the last time any were folded, whatever else is done meanwhile; many do not wait, and a clock that goes back holds none up."""
    world, folded_at = packed, packed.now
    folded = [at.folded for at in world.progress()]
    world.book(30 * HOUR, 1, 1, 0)
    late = []
    for passed in (0, HOUR // 2, HOUR - 1, HOUR):
        world.now = folded_at + passed
        if passed == HOUR // 2:
            world.connection.execute("DELETE FROM slo WHERE id = 2")
            assert world.settle() > 0
        world.settle()
        late.append(world.count("late"))
    assert late == [[1, 1, 1], [1, 1, 1], [1, 1, 1], [0, 0, 0]]

    for age in (30 * HOUR, 28 * HOUR):
        world.book(age, 1, 1, 0)
    world.settle()
    assert world.count("late") == [0, 0, 0]

    world.book(30 * HOUR, 1, 1, 0)
    world.now -= HOUR
    world.settle()
    assert world.count("late") == [0, 0, 0]
    assert all(at.folded > before for at, before in zip(world.progress(), folded, strict=True))


def test_what_was_folded_is_seen_by_who_read_before(packed):
    """A shelf that a part was unpacked on does not answer for the part once late events are folded into it."""
    interval = Interval(START, START + HOUR)
    read = []
    for _ in range(3):
        read.append([sums(packed.connection, BUCKET, interval, packed.shelf)[:, 2].sum()])
        packed.book(packed.now - START, 1, 1, 0)
        packed.now += HOUR
        packed.settle()

    assert read == [[1], [2], [3]]


def test_a_step_does_a_little_of_everything(world):
    """No tick takes long: of one width a part of one SLO's day is packed, and of each a few rows and days go."""
    for day in range(4):
        for slo in (1, 2):
            for part in range(3):
                world.book(-day * DAY - part * HOUR, slo, 1, 1)
    world.pass_to(START + 4 * DAY + 2 * HOUR, SLOS[2])
    moments = [START + 4 * DAY + 2 * HOUR] * 400 + [START + 8 * DAY] * 100
    busy = []
    for moment in moments:
        if moment != world.now:
            for age in range(3 * DAY, 4 * DAY, 3 * HOUR):
                world.book(age, 1, 1, 0)
            world.pass_to(moment, SLOS[2])
        before = (world.progress(), *(world.count(table) for table in ("bucket", "late", "day")))
        packed = world.connection.execute("SELECT coalesce(sum(total), 0) FROM day").fetchone()[0]
        world.step()
        after = (world.progress(), *(world.count(table) for table in ("bucket", "late", "day")))
        more = world.connection.execute("SELECT coalesce(sum(total), 0) FROM day").fetchone()[0] - packed
        busy.append(sum(then != now for then, now in zip(before[0], after[0], strict=True) if then.packed < then.open))
        gone = [
            [then - now for then, now in zip(*pair, strict=True)] for pair in zip(before[1:], after[1:], strict=True)
        ]
        assert max(gone[0]) <= 3
        assert max(gone[1]) <= 3
        assert max(gone[2]) <= 2
        assert more <= 2 * 6

    assert set(busy) == {0, 1}
    assert not world.step()


def test_a_transaction_that_failed_did_no_housework(packed):
    """What was staged for it is staged again by the next, and waits for nothing."""
    world = packed
    world.now += HOUR
    world.book(30 * HOUR, 1, 1, 0)
    world.upkeep.stage(world.now)
    world.connection.execute("BEGIN")
    world.upkeep.write(world.connection)
    world.connection.execute("ROLLBACK")
    world.upkeep.forget()
    forgotten = world.upkeep.changed
    world.upkeep.write(world.connection)
    assert world.count("late") == [1, 1, 1]
    world.settle()

    assert not forgotten
    assert world.count("late") == [0, 0, 0]


def test_a_tier_lacks_only_what_it_let_go(packed):
    """Packing lets nothing go; once a packed day, or rows never packed, are kept no more, a tier is complete from what it keeps on."""
    world = packed
    complete = [[at.complete for at in world.progress()]]
    for second in (START + 5 * DAY, START + 50 * DAY):
        world.pass_to(second)
        world.settle()
        complete.append([at.complete for at in world.progress()])
    rows = World()
    with closing(rows):
        rows.book(0, 1, 1, 0)
        rows.pass_to(START + 10 * DAY)
        rows.settle()
        unpacked = ([at.complete for at in rows.progress()], rows.count("day"))

    finest, minutes, _ = TIERS
    assert complete == [
        [0, 0, 0],
        [kept_from(finest, START + 5 * DAY), 0, 0],
        [kept_from(finest, START + 50 * DAY), kept_from(minutes, START + 50 * DAY), 0],
    ]
    assert unpacked == ([kept_from(finest, START + 10 * DAY), 0, 0], [0, 1, 1])


def test_a_packed_day_is_kept_as_long_as_its_last_bucket(packed):
    """A tier lets a packed day go in the very second that keeps none of its buckets any more."""
    last = next(
        second for second in range(START + 3 * DAY, START + 6 * DAY) if kept_from(TIERS[0], second) >= START + DAY
    )
    for second, days in ((last - 1, 1), (last, 0)):
        packed.pass_to(second)
        packed.settle()
        held = packed.connection.execute("SELECT count(*) FROM day WHERE width = 10 AND slo = 1").fetchone()[0]

        assert held == days


@pytest.mark.parametrize("days", [1, 3])
def test_slos_that_are_no_more_leave_nothing(world, days):
    """What a dropped SLO counted goes: packed days at once, rows with the day they stand in."""
    for day in range(days):
        for slo in SLOS:
            world.book(-day * DAY, slo, 1, 0)
    world.connection.execute("DELETE FROM slo WHERE id = 2")
    world.settle()
    world.connection.execute("INSERT INTO slo (id, name) VALUES (2, 's2')")
    world.pass_to(START + days * DAY + 2 * HOUR)
    world.settle()
    assert {slo for (slo,) in world.connection.execute("SELECT slo FROM day")} == set(SLOS)
    world.connection.execute("DELETE FROM slo WHERE id = 2")
    world.settle()
    assert {slo for (slo,) in world.connection.execute("SELECT slo FROM day")} == {1, SLOS[2]}
    world.pass_to(START + (days + 1) * DAY + 2 * HOUR, 1)
    world.settle()
    left = {
        slo for table in ("day", "bucket", "late") for (slo,) in world.connection.execute(f"SELECT slo FROM {table}")
    }

    assert left == {1, SLOS[2]}


def test_retention_cuts_packed_days(world):
    """Packed days go when their tier keeps them no more, and the coarser ones stay."""
    world.book(0, 1, 1, 0)
    for day in (*range(5, 40, 5), *range(40, 46)):
        world.pass_to(START + day * DAY, 1)
        world.settle()
    days = {
        width: Interval(first, last + DAY)
        for width, first, last in world.connection.execute("SELECT width, min(day), max(day) FROM day GROUP BY width")
    }

    assert days == {
        width: Interval(START + day * DAY, START + 44 * DAY) for width, day in ((BUCKET, 41), (MINUTE, 10), (HOUR, 0))
    }
