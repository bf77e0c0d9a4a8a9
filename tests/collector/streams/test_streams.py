"""Cumulative streams: every increase once, whatever order points come in and whoever restarts."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import replace
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.collector.ledger.schema import migrate
from fournines.collector.streams import streams as module
from fournines.collector.streams.growth import NO_BOUNDS
from fournines.collector.streams.points import CumulativePoints
from fournines.collector.streams.streams import Cumulatives, PointOutcome

NANO = 10**9
MINUTES = 300
WEEK = 7 * 86_400
NAME = "http.server.request.duration"


class Level(NamedTuple):
    """What a stream says at a time."""

    time: int
    count: int
    bounds: tuple[float, ...] = ()
    buckets: tuple[int, ...] = ()


class Increase(NamedTuple):
    """What a point turned out to add."""

    seen: PointOutcome
    count: int
    quick: dict[float, int | None]

    def within(self, threshold):
        return self.quick[threshold]


def column(*numbers):
    return np.array(numbers, np.int64)


def points_of(rows, since):
    """Points of streams, (stream, start, level) each, as columns; the stream's first letter is its sender."""
    bounds = list({level.bounds: None for _, _, level in rows})
    width = max(8, *(len(level.buckets) for _, _, level in rows))
    return CumulativePoints(
        bounds,
        np.arange(len(rows)),
        np.array([[stream[0], 0] for stream, _, _ in rows], np.uint64),
        column(*(int.from_bytes(stream, "big") for stream, _, _ in rows)),
        column(*(start for _, start, _ in rows)),
        column(*(level.time for _, _, level in rows)),
        column(*(level.count for _, _, level in rows)),
        np.full(len(rows), since),
        column(*(bounds.index(level.bounds) for _, _, level in rows)),
        np.array([level.buckets + (0,) * (width - len(level.buckets)) for _, _, level in rows], np.int64),
    )


def take(streams, start, level, received, stream=b"s", name=NAME):
    """Stages one point, and says what it adds."""
    (taken,) = streams.take(points_of([(stream, start, level)], streams.since(name) or 0), received)
    (seen,) = (seen for seen, count in taken.seen.items() if count)
    quick = {}
    for threshold in (0.1, 0.2) if len(taken.growth.rows) else ():
        within, told = taken.growth.within(threshold)
        quick[threshold] = int(within[0]) if told[0] else None
    return Increase(seen, int(taken.growth.count.sum()), quick)


class Books:
    """Cumulatives in a ledger's tables, committed after every point; `restart` reads them anew."""

    def __init__(self, now):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        self.birth = int(now)
        self.restart()
        self.streams.track([NAME], self.birth)

    def take(self, start, level, received=0.0, stream=b"s"):
        increase = take(self.streams, start, level, received, stream)
        self.commit()
        return increase

    def commit(self):
        self.streams.write(self.connection)
        self.streams.keep()

    def restart(self):
        self.streams = Cumulatives(self.connection, self.birth)


@pytest.fixture
def books(now):
    """Empty books of a ledger born now."""
    made = Books(now)
    yield made
    made.connection.close()


POINTS = st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=25)


