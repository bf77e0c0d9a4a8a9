"""Receivers that go, come and change their names while alerts are open."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import pytest
from prometheus_client import CollectorRegistry

from fournines.alerts import Action, FakeNotifier, Outbox, Pager, Paging, Receiver

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


def test_who_is_gone_while_others_remain_is_said_to_hear_nothing_of_the_end(path, after, caplog):
    """In the log of the start and in the alert's why: the incident stays open there until somebody closes it by hand."""

    def started(*names):
        caplog.clear()
        ways = {Receiver(name): FakeNotifier() for name in names}
        with (
            caplog.at_level(logging.ERROR),
            contextlib.closing(Paging(path, ways, "http://pages", lambda: 0.0, CollectorRegistry())) as paging,
        ):
            why = [said.reason for each in paging.alerts() if each.alert.told for said in each.sendings]
        return [record.message for record in caplog.records], why

    after(0, 0.01, "hook", "mail")
    assert ([], ["hook was told that it fires", "mail was told that it fires"]) == started("hook", "mail")
    said, why = started("mail", "pages")
    assert 1 == len(said)
    assert said[0].startswith("hook is no longer configured and never hears that 1 alerts it was told of are over")
    assert f"slo/{PAYMENTS}/page" in said[0]
    assert why[0].endswith("it is no longer configured, and hears nothing of the end")
    after(10, 0.0, "mail")
    after(400, 0.0, "mail")
    assert [] == started("mail", "pages")[0]
