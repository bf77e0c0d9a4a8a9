"""Trying receivers before the night."""

from __future__ import annotations

import asyncio

from fournines.alerts import Action, Attempt, FakeNotifier, Outcome, Receiver
from fournines.alerts.trial import tried
from fournines.slo import Severity


def test_beginning_and_end_go_to_all_and_say_what_they_are():
    """Under a key of their own, in the gravest severity that each is told of; whoever did not take the one is spared the other."""
    named = FakeNotifier([Attempt(Outcome.DELIVERED, "accepted", reference="C1/17")])
    refusing, tickets = FakeNotifier([Attempt(Outcome.REJECTED, "answered 404")]), FakeNotifier()
    ways = {
        Receiver("chat"): named,
        Receiver("hook"): refusing,
        Receiver("desk", frozenset({Severity.TICKET})): tickets,
    }
    seconds = iter(range(1_000, 1_020))
    waits = []

    async def pause():
        waits.append(len(named.sent))

    trials = asyncio.run(tried(ways, "http://pages", lambda: float(next(seconds)), pause))

    told = [(one.receiver, one.action, one.attempt.outcome) for one in trials]
    assert [
        ("chat", Action.TRIGGER, Outcome.DELIVERED),
        ("hook", Action.TRIGGER, Outcome.REJECTED),
        ("desk", Action.TRIGGER, Outcome.DELIVERED),
        ("chat", Action.RESOLVE, Outcome.DELIVERED),
        ("desk", Action.RESOLVE, Outcome.DELIVERED),
    ] == told
    assert [1] == waits
    assert [None, "C1/17"] == named.references
    begin, end = named.sent
    assert begin.dedup_key == end.dedup_key
    assert begin.starts_at < end.ends_at
    assert begin.annotations["summary"].startswith("Test: nothing is wrong")
    assert ["page", "ticket"] == [one.sent[0].labels["severity"] for one in (named, tickets)]
    assert all(one.closed for one in (named, refusing, tickets))


def test_a_notifier_that_raises_is_an_answer():
    """Whoever tries a receiver sees no traceback, in which a secret may stand, and hears of the others."""
    broken, sound = FakeNotifier([UnicodeError("s3cret")]), FakeNotifier()

    async def pause():
        """Waits for nothing."""

    trials = asyncio.run(tried({Receiver("chat"): broken, Receiver("mail"): sound}, "http://pages", lambda: 1.0, pause))
    assert ["its notifier failed: UnicodeError", "accepted", "accepted"] == [one.attempt.reason for one in trials]