@settings(max_examples=40, deadline=None)
@given(POINTS, st.data())
def test_what_is_counted_is_what_was_sent(points, data):
    """A process that counts and restarts, whose points come twice and out of order to a collector that restarts: the newest value of
    each of its lives is counted, once.
    """
    now = 1_790_000_000
    books = Books(now)
    sent, start, value, time = [], now * NANO, 0, now * NANO
    for grown, restarts in points:
        time += NANO
        if restarts:
            start, value = time, 0
            time += NANO
        value += grown
        sent.append((start, time, value))
    order = data.draw(st.permutations(sent + sent[: len(sent) // 2]))
    counted = 0
    for index, (begun, at, level) in enumerate(order):
        counted += books.take(begun, Level(at, level), now).count
        if index % 7 == 3:
            books.restart()
    books.connection.close()

    assert sum({begun: level for begun, _, level in sent}.values()) == counted


def told(taken, first=0):
    """By row: how many events it adds, since when, and how many of them are quick; and how many points turned out to be what."""
    rows, seen = {}, Counter()
    for one in taken:
        quick = [column.tolist() for threshold in (0.1, 0.2) for column in one.growth.within(threshold)]
        numbers = (one.growth.rows + first).tolist()
        rows |= dict(
            zip(numbers, zip(one.growth.count.tolist(), one.growth.start.tolist(), *quick, strict=True), strict=True)
        )
        seen.update(one.seen)
    return rows, +seen


SHAPES = [((), ()), ((0.1,), (2, 1)), ((0.1, 0.2), (1, 1, 1)), ((0.2,), (3, 0)), (tuple(range(11)), (1,) * 12)]
ONE = st.tuples(
    st.sampled_from([b"a1", b"a2", b"b1"]),
    st.sampled_from([0, 1]),
    st.integers(0, 2),
    st.integers(0, 9),
    st.sampled_from(SHAPES),
)
SHUFFLED = [
    [(name, 0, 0, count, SHAPES[2]) for name, count in zip((b"a1", b"a2", b"b1"), counts, strict=True)]
    for counts in ((1, 2, 3), (4, 2, 9), (5, 6, 7))
]


def late(point):
    """The same of half a minute before."""
    return *point[:2], -30, *point[3:]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.lists(ONE, min_size=1, max_size=6), st.sampled_from(["", "commit", "restart"])), max_size=8)
)
@example([(request, "commit") for request in SHUFFLED])
@example([([*SHUFFLED[0], *SHUFFLED[1][:at]], "") for at in (0, 3, 1, 0)])
@example([([*SHUFFLED[0][:at], late(SHUFFLED[1][at]), *SHUFFLED[2][at + 1 :]], "") for at in (0, 1, 2, 1)])
@example([([SHUFFLED[0][0]], ""), ([late(SHUFFLED[1][0]), *SHUFFLED[1][1:]], "")])
def test_points_that_come_together_are_what_they_are_one_after_the_other(requests):
    """Whatever streams a request has points of, in whatever order and number: each adds what it would add in a request of its own."""
    now = 1_790_000_000
    together, alone = (Books(now) for _ in range(2))
    for number, (request, then) in enumerate(requests, 1):
        points = [
            (name, (now + start) * NANO, Level((now + 10 * number + later) * NANO, count, *shape))
            for name, start, later, count, shape in request
        ]
        received, since = now + 10 * number, together.streams.since(NAME)
        expected = {}, Counter()
        for row, point in enumerate(points):
            rows, seen = told(alone.streams.take(points_of([point], since), received), row)
            expected[0].update(rows)
            expected[1].update(seen)
        assert told(together.streams.take(points_of(points, since), received)) == expected
        for books in (together, alone) if then else ():
            books.commit()
            books.restart() if then == "restart" else None
    together.connection.close()
    alone.connection.close()


@pytest.mark.parametrize("later", [0, -1])
def test_what_is_not_newer_adds_nothing(books, now, later):
    """A point of a time that its stream spoke of already, or of one before, is old, whatever it says."""
    start = int(now) * NANO
    books.take(start, Level(start + 5, 10))

    assert (PointOutcome.OLD, 0) == books.take(start, Level(start + 5 + later, 12))[:2]
    assert 4 == books.take(start, Level(start + 6, 14)).count


@pytest.mark.parametrize("start", [0, 1_700_000_000 * NANO])
def test_an_export_without_points_is_one(books, now, start):
    """A stream that the sender's last export had room for, and not in it, began after that: its value counts whole, from there."""
    identity, heard = np.array([ord("s"), 0], np.uint64).tobytes(), int(now + 60) * NANO
    books.streams.hear(identity, heard, now + 60, *([start] if start else ()))
    (taken,) = books.streams.take(points_of([(b"s", start, Level(heard + NANO, 9))], 0), now + 70)

    assert ([9], [heard]) == (taken.growth.count.tolist(), taken.growth.start.tolist())


def test_whatever_is_staged_is_a_change(books, now):
    """A metric that is tracked, a point and an export without points are, each by itself, and not once they are committed."""
    points = points_of([(b"s", 0, Level(int(now) * NANO, 9))], 0)
    for stage in (
        lambda: books.streams.track(["orders"], now),
        lambda: list(books.streams.take(points, now)),
        lambda: books.streams.hear(bytes(16), int(now) * NANO, now),
    ):
        stage()
        assert books.streams.changed
        books.commit()
        assert not books.streams.changed


