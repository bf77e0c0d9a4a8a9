"""Delivery: woken at once, one lane a receiver, nothing lost and nothing stuck."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from fournines.alerts import (
    DELIVERED,
    Attempt,
    FakeNotifier,
    Notification,
    Outbox,
    Outcome,
    Pager,
    Receiver,
    Stage,
    StoreError,
)
from fournines.alerts.schema import connect, transaction

RETRY = Attempt(Outcome.RETRY, "answered 500")
REJECTED = Attempt(Outcome.REJECTED, "answered 400")


class Clock:
    """Time that moves when the test says so."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outbox(path):
    outbox = Outbox.open(path)
    yield outbox
    outbox.close()


@pytest.fixture
def queue(path, message):
    """Puts a message into the outbox as the engine does: in a transaction, on a connection of its own."""
    connection = connect(path)
    kept = Outbox(connection)

    def put(key="slo/a/page", receiver="hook", now=1_000.0, **more):
        with transaction(connection):
            kept.add(message(key, **more), receiver, 1, now)

    yield put
    connection.close()


@contextlib.asynccontextmanager
async def running(pager):
    """The pager at work for the length of a block."""
    task = asyncio.create_task(pager.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition):
    """Waits until something holds; the test's own time limit ends it if it never does."""
    while not condition():  # noqa: ASYNC110 - what is waited for is in a file
        await asyncio.sleep(0.005)


def keys(notifier):
    return [notification.dedup_key for notification in notifier.sent]


def test_what_waits_at_the_start_is_sent(outbox, queue, clock):
    """A restart sends what the process before it did not."""

    async def main():
        notifier = FakeNotifier()
        queue()
        async with running(Pager(outbox, {Receiver("hook"): notifier}, clock)):
            await until(lambda: outbox.counts() == {("hook", Stage.DELIVERED): 1})
        assert ["slo/a/page"] == keys(notifier)

    asyncio.run(main())


def test_it_is_woken_at_once_from_any_thread(outbox, queue, clock, monkeypatch):
    """A message is sent when it is announced, not when the lane looks next."""
    monkeypatch.setattr("fournines.alerts.pager.LOOK_SECONDS", 1e6)

    async def main():
        notifier = FakeNotifier()
        pager = Pager(outbox, {Receiver("hook"): notifier}, clock)
        pager.wake()  # before it runs: heard by nobody, harmless
        async with running(pager):
            await until(lambda: pager._loop is not None)
            await asyncio.sleep(0.05)
            queue()
            thread = threading.Thread(target=pager.wake)
            thread.start()
            await until(lambda: notifier.sent)
            thread.join()
        pager.wake()

    asyncio.run(main())


def test_a_failure_is_tried_again_when_it_is_due(outbox, queue, clock):
    """Not before the back-off is over, and then with the same message; an exception of a notifier is a failure like any other."""

    async def main():
        notifier = FakeNotifier(
            [RETRY, ValueError("https://secret.example/token"), Attempt(Outcome.RETRY, "answered 429", 30.0)]
        )
        pager = Pager(outbox, {Receiver("hook"): notifier}, clock)
        queue()
        for now, attempts in ((1_000, 1), (1_000.9, 1), (1_001, 2), (1_002.9, 2), (1_003, 3), (1_032.9, 3), (1_033, 4)):
            clock.now = now
            await pager.deliver_due()
            assert attempts == len(notifier.sent)
        assert {("hook", Stage.DELIVERED): 1} == outbox.counts()
        assert 1 == len(set(map(Notification.to_json, notifier.sent)))

    asyncio.run(main())


def test_a_refusal_is_final_counted_and_logged(outbox, queue, clock, caplog):
    """What a receiver will never take is not sent again, and the log says so without secrets."""

    async def main():
        notifier = FakeNotifier([REJECTED])
        pager = Pager(outbox, {Receiver("hook"): notifier}, clock)
        queue()
        for _ in range(3):
            clock.now += 1_000
            await pager.deliver_due()
        assert 1 == len(notifier.sent)

    asyncio.run(main())
    assert {("hook", Stage.REJECTED): 1} == outbox.counts()
    assert "hook is never told that it fires (slo/a/page): answered 400" in caplog.text


def test_a_receiver_that_hangs_delays_no_other(outbox, queue, clock):
    """Lanes are independent."""

    class Hanging:
        async def send(self, notification, now, reference=None):
            await asyncio.Event().wait()

    async def main():
        notifier = FakeNotifier()
        queue(receiver="slow")
        queue()
        pager = Pager(outbox, {Receiver("slow"): Hanging(), Receiver("hook"): notifier}, clock)
        async with running(pager):
            await until(lambda: notifier.sent)
            queue("slo/b/page")
            pager.wake()
            await until(lambda: outbox.counts().get(("hook", Stage.DELIVERED)) == 2)
        assert {("hook", Stage.DELIVERED): 2, ("slow", Stage.PENDING): 1} == outbox.counts()

    asyncio.run(main())


