"""Receivers that go, come and change their names while alerts are open."""

from __future__ import annotations

import asyncio

import pytest

from fournines.alerts import Action, FakeNotifier, Outbox, Pager, Receiver

PAYMENTS = "payments-availability"


@pytest.fixture
def after(path, engines, slo, at, world, start):
    """A start with these receivers, a round, and what each of them accepts then."""

    def started(seconds, failing, *names):
        world.failing = {PAYMENTS: failing}
        ways = {Receiver(name): FakeNotifier() for name in names}
        engine, outbox = engines(list(ways)), Outbox.open(path)
        outbox.reject_all_but(names, start + seconds)
        engine.evaluate(at([slo()], seconds), start + seconds)
        pager = Pager(outbox, ways, lambda: start + seconds)
        for _ in range(3):
            asyncio.run(pager.deliver_due())
        outbox.close()
        return [[one.action for one in way.sent] for way in ways.values()]

    return started


def test_what_only_somebody_told_who_is_gone_is_told_anew(after):
    """A receiver with another name is another receiver: it hears that the page fires, and of its end."""
    assert [[Action.TRIGGER]] == after(0, 0.01, "hook")
    assert [[Action.TRIGGER]] == after(5, 0.01, "pages")
    assert [[]] == after(10, 0.01, "pages")
    assert [[]] == after(15, 0.0, "pages")
    assert [[Action.RESOLVE]] == after(400, 0.0, "pages")


def test_who_comes_while_others_know_waits_for_what_is_new(after):
    """One of the receivers is left: nobody is woken for a restart."""
    assert [[Action.TRIGGER], [Action.TRIGGER]] == after(0, 0.01, "hook", "mail")
    assert [[], []] == after(5, 0.01, "mail", "pages")
    assert [[Action.TRIGGER], [Action.TRIGGER]] == after(3_700, 0.01, "mail", "pages")
    assert [[], []] == after(3_710, 0.0, "mail", "pages")
    assert [[Action.RESOLVE], [Action.RESOLVE]] == after(4_100, 0.0, "mail", "pages")


def test_a_collector_without_receivers_forgets_nobody(after):
    """Who is back in the configuration was told, and hears of the end."""
    assert [[Action.TRIGGER]] == after(0, 0.01, "hook")
    assert [] == after(5, 0.01)
    assert [[]] == after(10, 0.0, "hook")
    assert [[Action.RESOLVE]] == after(400, 0.0, "hook")