def test_a_lower_value_is_a_reset(books, now):
    """A value that fell, under the same start, is all new."""
    start = int(now) * NANO
    books.take(start, Level(start + 1, 10))
    fallen = books.take(start, Level(start + 2, 3))

    assert (PointOutcome.RESET, 3) == (fallen.seen, fallen.count)
    assert 2 == books.take(start, Level(start + 3, 5)).count


def test_a_bucket_that_fell_is_a_reset(books, now):
    """A histogram whose buckets fell began anew, though its count grew."""
    start = int(now) * NANO
    books.take(start, Level(start + 1, 10, (0.1,), (10, 0)))
    fallen = books.take(start, Level(start + 2, 12, (0.1,), (0, 12)))

    assert (PointOutcome.RESET, 12, 0) == (fallen.seen, fallen.count, fallen.within(0.1))


@pytest.mark.parametrize(("start", "time"), [(0, 5), (5, 5)])
def test_a_stream_that_does_not_say_when_it_began_is_counted_from_its_first_point(books, now, start, time):
    """With an unknown start (0, or the first point's own time) the first value counts nothing; what is added does."""
    base = int(now) * NANO
    start = start and base + start
    assert (PointOutcome.BASELINE, 0) == (books.take(start, Level(base + time, 100)).seen, 0)

    assert 7 == books.take(start, Level(base + time + 1, 107)).count


@pytest.mark.parametrize(("age", "counted"), [(-10, 9), (0, 9), (MINUTES, 9), (MINUTES + 1, 0), (86_400, 0)])
def test_a_stream_older_than_the_ledger_counts_from_here(books, now, age, counted):
    """The whole value of a stream seen first counts only if it began about when the ledger did, or later."""
    start = (int(now) - age) * NANO
    first = books.take(start, Level((int(now) + 60) * NANO, 9), now)

    assert counted == first.count
    assert 4 == books.take(start, Level((int(now) + 70) * NANO, 13), now).count


def test_a_metric_named_later_counts_from_there(books, now):
    """Streams of a metric that an SLO names later do not bring their past along."""
    books.streams.track(["orders"], now + 3600)
    at = Level(int(now + 3700) * NANO, 50)
    old = take(books.streams, int(now) * NANO, at, now + 3700, b"o", "orders")
    young = take(books.streams, int(now + 3650) * NANO, at._replace(count=5), now, b"y", "orders")

    assert (PointOutcome.BASELINE, 5) == (old.seen, young.count)
    assert int(now + 3600 - MINUTES) * NANO == books.streams.since("orders")
    assert {NAME, "orders"} == books.streams.names
    assert books.streams.since("other") is None


def test_a_forgotten_stream_never_counts_twice(books, now):
    """After a week of rest a stream is forgotten; when it speaks again its value is a baseline, also after a restart."""
    start = int(now) * NANO
    books.take(start, Level(start + 1, 10), now)
    later = now + WEEK + 10
    books.streams.expire(later)
    books.commit()
    assert 0 == len(books.streams)
    books.restart()
    again = books.take(start, Level(int(later) * NANO, 15), later)

    assert PointOutcome.BASELINE is again.seen
    assert 6 == books.take(int(later) * NANO, Level(int(later + 1) * NANO, 6), later).count


def test_a_stream_is_remembered_for_a_week(books, now):
    """To the second after its last point; one that spoke later is remembered beside it, and goes on."""
    start = int(now) * NANO
    books.take(start, Level(start + 1, 10, (0.1,), (10, 0)), now)
    books.take(start, Level(start + 1, 10, (0.2,), (10, 0)), now + 5, stream=b"s-later")
    left = []
    for later in (WEEK, WEEK + 1, WEEK + 5, WEEK + 6):
        books.streams.expire(now + later)
        assert books.streams.changed is (later in {WEEK + 1, WEEK + 6})
        books.commit()
        left.append(len(books.streams))
        assert not books.streams.changed

    assert [2, 1, 1, 0] == left
    assert books.connection.execute("SELECT count(*) FROM boundary").fetchone() == (0,)


