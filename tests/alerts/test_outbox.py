"""What is kept until it has been said."""

from __future__ import annotations

import pytest

from fournines.alerts import DELIVERED, Action, Attempt, Notification, Outbox, Outcome, Stage, StoreError
from fournines.alerts.outbox import BACK_OFF_SECONDS, GIVE_UP_SECONDS, LONGEST_WAIT_SECONDS, wait
from fournines.alerts.schema import connect, transaction

RETRY = Attempt(Outcome.RETRY, "answered 500")
REJECTED = Attempt(Outcome.REJECTED, "answered 400")


def message(action=Action.TRIGGER, key="slo/a/page"):
    ended = 20.0 if action is Action.RESOLVE else None
    return Notification(action, key, {"slo": "a"}, {"summary": "ü {{ }}"}, 10.0, ended, "http://x/slo/a")


@pytest.fixture
def outbox(path):
    outbox = Outbox.open(path)
    yield outbox
    outbox.close()


def add(outbox, *messages, receiver="hook", now=100.0):
    with transaction(outbox._connection):
        for number, notification in enumerate(messages):
            outbox.add(notification, receiver, 1 + number // 2, now)


def test_what_comes_out_is_what_went_in(outbox):
    """A notification survives the file unchanged."""
    add(outbox, message(), message(Action.RESOLVE))
    (first,) = outbox.due("hook", 100.0)
    assert (message(), 100.0, 0) == (first.notification, first.created, first.attempts)
    outbox.record(first, DELIVERED, 101.0)
    (second,) = outbox.due("hook", 101.0)
    assert message(Action.RESOLVE) == second.notification


def test_an_end_waits_for_its_beginning(outbox):
    """While the trigger waits to be sent again the resolve of the same incident is not due, and other incidents are."""
    add(outbox, message(), message(Action.RESOLVE), message(key="slo/b/page"))
    trigger, other = outbox.due("hook", 100.0)
    assert ["slo/a/page", "slo/b/page"] == [trigger.notification.dedup_key, other.notification.dedup_key]
    outbox.record(trigger, RETRY, 100.0)
    assert [other] == outbox.due("hook", 100.5)
    outbox.record(other, DELIVERED, 100.5)
    assert [] == outbox.due("hook", 100.5)
    assert 101.0 == outbox.next_due("hook")
    (again,) = outbox.due("hook", 101.0)
    assert (trigger.id, 1) == (again.id, again.attempts)


def test_receivers_do_not_wait_for_each_other(outbox):
    """Each receiver has its own copy with its own fate."""
    add(outbox, message())
    add(outbox, message(), receiver="chat")
    (delivery,) = outbox.due("hook", 100.0)
    outbox.record(delivery, REJECTED, 100.0)
    assert {("hook", Stage.REJECTED): 1, ("chat", Stage.PENDING): 1} == outbox.counts()
    assert 1 == len(outbox.due("chat", 100.0))


def test_back_off_grows_to_a_minute_and_stays():
    """One second, two, four, ... a minute for ever."""
    assert [1, 2, 4, 8, 16, 32, 60, 60, 60] == [wait(attempts, None) for attempts in range(1, 10)]
    assert sorted(BACK_OFF_SECONDS) == list(BACK_OFF_SECONDS)


def test_a_receiver_s_own_wish_counts_if_it_is_longer():
    """Retry-After is kept, but never beyond an hour and never below the back-off."""
    assert 30 == wait(1, 30)
    assert 60 == wait(9, 30)
    assert LONGEST_WAIT_SECONDS == wait(1, 1e12)


def test_after_a_day_it_is_given_up(outbox):
    """Hours of trying, not for ever: then it is counted as given up, and what follows it may go."""
    add(outbox, message(), message(Action.RESOLVE))
    now, delivery = 100.0, outbox.due("hook", 100.0)[0]
    while outbox.record(delivery, RETRY, now) is Stage.PENDING:
        now = outbox.next_due("hook")
        (delivery,) = outbox.due("hook", now)
    assert GIVE_UP_SECONDS <= now - 100.0 < GIVE_UP_SECONDS + 60
    assert outbox.due("hook", now)[0].notification.action is Action.RESOLVE


def test_a_clock_set_back_delays_nothing_for_long(outbox):
    """A due time that lies further away than any wait can only be wrong."""
    add(outbox, message(), now=1_000_000.0)
    assert [] == outbox.due("hook", 1_000_000.0 - LONGEST_WAIT_SECONDS)
    assert 1 == len(outbox.due("hook", 1_000_000.0 - LONGEST_WAIT_SECONDS - 1))


def test_what_waits_for_nobody_is_rejected(outbox):
    """Messages to receivers that left the configuration don't wait for ever."""
    add(outbox, message())
    add(outbox, message(), receiver="gone")
    assert 1 == outbox.reject_all_but(["hook"], 200.0)
    assert 0 == outbox.reject_all_but(["hook"], 200.0)
    assert {("hook", Stage.PENDING): 1, ("gone", Stage.REJECTED): 1} == outbox.counts()


def test_old_messages_are_forgotten(outbox):
    """Five weeks after it was delivered a message leaves the file."""
    add(outbox, message(), message(key="slo/b/page"))
    first, second = outbox.due("hook", 100.0)
    outbox.record(first, DELIVERED, 100.0)
    outbox.record(second, DELIVERED, 100.0 + 36 * 86_400)
    assert {("hook", Stage.DELIVERED): 1} == outbox.counts()


def test_a_newer_schema_is_refused(path):
    """A file that a newer version wrote is left alone, with words."""
    connection = connect(path)
    connection.execute("UPDATE alerts_schema SET version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer than this program"):
        Outbox.open(path)


def test_the_ledger_s_own_version_is_left_alone(path):
    """The collector counts its schema in user_version; alerts have a table for theirs. Every commit is on disk."""
    connection = connect(path)
    assert [(0,)] == connection.execute("PRAGMA user_version").fetchall()
    assert [(2,)] == connection.execute("PRAGMA synchronous").fetchall()
    assert [("wal",)] == connection.execute("PRAGMA journal_mode").fetchall()
    connection.close()


def test_a_file_that_is_none_says_so(tmp_path):
    """What can't be opened is named, in our own words."""
    (tmp_path / "ledger").write_text("no database, " * 100)
    with pytest.raises(StoreError, match="alerts can't be kept in"):
        Outbox.open(tmp_path / "ledger")


def test_a_closed_outbox_says_so(path):
    """Reading what can't be read is a StoreError, whatever SQLite calls it."""
    outbox = Outbox.open(path)
    outbox.close()
    with pytest.raises(StoreError):
        outbox.due("hook", 0.0)
