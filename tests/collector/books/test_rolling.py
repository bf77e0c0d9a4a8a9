"""Windows as running sums equal a recount, whatever happens in between."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.collector.books import rolling as module
from fournines.collector.books.rolling import Rolling
from fournines.collector.ledger.buckets import Booked, Buckets, tier_of
from fournines.collector.ledger.schema import migrate
from fournines.collector.ledger.upkeep import Upkeep
from fournines.slo import DAY, HOUR, MINUTE, TIERS, CalendarWindow, Window

WINDOWS = [
    *(Window(seconds) for seconds in (10, 5 * MINUTE, 7 * MINUTE + 30, HOUR, 6 * HOUR, 3 * DAY, 30 * DAY, 36 * DAY)),
    CalendarWindow(1, "d", zone="America/St_Johns"),
    CalendarWindow(1, "w", zone="Europe/Berlin"),
    CalendarWindow(1, "M", zone="Asia/Kolkata"),
    CalendarWindow(1, "Q", zone="Asia/Kathmandu"),
]
START = 1_790_000_000
AUTUMN = 1_792_886_400
"""An hour before clocks are put back in Europe, a week before the month ends."""

QUARTER, MONTH = 1_790_792_100, 1_790_793_000
"""Where the quarter begins in Nepal, and the month in India."""

EVENT = st.tuples(
    st.one_of(st.integers(-20, 400), st.integers(0, 40 * DAY)), st.integers(1, 3), st.integers(0, 2), st.integers(0, 1)
)
COMMIT = st.tuples(st.just("commit"), st.lists(EVENT, max_size=3))
PASS = st.tuples(st.just("pass"), st.one_of(st.integers(0, 30), st.integers(0, 5000), st.integers(-900, 30 * HOUR)))
ASK = st.tuples(st.just("ask"), st.sets(st.sampled_from(WINDOWS), min_size=1))
RESTART = st.tuples(st.just("restart"))
UPKEEP = st.tuples(st.just("upkeep"), st.integers(1, 12))

ASK_ALL = ("ask", set(WINDOWS))
EDGES = [
    ASK_ALL,
    *(
        ("commit", [(age, 1, 1, 1) for age in ages])
        for ages in ([], [-10], [-20], [3600], [3610], [3610, 3600], [0, -10])
    ),
    *[ASK_ALL, ("pass", 10)] * 4,
]
"""Events at both ends of an hour, and before and behind it: alone in their commit, and not."""

BEGUN = [
    ("pass", 5),
    ("commit", [(0, 1, 1, 1)]),
    *[ASK_ALL, ("pass", 15), ("restart",)] * 4,
    *[ASK_ALL, ("pass", 1000)] * 4,
]
"""A period that is shorter than the buckets it is counted from."""


@pytest.fixture(autouse=True, scope="module")
def _little_by_little():
    """Housework in steps so small that every state in between is met."""
    with pytest.MonkeyPatch.context() as patch:
        for name, most in (("PACKED", 1), ("DELETED", 2), ("FOLDED", 2), ("DAYS", 1)):
            patch.setattr(f"fournines.collector.ledger.upkeep.{name}_AT_ONCE", most)
        patch.setattr("fournines.collector.ledger.upkeep.FOLDED_FROM", 2)
        yield


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(COMMIT, COMMIT, PASS, ASK, RESTART, UPKEEP, UPKEEP), max_size=60),
    st.sampled_from([START, AUTUMN, QUARTER, MONTH]),
)
@example(EDGES, START)
@example(BEGUN, QUARTER)
@example(BEGUN, MONTH)
@example([("commit", [(age, 1, 1, 1) for age in (0, 50, 3500)]), *[ASK_ALL, ("pass", -60)] * 3], START)
@example(
    [
        ("commit", [(3 * DAY - 60, 1, 1, 1)]),
        ASK_ALL,
        ("pass", 90 * HOUR),
        ("commit", [(0, 1, 1, 1)]),
        *[("upkeep", 12)] * 20,
    ],
    START,
)
def test_rolling_equals_a_recount_at_every_moment(story, began):
    """Sums of all windows, calendars' too, equal a recount of the booked events, with late and early events, jumps of the clock,
    periods that end and restarts.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    connection.executemany("INSERT INTO slo (id, name) VALUES (?, ?)", [(slo, str(slo)) for slo in (1, 2, 3)])
    buckets = Buckets(connection)
    rolling = Rolling(connection, buckets)
    upkeep = Upkeep(connection, buckets)
    now, latest, booked = float(began), float(began), []
    for kind, *what in [*story, ASK_ALL]:
        if kind == "commit":
            for age, slo, good, bad in what[0]:
                t = int(now - age)
                width = TIERS[tier_of(t, latest)].width
                booked.append((slo, t // width * width, good, good + bad, bad))
                buckets.book((slo,), t, Booked(good, good + bad, bad), latest)
            buckets.write(connection)
            buckets.keep()
            rolling.keep()
        elif kind == "pass":
            now = max(now + what[0], began - 900.0)
            latest = max(now, latest)
        elif kind == "restart":
            buckets = Buckets(connection)
            rolling = Rolling(connection, buckets)
            upkeep = Upkeep(connection, buckets)
        elif kind == "upkeep":
            for _ in range(what[0]):
                upkeep.stage(latest)
                upkeep.write(connection)
                upkeep.keep()
        else:
            windows = sorted(what[0])
            found = rolling.at(np.array([1, 2, 3]), windows, now)
            for column, window in enumerate(windows):
                start, end = window.interval(now)
                for row, slo in enumerate((1, 2, 3)):
                    inside = [one for one in booked if one[0] == slo and start <= one[1] < end]
                    expected = [sum(one[kind] for one in inside) for kind in (2, 3, 4)]
                    assert expected == found[row, column].tolist(), (window, slo)
    connection.close()


def test_new_rows_find_room():
    """SLOs that come later, however many, are summed like the first; nothing has to be written for that."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    buckets = Buckets(connection)
    rolling = Rolling(connection, buckets)
    rolling.at(np.array([1]), [Window(HOUR)], START)
    buckets.book(tuple(range(1, 1000)), START, Booked(1, 2), START)
    buckets.write(connection)
    assert not rolling.changed
    rolling.keep()
    found = rolling.at(np.arange(1, 2000), [Window(HOUR), Window(DAY)], START)
    connection.close()

    assert found[:999].tolist() == [[[1, 2, 0], [1, 2, 0]]] * 999
    assert not found[999:].any()


@pytest.mark.parametrize("slo", [1, 63, 64, 65, 128, 1000])
def test_any_row_has_room(slo):
    """Whatever number an SLO has, and whether it is committed first, or asked for, or found in the ledger beside others."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    buckets = Buckets(connection)
    for first in (True, False):
        rolling = Rolling(connection, buckets)
        if first:
            rolling.at(np.array([1]), [Window(HOUR)], START)
        buckets.book((slo,), START, Booked(1, 2), START)
        buckets.write(connection)
        rolling.keep()
        buckets.keep()
        assert rolling.at(np.array([slo]), [Window(HOUR)], START).tolist() == [[[1 + (not first), 4 - 2 * first, 0]]]
    rolling = Rolling(connection, buckets)
    rolling.at(np.array([1]), [Window(HOUR)], START)
    assert rolling.at(np.array([slo]), [Window(HOUR)], START).tolist() == [[[2, 4, 0]]]
    connection.close()


def test_a_window_nobody_asks_for_is_forgotten(monkeypatch):
    """A window that is asked for no more costs nothing once others were asked for so many times, and not before."""
    monkeypatch.setattr(module, "UNASKED", 3)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    rolling, kept = Rolling(connection, Buckets(connection)), []
    for seconds in (DAY, HOUR, HOUR, DAY, HOUR, HOUR, HOUR, HOUR):
        rolling.at(np.array([1]), [Window(seconds)], START)
        kept.append(Window(DAY) in rolling._columns)
    connection.close()

    assert [True] * 7 + [False] == kept
    assert [Window(HOUR)] == list(rolling._columns)