@pytest.mark.parametrize("restarts", [False, True])
def test_what_began_before_something_was_forgotten_is_a_baseline(books, now, restarts):
    """Once a sender is forgotten, a stream counts whole that began in the second after its last word, or later; also after a restart."""
    start, later = int(now) * NANO, now + WEEK + 10
    books.take(start, Level(start + 1, 10), now)
    books.take(start, Level(start + 1, 10), now - 100, stream=b"before")
    books.streams.expire(later)
    books.commit()
    if restarts:
        books.restart()
    level = Level(int(later) * NANO, 5)

    assert 5 == books.take(start + NANO, level, later, stream=b"new").count
    assert PointOutcome.BASELINE is books.take(start + NANO - 1, level, later, stream=b"new").seen


def test_a_sender_that_exports_no_points_is_not_forgotten(books, now):
    """Only its streams are, a week after their last points: what began since counts whole, as if nothing were forgotten."""
    start, later = int(now) * NANO, now + WEEK + 10
    books.take(start, Level(start + 1, 10), now)
    books.streams.hear(np.array([ord("s"), 0], np.uint64).tobytes(), int(now + 900) * NANO, now + 900, start)
    books.streams.expire(later)
    books.commit()

    assert 0 == len(books.streams)
    assert 5 == books.take(start + NANO, Level(int(later) * NANO, 5), later, stream=b"other").count


@pytest.mark.parametrize("short", [0, 1])
@pytest.mark.parametrize(("bound", "needed"), [("MOST_STREAMS", 3), ("MOST_NUMBERS", 3 * (4 + 8))])
def test_there_is_a_surplus_beyond_the_bound(books, now, monkeypatch, bound, needed, short):
    """Not where as much is there as there may be; one more goes."""
    start = int(now) * NANO
    for number in range(3):
        books.take(start, Level(start + 1, 1, (0.1,), (1, 0)), now + number, stream=b"s%d" % number)
    monkeypatch.setattr(module, bound, needed - short)
    assert books.streams.is_crowded is bool(short)
    books.streams.expire(now + 10)
    books.commit()

    assert 3 - short == len(books.streams)


def test_what_is_idle_and_too_much_is_forgotten(books, now, monkeypatch):
    """Two reasons are no fewer than one."""
    start = int(now) * NANO
    for number in range(3):
        books.take(start, Level(start + 1, 1), now + number, stream=b"s%d" % number)
    monkeypatch.setattr(module, "MOST_STREAMS", 1)
    books.streams.expire(now + WEEK + 2)
    books.commit()

    assert 1 == len(books.streams)


MANY = 40


@pytest.mark.parametrize("seed", range(MANY))
def test_a_surplus_is_what_stands_furthest_back(seed, monkeypatch):
    """Of every family the newest heard is kept before any's second, and so on, until there are too many, or they take too much."""
    random = Random(seed)
    most, numbers = random.randrange(12), random.randrange(100)
    monkeypatch.setattr(module, "MOST_STREAMS", most)
    monkeypatch.setattr(module, "MOST_NUMBERS", numbers)
    streams = [(random.randrange(3), random.randrange(5), random.randrange(4, 12)) for _ in range(random.randrange(12))]
    places = sorted(range(len(streams)), key=lambda row: (streams[row][0], -streams[row][1], row))
    ranks = {row: sum(streams[other][0] == streams[row][0] for other in places[:at]) for at, row in enumerate(places)}
    order = sorted(places, key=ranks.get)
    kept = {
        row
        for at, row in enumerate(order)
        if at < most and sum(streams[other][2] for other in order[: at + 1]) <= numbers
    }
    gone = module._surplus(*np.array(streams, np.int64).reshape(-1, 3).T)

    assert gone.tolist() == [row not in kept for row in range(len(streams))]


def test_what_failed_was_never_said(books, now):
    """A point whose commit failed is new when it comes again."""
    start = int(now) * NANO
    assert 4 == take(books.streams, start, Level(start + 1, 4), now).count
    books.streams.forget()

    assert 4 == take(books.streams, start, Level(start + 1, 4), now).count