def test_what_was_sent_and_can_not_be_recorded_is_not_sent_again(outbox, queue, clock):
    """A full disk delays the next message, it does not repeat the last one every second."""

    async def main():
        notifier = FakeNotifier()
        pager = Pager(outbox, {Receiver("hook"): notifier}, clock)
        queue()
        outbox._connection.execute("PRAGMA query_only = 1")
        assert 1 == await pager.deliver_due()
        for _ in range(3):
            with contextlib.suppress(Exception):
                await pager.deliver_due()
        outbox._connection.execute("PRAGMA query_only = 0")
        await pager.deliver_due()
        assert ["slo/a/page"] == keys(notifier)
        assert {("hook", Stage.DELIVERED): 1} == outbox.counts()

    asyncio.run(main())


def test_a_store_that_fails_for_a_while_stops_no_lane(outbox, queue, clock, caplog, monkeypatch):
    """The lane says that it waits, and goes on when it can."""

    async def main():
        notifier = FakeNotifier()
        pager = Pager(outbox, {Receiver("hook"): notifier}, clock)
        naps = []

        async def nap(seconds):
            naps.append(seconds)
            outbox._connection.execute("PRAGMA query_only = 0")
            await asyncio.sleep(0)

        monkeypatch.setattr(pager._lanes[0], "_sleep", nap)
        queue()
        outbox._connection.execute("PRAGMA query_only = 1")
        async with running(pager):
            await until(lambda: outbox.counts() == {("hook", Stage.DELIVERED): 1})
        assert ["slo/a/page"] == keys(notifier)
        assert 1.0 == naps[0]

    asyncio.run(main())
    assert "notifications to hook wait" in caplog.text


def test_messages_to_strangers_are_rejected_at_the_start(outbox, queue, clock, caplog):
    """A receiver that left the configuration gets nothing more, and the log says so."""

    async def main():
        queue(receiver="gone")
        async with running(Pager(outbox, {Receiver("hook"): FakeNotifier([DELIVERED])}, clock)):
            await until(lambda: caplog.text)

    asyncio.run(main())
    assert {("gone", Stage.REJECTED): 1} == outbox.counts()
    assert "1 notifications are not sent: their receivers are no longer configured" in caplog.text


def test_forty_incidents_go_out_in_one_go(outbox, queue, clock, monkeypatch):
    """More messages than a lane takes at a time do not wait for its next look."""
    monkeypatch.setattr("fournines.alerts.pager.LOOK_SECONDS", 1e6)

    async def main():
        notifier = FakeNotifier()
        for number in range(40):
            queue(f"slo/{number}/page")
        async with running(Pager(outbox, {Receiver("hook"): notifier}, clock)):
            await until(lambda: outbox.counts() == {("hook", Stage.DELIVERED): 40})
        assert 40 == len(set(keys(notifier)))

    asyncio.run(main())


def test_what_a_receiver_called_a_message_comes_back_to_it(outbox, queue, clock):
    """The end of an incident is sent with the name that the receiver gave to its beginning."""

    async def main():
        notifier = FakeNotifier([Attempt(Outcome.DELIVERED, "accepted", reference="C1/17")])
        pager = Pager(outbox, {Receiver("hook"): notifier}, clock)
        queue()
        await pager.deliver_due()
        queue(ended=1_010.0)
        await pager.deliver_due()
        assert [None, "C1/17"] == notifier.references

    asyncio.run(main())


def test_a_fallback_is_told_when_a_receiver_fails_for_a_minute(outbox, queue, clock, caplog):
    """Woken at once, told why; the receiver is tried further, and both hear of it once it works."""

    async def main():
        broken, mail = FakeNotifier([RETRY] * 6), FakeNotifier()
        pager = Pager(outbox, {Receiver("hook", fallback="mail"): broken, Receiver("mail"): mail}, clock)
        queue()
        while clock.now < 1_060:
            assert [] == mail.sent
            await pager.deliver_due()
            clock.now += 1
        pager._lanes[1].awake.clear()
        await pager.deliver_due()
        assert pager._lanes[1].awake.is_set()
        await pager.deliver_due()
        clock.now += 60
        await pager.deliver_due()
        assert {("hook", Stage.DELIVERED): 1, ("mail", Stage.DELIVERED): 1} == outbox.counts()

    asyncio.run(main())
    assert "mail is told of slo/a/page, because hook was not within 60 s: answered 500" in caplog.text


