"""Deployments are kept as pipelines tell of them, however often and in whatever order they do."""

from __future__ import annotations

import sqlite3
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector.ledger.schema import migrate
from fournines.collector.records import deployments as module
from fournines.collector.records.deployments import (
    FAILS_WITHIN,
    KEPT,
    Deployment,
    Deployments,
    deployments,
    newest_deployment,
)
from fournines.slo import DAY, Interval

NOW = 1_790_000_000.0
EVER = Interval(0, 2 * int(NOW))


class Book:
    """Deployments alone, in a ledger in memory."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        self.part = Deployments(self.connection)

    def say(self, version="2", service="pay", now=NOW, **said):
        kept = self.part.say(Deployment(service, version, **said), now)
        self.commit()
        return kept

    def commit(self):
        self.part.write(self.connection)
        self.part.keep()

    def reopen(self):
        self.part = Deployments(self.connection)

    def times(self, service="pay", within=EVER):
        found = deployments(self.connection, service, within)
        return [(one.version, one.started, one.finished, one.rolled_back) for one in found]


@pytest.fixture
def book():
    """An empty one."""
    book = Book()
    yield book
    book.connection.close()


WORDS = [{"started": NOW - 60}, {"finished": NOW - 30}, {"rolled_back": NOW}]


@pytest.mark.parametrize("order", [*permutations(WORDS[:2])])
@pytest.mark.parametrize("again", [1, 3])
def test_words_in_any_order_and_said_again_are_one_deployment(book, order, again):
    """Start and end make one, whichever comes first, also after a restart; a roll-back ends it."""
    for word in order:
        for _ in range(again):
            book.say(**word)
            book.reopen()
    book.say(**WORDS[2])
    book.say(rolled_back=NOW + 5)

    assert book.times() == [("2", NOW - 60, NOW - 30, NOW)]


def test_a_retry_with_a_later_clock_changes_nothing(book):
    """The first word about a time counts: who says again without a time says another one."""
    for shift in (0, 1, 2):
        book.say(started=NOW + shift)
    for shift in (10, 11):
        book.say(finished=NOW + shift)

    assert book.times() == [("2", NOW, NOW + 10, None)]


def test_a_version_that_goes_out_once_more_is_another_deployment(book):
    """Once the first is done, a new start is a new deployment, and what follows is its own."""
    book.say(started=NOW, finished=NOW + 10)
    book.say(version="3", started=NOW + 20, finished=NOW + 30)
    book.say(version="3", rolled_back=NOW + 40)
    book.say(started=NOW + 41)
    book.say(finished=NOW + 50)

    assert book.times() == [
        ("2", NOW, NOW + 10, None),
        ("3", NOW + 20, NOW + 30, NOW + 40),
        ("2", NOW + 41, NOW + 50, None),
    ]
    assert newest_deployment(book.connection, "pay", "2").started == NOW + 41
    assert newest_deployment(book.connection, "pay", "9") is None


def test_what_never_began_is_not_rolled_back(book):
    """The answer says so in words, and nothing is kept."""
    book.say(started=NOW)

    assert "known" in book.say(rolled_back=NOW - 1)
    assert "known" in book.say(version="9", rolled_back=NOW)
    assert book.times() == [("2", NOW, None, None)]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2"]),
            st.sampled_from(["started", "finished", "rolled_back"]),
            st.integers(0, 50),
            st.sampled_from(["commit", "fail", "reopen"]),
        ),
        max_size=12,
    )
)
def test_whatever_is_told_each_deployment_is_in_order_and_as_it_was_answered(told):
    """No end lies before its start; what is answered and committed is what is read, what failed to commit never was; twice is once."""
    book, answered = Book(), {}
    for version, status, at, step in told:
        said = Deployment("pay", version, **{status: NOW + at})
        kept = book.part.say(said, NOW)
        assert book.part.say(said, NOW) == kept
        if step == "fail":
            book.part.forget()
            continue
        book.commit()
        if step == "reopen":
            book.reopen()
        if not isinstance(kept, str):
            answered[kept.id] = kept
    read = deployments(book.connection, "", EVER)
    book.connection.close()

    assert {one.id: one for one in read} == answered
    assert all(one.is_in_order for one in read)
    assert [one.began for one in read] == sorted(one.began for one in read)


def test_room_is_bounded(book, monkeypatch):
    """A service's oldest deployment makes room for a new one; where all services together have too many, the oldest of all does."""
    monkeypatch.setattr(module, "MOST_OF_A_SERVICE", 3)
    monkeypatch.setattr(module, "MOST", 4)
    for number in range(5):
        book.say(version=str(number), started=NOW + number)
    book.say(service="other", started=NOW)

    assert [version for version, *_ in book.times()] == ["2", "3", "4"]
    book.say(service="third", started=NOW + 9)
    assert (book.times("other"), len(book.times(""))) == ([], 4)
    book.say(service="fourth", started=NOW + 9)
    book.reopen()
    assert [version for version, *_ in book.times()] == ["3", "4"]
    book.say(version="5", started=NOW + 10)
    assert [version for version, *_ in book.times()] == ["4", "5"]
    assert (len(book.times("third")), len(book.times(""))) == (1, 4)


def test_what_is_too_old_goes_with_the_next_deployment(book):
    """As the coarsest counts do, deployments go after 400 days."""
    book.say(version="1", started=NOW, finished=NOW + DAY)
    book.say(version="2", started=NOW + KEPT + 2 * DAY, now=NOW + KEPT + 2 * DAY)
    book.reopen()

    assert [version for version, *_ in book.times()] == ["2"]


def test_what_the_gate_says_of_a_version_long_after_is_not_its_deployments(book):
    """A budget that is spent weeks after a deployment makes no failure of it."""
    book.say(started=NOW, finished=NOW + 1)
    for at in (NOW + 1 + FAILS_WITHIN, NOW + FAILS_WITHIN):
        book.part.fail_gate("pay", "2", at)
        book.commit()

    assert [one.failed_gate for one in deployments(book.connection, "pay", EVER)] == [NOW + FAILS_WITHIN]


def test_the_gate_fails_the_newest_deployment_of_a_version_once(book):
    """The first time counts; where nothing was deployed nothing is kept."""
    book.say(started=NOW, finished=NOW + 1)
    book.say(started=NOW + 2)
    for at in (NOW + 5, NOW + 6):
        book.part.fail_gate("pay", "2", at)
        book.part.fail_gate("pay", "9", at)
        book.commit()

    assert [one.failed_gate for one in deployments(book.connection, "pay", EVER)] == [None, NOW + 5]