def test_changed_boundaries_never_count_too_much(books, now):
    """When boundaries change, what is within the threshold grows by no more than the events there were, and never shrinks."""
    start = int(now) * NANO
    books.take(start, Level(start + 1, 10, (0.1, 0.2), (5, 5, 0)))
    more = books.take(start, Level(start + 2, 12, (0.1, 0.2, 0.4), (5, 6, 1, 0)))
    less = books.take(start, Level(start + 3, 13, (0.4,), (13, 0)))
    none = books.take(start, Level(start + 4, 14))

    assert [1, 0, None] == [one.within(0.2) for one in (more, less, none)]
    assert [2, 1, 1] == [one.count for one in (more, less, none)]


def test_a_stream_that_may_have_been_forgotten_is_a_baseline(books, now):
    """What its sender's last export did not have counts whole, but not where something was forgotten since the sender was heard first."""
    start = (int(now) - 86_400) * NANO
    old, late = now + 10, now + WEEK + 20
    books.take(start, Level(int(old) * NANO, 10), old)
    books.take(start, Level(int(old) * NANO, 5), old, stream=b"s-idle")
    for moment in (old + 60, late):
        books.take(start, Level(int(moment) * NANO, int(moment)), moment)
    assert 7 == books.take(start, Level(int(late + 60) * NANO, 7), late + 60, stream=b"s-new").count
    books.streams.expire(late + 61)
    books.commit()

    assert PointOutcome.BASELINE is books.take(start, Level(int(late + 90) * NANO, 9), late + 90, stream=b"s-idle").seen


def test_an_export_that_comes_late_tells_nothing_of_what_it_lacks(books, now):
    """A stream in an older export than the newest heard may have been in between: its value is a baseline."""
    start = (int(now) - 86_400) * NANO
    books.take(start, Level(int(now + 60) * NANO, 10), now + 60)
    books.take(start, Level(int(now + 120) * NANO, 12), now + 120)

    assert PointOutcome.BASELINE is books.take(start, Level(int(now + 90) * NANO, 3), now + 121, stream=b"s-new").seen


def test_a_flood_of_streams_pushes_out_its_own(books, now, monkeypatch):
    """Of a surplus the largest family's oldest go; a quiet sender's streams stay, and are what they were."""
    monkeypatch.setattr(module, "MOST_STREAMS", 20)
    start = int(now) * NANO
    books.take(start, Level(start + 1, 5), now, stream=b"quiet")
    for number in range(60):
        books.take(start, Level(start + 2 + number, 1), now + 1 + number, stream=b"x%03d" % number)
    books.streams.expire(now + 70)
    books.commit()
    assert 20 == len(books.streams)
    again = books.take(start, Level(start + 100, 9), now + 80, stream=b"quiet")
    forgotten = books.take(start, Level(start + 100, 9), now + 80, stream=b"x000")

    assert (PointOutcome.INCREASE, 4) == (again.seen, again.count)
    assert PointOutcome.BASELINE is forgotten.seen


def test_wide_histograms_take_the_room_they_need(books, now, monkeypatch):
    """Memory is bounded in numbers, not in streams: of wide histograms fewer are remembered, and none of a quiet sender is pushed out."""
    monkeypatch.setattr(module, "MOST_NUMBERS", 2_000)
    monkeypatch.setattr(module, "ROOM_NUMBERS", 4_000)
    start, bounds = int(now) * NANO, tuple(float(bound) for bound in range(1, 160))
    books.take(start, Level(start + 1, 5), now, stream=b"quiet")
    seen = [
        books.take(start, Level(start + 2, 160, bounds, (1,) * 160), now + number, stream=b"x%03d" % number).seen
        for number in range(40)
    ]
    assert books.streams.is_crowded
    books.streams.expire(now + 50)
    books.commit()
    again = books.take(start, Level(start + 100, 9), now + 80, stream=b"quiet")

    assert PointOutcome.NO_ROOM is seen[-1]
    assert not books.streams.is_crowded
    assert 2_000 // 164 - 1 <= len(books.streams) <= 2_000 // 164 + 1
    assert (PointOutcome.INCREASE, 4) == (again.seen, again.count)