def test_a_fallback_is_told_at_once_of_what_is_refused_for_good(outbox, queue, clock):
    """A token that was withdrawn costs no minute."""

    async def main():
        mail = FakeNotifier()
        refusing = Receiver("hook", fallback="mail")
        pager = Pager(outbox, {refusing: FakeNotifier([REJECTED]), Receiver("mail"): mail}, clock)
        queue()
        async with running(pager):
            await until(lambda: mail.sent)

    asyncio.run(main())


def test_a_notifier_that_never_answers_is_left(outbox, queue, clock, monkeypatch):
    """It is tried again, so that its fallback is told and what follows is not held up for ever."""
    monkeypatch.setattr("fournines.alerts.sent.LONGEST_SEND_SECONDS", 0.01)

    class Hanging(FakeNotifier):
        async def send(self, notification, now, reference=None):
            await super().send(notification, now, reference)
            await asyncio.Event().wait()

    async def main():
        hanging = Hanging()
        queue()
        await Pager(outbox, {Receiver("hook"): hanging}, clock).deliver_due()
        assert 1 == len(hanging.sent)

    asyncio.run(main())
    assert 1_001.0 == outbox.next_due("hook")


def test_a_reminder_that_fails_is_said(outbox, queue, clock, caplog):
    """A receiver that forgets would take a page for resolved."""

    async def main():
        forgetful = FakeNotifier([Attempt(Outcome.DELIVERED, "accepted", repeat_after=60.0), RETRY])
        outbox._connection.execute(
            "INSERT INTO alert (number, kind, name, slo, service, labels, reason, summary, since, told)"
            " VALUES (1, 'page', 'a', 'a', 's', '{}', '', '', 1.0, 1)"
        )
        pager = Pager(outbox, {Receiver("hook"): forgetful}, clock)
        queue()
        for _ in range(3):
            await pager.deliver_due()
            clock.now += 61
        assert 3 == len(forgetful.sent)

    asyncio.run(main())
    assert "hook is not reminded of slo/a/page: answered 500" in caplog.text
    assert {("hook", Stage.DELIVERED): 1} == outbox.counts()


def test_many_that_are_reminded_are_recorded_together(outbox, queue, clock):
    """Thousands of alerts that last are no thousands of commits a minute: a batch is one, and each is reminded once."""
    many, lasting = 150, Attempt(Outcome.DELIVERED, "accepted", repeat_after=60.0)
    for number in range(1, many + 1):
        queue(f"slo/{number}/page")
        outbox._connection.execute(
            "INSERT INTO alert (number, kind, name, slo, service, labels, reason, summary, since, told)"
            " VALUES (?1, 'page', ?1, 'a', 's', '{}', '', '', 1.0, 1)",
            (number,),
        )
    outbox._connection.execute(
        "UPDATE outbox SET incident = id, state = 'delivered', finished = 1.0, repeat_at = 1000.0"
    )
    said = []

    async def main():
        notifier = FakeNotifier([lasting] * many)
        pager = Pager(outbox, {Receiver("hook"): notifier}, clock)
        outbox._connection.set_trace_callback(said.append)
        while await pager.deliver_due():
            pass
        return [one.dedup_key for one in notifier.sent]

    reminded = asyncio.run(main())
    assert {f"slo/{number}/page" for number in range(1, many + 1)} == set(reminded)
    assert (many, 3) == (len(reminded), said.count("COMMIT"))
    assert 1_060.0 == outbox.next_due("hook")


def test_reminders_that_could_not_be_recorded_are_before_anything_else_is_sent(outbox, queue, clock):
    """A full disk reminds nobody every second."""
    lasting = Attempt(Outcome.DELIVERED, "accepted", repeat_after=60.0)

    async def main():
        notifier = FakeNotifier([lasting] * 3)
        outbox._connection.execute(
            "INSERT INTO alert (number, kind, name, slo, service, labels, reason, summary, since, told)"
            " VALUES (1, 'page', 'a', 'a', 's', '{}', '', '', 1.0, 1)"
        )
        pager = Pager(outbox, {Receiver("hook"): notifier}, clock)
        queue()
        await pager.deliver_due()
        clock.now += 61
        outbox._connection.execute("PRAGMA query_only = ON")
        assert 1 == await pager.deliver_due()
        with pytest.raises(StoreError):
            await pager.deliver_due()
        outbox._connection.execute("PRAGMA query_only = OFF")
        assert 0 == await pager.deliver_due()
        return len(notifier.sent)

    assert 2 == asyncio.run(main())
