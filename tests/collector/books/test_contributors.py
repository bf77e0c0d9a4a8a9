"""Contributors: every bad event is somebody's, the largest are named, and nothing grows without bound."""

from __future__ import annotations

import sqlite3
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector import Breakdown
from fournines.collector.books.blamed import contributors, contributors_by_step
from fournines.collector.books.contributors import MOST_OPEN, TOP, Contributors
from fournines.collector.ledger.schema import migrate
from fournines.slo import Interval

NOW = 1_790_000_000.0
T = int(NOW) // 60 * 60
HOUR = 3_600


class Book:
    """A ledger of contributors alone."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        self.part = Contributors(self.connection)

    def commit(self):
        self.connection.execute("BEGIN")
        self.part.write(self.connection)
        self.connection.execute("COMMIT")
        self.part.keep()

    def reopen(self):
        self.part = Contributors(self.connection)

    def blame(self, bad, t=T, slos=(1,), route="/pay", status=500, error="timeout", instance="a", received=NOW):
        labels = {"http.route": route, "http.response.status_code": status, "error.type": error}
        resource = {"service.name": "payments", "service.version": "1.4", "service.instance.id": instance}
        self.part.blame(slos, t, bad, labels, resource, received)

    def causes(self, slo=1, start=T - HOUR, end=T + HOUR, breakdown=Breakdown.CAUSE):
        return contributors(self.connection, slo, Interval(start, end), breakdown)

    def rows(self):
        return self.connection.execute("SELECT count(*) FROM blame").fetchone()[0]


@pytest.fixture
def book():
    """An empty one."""
    book = Book()
    yield book
    book.connection.close()


def test_the_largest_cause_comes_first_with_all_that_is_known_of_it(book):
    """Route, status, error type and version of each cause, by the events it has on its conscience; instances apart."""
    book.blame(3)
    book.blame(5, route="/refund", error="", status=503, instance="b")
    book.commit()
    (first, five), (second, three) = book.causes()

    assert (5, "/refund", "503", "", "1.4") == (five, first.route, first.status, first.error, first.version)
    assert (3, "/pay", "500", "timeout") == (three, second.route, second.status, second.error)
    assert [("b", 5), ("a", 3)] == [(who.instance, bad) for who, bad in book.causes(breakdown=Breakdown.INSTANCE)]


@pytest.mark.parametrize("step", [60, 300, 3_600, 7_200])
@pytest.mark.parametrize("age", [0, 4 * 86_400])
def test_steps_add_up_to_the_whole(book, step, age):
    """Whoever is blamed for an interval is blamed for as much in its steps, be they of minutes or where hours alone are kept."""
    for number in range(40):
        t = T - age - 97 * number
        book.blame(number + 1, t=t, route=f"/{number % 3}", received=NOW)
    book.commit()
    start, end = T - age - 2 * HOUR, T - age + HOUR
    found = contributors_by_step(book.connection, 1, Interval(start, end), step, Breakdown.CAUSE)
    summed = Counter()
    for each in found:
        summed[each.contributor] += each.bad

    assert dict(book.causes(start=start, end=end)) == dict(summed)
    assert all(start // step * step <= each.t < end for each in found)
    assert [each.t for each in found] == sorted(each.t for each in found)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 300),
            st.integers(1, 10**9),
            st.sampled_from([(1,), (1, 2), (2,)]),
            st.integers(0, 20_000),
            st.sampled_from(["go on", "commit", "fail", "reopen", "expire"]),
        ),
        max_size=60,
    )
)
def test_contributors_add_up_to_the_bad_events(history):
    """Whoever is named and whoever is not, over restarts, failed commits and closings: both breakdowns add up exactly."""
    book, staged, true, now = Book(), Counter(), Counter(), NOW
    for who, bad, slos, back, then in history:
        t = int(NOW) - back
        book.blame(bad, t, slos, route=f"/{who}", instance=str(who), received=NOW)
        staged.update(dict.fromkeys(slos, bad))
        if then == "fail":
            book.part.forget()
            staged.clear()
        elif then != "go on":
            if then == "expire":
                now += 70
                book.part.expire(now)
            book.commit()
            true.update(staged)
            staged.clear()
            if then == "reopen":
                book.reopen()
    book.commit()
    true.update(staged)
    for slo in (1, 2):
        for breakdown in Breakdown:
            named = book.causes(slo, int(NOW) // HOUR * HOUR - 7 * HOUR, int(NOW) + 2 * HOUR, breakdown)
            assert true[slo] == sum(bad for _, bad in named)
    book.connection.close()


def test_a_closed_bucket_keeps_the_largest_and_folds_the_rest(book):
    """Once a minute and its hour are over, the ten largest keep their names, exactly, and all others are one."""
    for who in range(60):
        book.blame(who + 1, route=f"/{who}", instance="a")
    book.commit()
    book.part.expire(T + 3 * HOUR)
    book.commit()
    named = book.causes()
    others = [bad for who, bad in named if who.is_other]

    assert [f"/{who}" for who in range(59, 49, -1)] == [who.route for who, _ in named if not who.is_other]
    assert [sum(range(1, 51))] == others
    assert TOP + 1 == len(named)


def test_an_attack_of_names_finds_no_room(book):
    """Thousands of causes in one minute make a hundred rows; the events of all others are counted as overflow."""
    for who in range(25_000):
        book.part.blame((1,), T, 1, {"http.route": f"/{who}"}, {}, NOW)
    book.commit()

    assert 2 * (MOST_OPEN + 1 + 1) >= book.rows()
    assert 25_000 == sum(bad for _, bad in book.causes())
    assert 20_100 > book.connection.execute("SELECT count(*) FROM contributor").fetchone()[0]


def test_an_attribute_set_there_was_no_room_for_is_one_of_the_others(book):
    """Events of an overflowed attribute set are booked, as overflow, and their instance is known all the same."""
    book.part.blame((1,), T, 4, {"otel.metric.overflow": True}, {"service.instance.id": "a"}, NOW)
    book.commit()

    assert [(True, 4)] == [(who.is_other, bad) for who, bad in book.causes()]
    assert [("a", 4)] == [(who.instance, bad) for who, bad in book.causes(breakdown=Breakdown.INSTANCE)]


def test_late_events_go_to_a_closed_bucket_s_own(book):
    """An event that comes after its bucket was closed, or after a restart, is added to the cause it has, not doubled."""
    book.blame(2)
    book.commit()
    book.part.expire(T + 3 * HOUR)
    book.commit()
    book.reopen()
    book.blame(3, received=NOW + 3 * HOUR)
    book.commit()

    assert [5] == [bad for _, bad in book.causes()]


def test_what_is_kept_no_more_goes(book):
    """Minutes go after three days, hours after 35, and names with them; until then the sums of both agree."""
    book.blame(7)
    book.commit()
    for days, expected in ((4, 7), (40, 0)):
        for _ in range(4):
            book.part.expire(NOW + days * 86_400)
            book.commit()
        assert expected == sum(bad for _, bad in book.causes(start=T // HOUR * HOUR, end=T // HOUR * HOUR + HOUR))

    assert 0 == book.rows()
    assert 0 == book.connection.execute("SELECT count(*) FROM contributor").fetchone()[0]


def test_no_secret_becomes_a_name(book):
    """Card numbers and passwords in routes and error types are taken out before anything is kept."""
    book.blame(1, route="/cards/4111111111111111", error="login failed: password=hunter2")
    book.commit()

    assert [("/cards/REDACTED", "login failed: password=REDACTED")] == [
        (who.route, who.error) for who, _ in book.causes()
    ]


def test_nothing_is_blamed_for_nothing(book):
    """No events, no SLOs, or events too old to be kept leave nothing to commit."""
    book.blame(0)
    book.blame(1, slos=())
    book.blame(1, t=T - 40 * 86_400)

    assert not book.part.changed


def test_a_bad_event_days_late_hides_none_of_its_hour(book):
    """When only hours are kept of that time, an event that comes then is one of its hour's, and no minute of its own."""
    early = T - 5 * 24 * HOUR
    book.blame(7, t=early, received=float(early))
    book.commit()
    book.part.expire(NOW)
    while book.part.changed:
        book.commit()
        book.part.expire(NOW)
    book.blame(3, t=early + 60, received=NOW)
    book.commit()

    assert [10] == [bad for _, bad in book.causes(start=early - HOUR, end=early + HOUR)]