def test_streams_beyond_the_room_count_nothing_and_are_told(books, now, monkeypatch):
    """With no room for a new stream its value is not taken, since its next one could not be told from it; known ones go on."""
    start = int(now) * NANO
    books.take(start, Level(start + 1, 5), now)
    monkeypatch.setattr(module, "ROOM", 1)

    assert (PointOutcome.NO_ROOM, 0) == books.take(start, Level(start + 1, 5), now, stream=b"s-new")[:2]
    assert 2 == books.take(start, Level(start + 2, 7), now).count


@pytest.mark.parametrize(("bound", "needed"), [("ROOM", 5), ("ROOM_NUMBERS", 5 * (4 + 8))])
@pytest.mark.parametrize("short", [0, 1])
def test_room_is_told_to_the_last_stream(books, now, monkeypatch, bound, needed, short):
    """A request's new streams find room where as many as it has points would: all of them or none, and those that are known go on."""
    start, names = int(now) * NANO, [b"s%d" % number for number in range(5)]

    def seen(later, *streams):
        level = Level(start + later, later, (0.1,), (later, 0))
        return told(books.streams.take(points_of([(name, start, level) for name in streams], 0), now))[1]

    seen(1, *names[:2])
    monkeypatch.setattr(module, bound, needed - short)

    assert {PointOutcome.NO_ROOM if short else PointOutcome.INCREASE: 3} == seen(2, *names[2:])
    assert {PointOutcome.INCREASE: 2, PointOutcome.NO_ROOM: 3} == seen(3, *names[:2], b"x0", b"x1", b"x2")
    assert {PointOutcome.INCREASE: 2} == seen(4, *names[:2])


def test_what_was_too_wide_is_nothing_to_compare_with(books, now):
    """A histogram of more buckets than are remembered has none: the next one's are not all new, nor less those of others."""
    start = int(now) * NANO
    rows = [(b"t", start, Level(start + 1, 9, (0.1,), (4, 5))), (b"s", start, Level(start + 1, 9))]
    wide = replace(points_of(rows, 0), bound=column(0, NO_BOUNDS))
    rows, seen = told(books.streams.take(wide, now))
    after = books.take(start, Level(start + 2, 19, (0.1,), (12, 7)))

    assert {PointOutcome.INCREASE: 2} == seen
    assert [(9, True), (9, False)] == [(one[0], one[3]) for one in rows.values()]
    assert (10, None) == (after.count, after.within(0.1))


def test_what_says_the_same_again_adds_nothing(books, now):
    """A newer point of the same value is an increase of nought, and not among those that add events."""
    start = int(now) * NANO
    books.take(start, Level(start + 1, 9))
    (taken,) = books.streams.take(points_of([(b"s", start, Level(start + 2, 9))], 0), now)

    assert (0, 1) == (len(taken.growth.rows), taken.seen[PointOutcome.INCREASE])


def test_rescaled_boundaries_are_compared_where_both_are(books, now):
    """A histogram that lost the boundary nearest the threshold is read by the highest that both have, so that quick stays quick."""
    start = int(now) * NANO
    books.take(start, Level(start + 1, 100, (0.1, 0.19), (90, 10, 0)))
    grown = books.take(start, Level(start + 2, 110, (0.1, 0.4), (99, 11, 0)))

    assert (10, 9) == (grown.count, grown.within(0.2))


def test_an_export_in_several_requests_is_one_export(books, now):
    """A stream whose first value comes in a later part of an export was not in the export before: it counts whole."""
    start = (int(now) - 86_400) * NANO
    for later in (60, 120):
        books.take(start, Level(int(now + later) * NANO, later), now + later)
    part = Level(int(now + 120) * NANO, 7)

    assert 7 == books.take(start, part, now + 121, stream=b"s-part").count


def test_what_is_tracked_is_never_changed_under_a_reader(books):
    """Other threads read the names while SLOs are declared: each change is a new set, one that is forgotten leaves the old."""
    streams = books.streams
    streams.track(["a"], 1.0)
    books.commit()
    before = streams.names
    streams.track(["a", "b"], 2.0)
    staged = streams.names
    streams.forget()
    unchanged = streams.names
    streams.track(["a"], 3.0)
    streams.forget()
    assert streams.names is unchanged

    assert ({NAME, "a"}, {NAME, "a", "b"}, {NAME, "a"}) == (before, staged, streams.names)
    assert streams.since("b") is None
