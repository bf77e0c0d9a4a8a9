"""Messages past the outbox."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from fournines.alerts import Attempt, FakeNotifier, Outcome
from fournines.alerts.watch import Direct, direct

LATER = Attempt(Outcome.RETRY, "answered 503")
NEVER = Attempt(Outcome.REJECTED, "answered 400")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """Nobody waits for the next attempt."""
    monkeypatch.setattr(direct, "wait", lambda failed, asked: 0.0)


def said(notifiers, *steps, registry=None):
    """Runs the lanes until each step's messages have had their time."""

    async def main():
        sending = Direct(notifiers, lambda: 0.0, registry or CollectorRegistry())
        task = asyncio.create_task(sending.run())
        for notifications in steps:
            for notification in notifications:
                sending.say(notification)
            for _ in range(50):
                await asyncio.sleep(0)
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


def test_everybody_is_told_whatever_the_others_answer(message):
    """A receiver that never takes it, and one that fails, delay nobody."""
    notifiers = {
        "good": FakeNotifier(),
        "refusing": FakeNotifier([NEVER]),
        "failing": FakeNotifier([RuntimeError("a fault"), LATER, LATER]),
    }
    page = message("collector/a/ledger")
    said(notifiers, [page])

    assert {"good": 1, "refusing": 1, "failing": 4} == {name: len(each.sent) for name, each in notifiers.items()}
    assert all(sent is page for each in notifiers.values() for sent in each.sent)


def test_the_last_word_takes_the_place_of_those_before(message):
    """Who could not be told of a beginning is told of its end, and not of the beginning after it."""
    begun, over = message("collector/a/ledger"), message("collector/a/ledger", ended=9.0)
    notifier = FakeNotifier([LATER])

    async def main():
        sending = Direct({"hook": notifier}, lambda: 0.0, CollectorRegistry())
        sending.say(begun)
        sending.say(over)
        task = asyncio.create_task(sending.run())
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert [over, over] == notifier.sent


def test_what_a_receiver_calls_a_message_comes_with_the_next(message):
    """So that it can be changed in place."""
    notifier = FakeNotifier([Attempt(Outcome.DELIVERED, "accepted", reference="ts-1")])
    said({"slack": notifier}, [message("collector/a/ledger")], [message("collector/a/ledger", ended=9.0)])

    assert [None, "ts-1"] == notifier.references


def test_an_incident_after_the_end_of_the_last_is_a_message_of_its_own(message):
    """Of the same key: what it was called before is an old message in which nobody looks for a new page."""
    accepted = [Attempt(Outcome.DELIVERED, "accepted", reference=f"ts-{number}") for number in range(3)]
    notifier = FakeNotifier([accepted[0], accepted[1], Attempt(Outcome.DELIVERED, "accepted"), accepted[2]])
    begun, over = message("collector/a/ledger"), message("collector/a/ledger", ended=9.0)
    said({"slack": notifier}, [begun], [message("collector/a/ledger")], [over], [begun])

    assert [None, "ts-0", "ts-1", None] == notifier.references


def test_every_attempt_is_counted(message):
    """By receiver and what came of it."""
    registry = CollectorRegistry()
    said({"hook": FakeNotifier([LATER, LATER])}, [message()], registry=registry)
    counted = {
        result: registry.get_sample_value("fournines_direct_messages_total", {"receiver": "hook", "result": result})
        for result in ("retry", "delivered", "rejected")
    }

    assert {"retry": 2.0, "delivered": 1.0, "rejected": None} == counted


def test_who_forgets_is_reminded_until_the_end(message, monkeypatch):
    """An Alertmanager takes for resolved what it is not told again."""
    monkeypatch.setattr(direct, "REMIND_SECONDS", 0.0)
    lasting = Attempt(Outcome.DELIVERED, "accepted", repeat_after=60.0)
    begun, over = message("collector/a/ledger"), message("collector/a/ledger", ended=9.0)

    class Forgetful(FakeNotifier):
        async def send(self, notification, now, reference=None):
            await super().send(notification, now, reference)
            await asyncio.sleep(0)
            return lasting if notification is begun else Attempt(Outcome.DELIVERED, "accepted")

    notifier = Forgetful()
    said({"alertmanager": notifier}, [begun], [over])

    assert notifier.sent.count(begun) > 2
    assert over is notifier.sent[-1]
    assert 1 == notifier.sent.count(over)
