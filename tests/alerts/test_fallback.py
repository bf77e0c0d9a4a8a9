"""A receiver that can't be told, and the one who is told in its stead: from the engine to the last message."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from prometheus_client import CollectorRegistry

from fournines.alerts import Action, Attempt, FakeNotifier, Outbox, Outcome, Pager, Paging, Receiver

PAYMENTS = "payments-availability"
PAGER = Receiver("pager", fallback="mail")
MAIL = Receiver("mail", frozenset())
RETRY = Attempt(Outcome.RETRY, "answered 503")


@pytest.fixture
def after(path, engines, slo, at, world, start):
    """Evaluates some seconds after the start, and delivers; returns what pager and mail accepted then."""
    engine, outbox = engines([PAGER, MAIL]), Outbox.open(path)

    def evaluated(seconds, failing, *, broken):
        world.failing = {PAYMENTS: failing}
        engine.evaluate(at([slo()], seconds), start + seconds)
        ways = {PAGER: FakeNotifier([RETRY] * 99 if broken else []), MAIL: FakeNotifier()}
        pager = Pager(outbox, ways, lambda: start + seconds)
        for _ in range(3):
            asyncio.run(pager.deliver_due())
        return [[] if broken else [one.action for one in ways[PAGER].sent], [one.action for one in ways[MAIL].sent]]

    yield evaluated
    outbox.close()


def test_while_a_receiver_works_its_fallback_hears_nothing(after):
    """A page arrives once."""
    assert [[Action.TRIGGER], []] == after(0, 0.01, broken=False)
    assert [[], []] == after(90, 0.01, broken=False)
    assert [[], []] == after(100, 0.0, broken=False)
    assert [[Action.RESOLVE], []] == after(500, 0.0, broken=False)


def test_who_was_told_instead_hears_of_the_rest(after):
    """Told after a minute, told again when nobody acknowledges it, told of the end; and the receiver, once it works, of all of it."""
    assert [[], []] == after(0, 0.01, broken=True)
    assert [[], [Action.TRIGGER]] == after(61, 0.01, broken=True)
    assert [[], [Action.TRIGGER]] == after(3_700, 0.01, broken=True)
    assert [[], []] == after(3_710, 0.0, broken=True)
    assert [[Action.TRIGGER, Action.TRIGGER, Action.RESOLVE], [Action.RESOLVE]] == after(4_100, 0.0, broken=False)


def test_a_receiver_that_fails_later_is_stood_in_for_then(after):
    """The first call arrived; the one that nobody acknowledged does not, and goes to the fallback alone, not the first one too."""
    assert [[Action.TRIGGER], []] == after(0, 0.01, broken=False)
    assert [[], []] == after(3_600, 0.01, broken=True)
    assert [[], [Action.TRIGGER]] == after(3_700, 0.01, broken=True)


def test_why_says_who_was_told_and_who_was_not(path, after):
    """What became of the newest message to each receiver stands behind what was decided."""

    def sendings():
        ways = {Receiver(name): FakeNotifier() for name in ("pager", "mail")}
        with contextlib.closing(Paging(path, ways, "http://pages", lambda: 0.0, CollectorRegistry())) as paging:
            (alert,) = [each for each in paging.alerts() if each.alert.told]
        found = [each for each in alert.as_json()["why"] if each["stage"] == "sending"]
        return [(each["decision"], each["reason"]) for each in found]

    after(0, 0.01, broken=True)
    assert [("held", "pager is not told yet that it fires, after 1 attempt: answered 503")] == sendings()
    after(61, 0.01, broken=True)
    broken = ("held", "pager is not told yet that it fires, after 2 attempts: answered 503")
    assert [broken, ("told", "mail was told that it fires, in place of pager")] == sendings()
    after(500, 0.01, broken=False)
    assert ("told", "pager was told that it fires") == sendings()[0]
