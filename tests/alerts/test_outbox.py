"""What is kept until it has been said."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fournines.alerts import DELIVERED, Action, Attempt, Link, Notification, Outbox, Outcome, Stage, StoreError
from fournines.alerts.delivery import BACK_OFF_SECONDS, GIVE_UP_SECONDS, LONGEST_WAIT_SECONDS, wait
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


def test_a_day_that_nobody_tried_in_is_no_day_of_trying(outbox):
    """A clock that was set forward, or a weekend without power, gives no page up at its first failure."""
    add(outbox, message())
    (delivery,) = outbox.due("hook", 100.0)
    assert Stage.PENDING is outbox.record(delivery, RETRY, 100.0 + 3 * GIVE_UP_SECONDS)


def test_a_clock_set_back_delays_nothing_for_long(outbox):
    """What was never tried is sent at once; a due time that lies further away than any wait can only be wrong."""
    add(outbox, message(), now=1_000_000.0)
    (delivery,) = outbox.due("hook", 1_000_000.0 - 600)
    outbox.record(delivery, RETRY, 1_000_000.0)
    assert [] == outbox.due("hook", 1_000_001.0 - LONGEST_WAIT_SECONDS)
    assert 1 == len(outbox.due("hook", 1_000_000.0 - LONGEST_WAIT_SECONDS))


def test_a_clock_set_back_delays_no_fallback(outbox):
    """What was tried at a time that has not come yet goes to the fallback now."""
    add(outbox, message(), now=1_000_000.0)
    outbox.record(outbox.due("hook", 1_000_000.0)[0], RETRY, 1_000_000.0)
    assert [] == outbox.fall_back("hook", "mail", 999_990.0)
    assert [("slo/a/page", "answered 500")] == outbox.fall_back("hook", "mail", 1_000_000.0 - 1_800)


def test_what_was_never_tried_waits_for_none_that_fail(outbox):
    """A receiver that lets eight at a time wait for five seconds would never be asked for the hundredth: the first are due again."""
    add(outbox, *(message(key=f"slo/{number}/page") for number in range(200)))
    now, tried = 100.0, set()
    for _ in range(25):
        due = outbox.due("hook", now)
        tried |= {each.notification.dedup_key for each in due}
        now += 5
        for each in due:
            outbox.record(each, RETRY, now)
    assert 200 == len(tried)


def test_the_fallback_hears_of_what_waits_behind_others(outbox):
    """A minute is a minute for the thousandth page as well, tried or not, where the receiver is failing."""
    add(outbox, message(), message(key="slo/a/page"), message(key="slo/b/page"))
    assert [] == outbox.fall_back("hook", "mail", 200.0)
    outbox.record(outbox.due("hook", 100.0)[0], RETRY, 105.0)
    fallen = outbox.fall_back("hook", "mail", 160.0)
    assert ["answered 500", "it waits behind others that were not taken"] == [each.reason for each in fallen]


def test_a_look_costs_what_it_finds(outbox):
    """Five thousand messages to a receiver that is dead: each look would compare each of them with all others."""
    add(outbox, *(message(key=f"slo/{number}/page") for number in range(2_000)))
    steps = []
    outbox._connection.set_progress_handler(lambda: steps.append(1) and None, 1_000)
    assert 8 == len(outbox.due("hook", 100.0))
    assert 2_000 == sum(outbox.counts().values())
    assert 100.0 == outbox.next_due("hook")
    assert len(steps) < 100


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


@pytest.fixture
def opened(outbox):
    """Opens and resolves the alerts that messages are about."""

    def put(number, resolved=None):
        outbox._connection.execute(
            "INSERT OR REPLACE INTO alert (number, kind, name, slo, service, labels, reason, summary, since, told, resolved)"
            " VALUES (?, 'page', ?, 'a', 's', '{}', '', '', 1.0, 1, ?)",
            (number, f"a{number}", resolved),
        )

    return put


def test_a_message_of_an_older_version_is_read():
    """What was kept before there were details and links is sent after the update all the same; what a newer one adds is left aside."""
    before = json.loads(message().to_json())
    del before["details"], before["links"]
    assert message() == Notification.from_json(json.dumps({**before, "mood": "grim"}))


def test_facts_come_out_in_their_order_and_links_as_links():
    """The most useful fact first: JSON keeps the order it was given."""
    given = replace(message(), details={"zebra": "1", "ape": "2"}, links=(Link("Runbook", "https://x/y"),))
    found = Notification.from_json(given.to_json())
    assert (given, ["zebra", "ape"]) == (found, list(found.details))
    assert "Runbook" == found.links[0].text


def test_the_name_a_receiver_gave_is_handed_to_what_follows(outbox):
    """The first name of an incident counts, for one receiver and one incident only; a later one changes nothing."""
    add(outbox, message(), message(Action.RESOLVE))
    add(outbox, message(), receiver="chat")
    (trigger,) = outbox.due("hook", 100.0)
    assert trigger.reference is None
    outbox.record(trigger, Attempt(Outcome.DELIVERED, "accepted", reference="C1/17"), 101.0)
    (end,) = outbox.due("hook", 101.0)
    assert "C1/17" == end.reference
    outbox.record(end, Attempt(Outcome.DELIVERED, "accepted", reference="C1/18"), 102.0)
    add(outbox, message(Action.UPDATE), now=103.0)
    assert ["C1/17"] == [each.reference for each in outbox.due("hook", 103.0)]
    assert [None] == [each.reference for each in outbox.due("chat", 101.0)]


REMIND = Attempt(Outcome.DELIVERED, "accepted", repeat_after=60.0)


def test_who_forgets_is_reminded_until_the_end_is_told(outbox, opened):
    """A delivered message comes again after the time its receiver named, over and over, and never once an end is queued."""
    opened(1)
    add(outbox, message())
    (trigger,) = outbox.due("hook", 100.0)
    assert Stage.DELIVERED is outbox.record(trigger, REMIND, 100.0)
    assert ([], 160.0) == (outbox.due("hook", 159.0), outbox.next_due("hook"))
    (again,) = outbox.due("hook", 160.0)
    assert (trigger.notification, True) == (again.notification, again.reminder)
    outbox.record(again, REMIND, 160.0)
    assert 220.0 == outbox.next_due("hook")
    add(outbox, message(Action.RESOLVE), now=200.0)
    (end,) = outbox.due("hook", 500.0)
    outbox.record(end, DELIVERED, 500.0)
    assert ([], None) == (outbox.due("hook", 900.0), outbox.next_due("hook"))


@pytest.mark.parametrize("failure", [RETRY, REJECTED])
def test_a_reminder_that_failed_comes_soon_again_and_takes_nothing_back(outbox, opened, failure):
    """A message that was delivered stays so, whatever becomes of a reminder."""
    opened(1)
    add(outbox, message())
    outbox.record(outbox.due("hook", 100.0)[0], REMIND, 100.0)
    assert Stage.DELIVERED is outbox.record(outbox.due("hook", 160.0)[0], failure, 160.0)
    ((said,),) = outbox.sendings({"hook", "mail", "pager"}).values()
    assert f"hook was told that it fires: its reminder was not taken ({failure.reason})" == said.reason
    assert 165.0 == outbox.next_due("hook")


def test_the_newest_message_is_the_one_that_reminds(outbox, opened):
    """What has changed since is not taken back by a reminder of how it began; a change that was refused does not end them."""
    opened(1)
    add(outbox, message())
    outbox.record(outbox.due("hook", 100.0)[0], REMIND, 100.0)
    add(outbox, replace(message(), action=Action.UPDATE), now=110.0)
    (update,) = outbox.due("hook", 300.0)
    assert Action.UPDATE is update.notification.action
    outbox.record(update, REJECTED, 300.0)
    assert [Action.TRIGGER] == [each.notification.action for each in outbox.due("hook", 300.0)]
    add(outbox, replace(message(), action=Action.UPDATE), now=310.0)
    outbox.record(outbox.due("hook", 310.0)[0], REMIND, 310.0)
    assert [Action.UPDATE] == [each.notification.action for each in outbox.due("hook", 400.0)]


def test_nobody_is_reminded_of_what_is_over(outbox, opened):
    """A receiver that was not configured when its incident ended hears nothing of it when it is back."""
    opened(1)
    add(outbox, message())
    outbox.record(outbox.due("hook", 100.0)[0], REMIND, 100.0)
    opened(1, resolved=150.0)
    assert ([], None) == (outbox.due("hook", 160.0), outbox.next_due("hook"))


def test_the_fallback_is_told_after_a_minute_of_trying(outbox):
    """Not before, not without a try, and once: from the beginning of the incident on, while the receiver is tried further."""
    add(outbox, message(), message(Action.RESOLVE))
    assert [] == outbox.fall_back("hook", "mail", 500.0)
    outbox.record(outbox.due("hook", 100.0)[0], RETRY, 105.0)
    assert [] == outbox.fall_back("hook", "mail", 159.0)
    assert [("slo/a/page", "answered 500")] == outbox.fall_back("hook", "mail", 160.0)
    assert [] == outbox.fall_back("hook", "mail", 170.0)
    assert {("hook", Stage.PENDING): 2, ("mail", Stage.PENDING): 2} == outbox.counts()
    (begin,) = outbox.due("mail", 160.0)
    outbox.record(begin, DELIVERED, 161.0)
    assert [message(), message(Action.RESOLVE)] == [begin.notification, outbox.due("mail", 161.0)[0].notification]
    assert {"hook", "mail"} == outbox.told(1)


def test_the_fallback_is_told_at_once_where_trying_is_of_no_use(outbox):
    """A refusal that is final is not waited for; one of long ago is no news for a fallback that was configured since."""
    add(outbox, message())
    add(outbox, message(key="slo/b/page"), receiver="chat")
    for receiver in ("hook", "chat"):
        outbox.record(outbox.due(receiver, 100.0)[0], REJECTED, 101.0)
    assert [("slo/a/page", "answered 400")] == outbox.fall_back("hook", "mail", 101.0)
    assert [] == outbox.fall_back("chat", "mail", 101.0 + 3_601)


def test_a_fallback_that_knows_already_is_not_told_twice(outbox):
    """Two receivers may be each other's fallback: nobody gets the same incident twice."""
    add(outbox, message())
    add(outbox, message(), receiver="mail")
    for receiver in ("hook", "mail"):
        outbox.record(outbox.due(receiver, 100.0)[0], REJECTED, 101.0)
    assert [] == outbox.fall_back("hook", "mail", 200.0)
    assert [] == outbox.fall_back("mail", "hook", 200.0)


def test_how_long_the_oldest_has_waited(outbox):
    """By receiver; who has been told everything is not among them."""
    add(outbox, message())
    add(outbox, message(key="slo/b/page"), now=150.0)
    add(outbox, message(), receiver="chat", now=90.0)
    outbox.record(outbox.due("chat", 100.0)[0], DELIVERED, 100.0)
    assert {"hook": 100.0} == outbox.oldest()


def test_the_beginning_of_an_open_alert_is_never_forgotten(outbox, opened):
    """Who is told of an end is read from who was told of the beginning, however long ago that was."""
    opened(1)
    add(outbox, message())
    outbox.record(outbox.due("hook", 100.0)[0], DELIVERED, 100.0)
    add(outbox, message(key="slo/b/page"), receiver="chat", now=100.0 + 40 * 86_400)
    outbox.record(outbox.due("chat", 1e9)[0], DELIVERED, 100.0 + 40 * 86_400)
    assert "hook" in outbox.told(1)
