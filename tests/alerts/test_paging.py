"""The paging side of a collector as one object."""

from __future__ import annotations

import asyncio
import logging

import pytest
from prometheus_client import CollectorRegistry

from fournines.alerts import Attempt, FakeNotifier, Outcome, Paging, Receiver
from fournines.slo import Severity, State

PAYMENTS = "payments-availability"


@pytest.fixture
def registry():
    """Where the outbox's gauge goes."""
    return CollectorRegistry()


@pytest.fixture
def notifier():
    """The way to the one receiver."""
    return FakeNotifier()


@pytest.fixture
def paging(path, notifier, registry, start):
    """Closed at the end."""
    opened = Paging(path, {Receiver("hook"): notifier}, "http://collector:8400", lambda: start, registry)
    yield opened
    opened.close()


def test_what_was_judged_is_open_and_goes_out(paging, notifier, slo, at, world, start):
    """An evaluation goes in; the alert is open, since when is known, and its message is sent at the latest when all ends."""
    world.failing[PAYMENTS] = 0.01
    paging.judge(at([slo()]))

    assert paging.firing() == {(PAYMENTS, Severity.PAGE), (PAYMENTS, Severity.TICKET)}
    assert [each.inhibited for each in paging.alerts()] == [False, True]
    assert paging.since(PAYMENTS, State.BURNING) == start
    asyncio.run(paging.finish())
    assert [each.dedup_key for each in notifier.sent] == [f"slo/{PAYMENTS}/page"]
    assert notifier.closed


def test_an_slo_that_is_gone_takes_its_alerts_with_it(paging, slo, at, world):
    """The set of an evaluation is the set there is."""
    world.failing[PAYMENTS] = 0.01
    paging.judge(at([slo()]))
    paging.judge(at([slo("users-availability", "users")], 5))

    assert not paging.alerts()


def test_what_waits_and_what_was_sent_are_counted(paging, notifier, registry, slo, at, world):
    """By receiver and by where it stands, as it is when asked."""
    world.failing[PAYMENTS] = 0.01
    paging.judge(at([slo()]))
    labels = {"receiver": "hook", "state": "pending"}
    paging.measure()
    assert registry.get_sample_value("fournines_notifications", labels) == 1
    asyncio.run(paging.finish())
    paging.measure()
    assert registry.get_sample_value("fournines_notifications", labels) is None
    assert registry.get_sample_value("fournines_notifications", labels | {"state": "delivered"}) == 1


def test_what_can_not_be_sent_in_time_is_said_and_kept(path, registry, slo, at, world, start, caplog, monkeypatch):
    """A receiver that hangs does not keep a collector from stopping: what is left is sent after the next start."""

    class Hanging(FakeNotifier):
        async def send(self, notification, now, reference=None):
            await asyncio.Event().wait()
            return Attempt(Outcome.RETRY, "never")

    monkeypatch.setattr("fournines.alerts.paging.LAST_PAGES_SECONDS", 0.05)
    notifier = Hanging()
    paging = Paging(path, {Receiver("hook"): notifier}, "http://collector:8400", lambda: start, registry)
    world.failing[PAYMENTS] = 0.01
    paging.judge(at([slo()]))
    with caplog.at_level(logging.WARNING):
        asyncio.run(paging.finish())
    paging.measure()
    paging.close()

    assert "stay in the outbox until the next start: no time left" in caplog.text
    assert notifier.closed
    assert registry.get_sample_value("fournines_notifications", {"receiver": "hook", "state": "pending"}) == 1


def test_a_file_that_can_not_be_written_is_said_and_ends_nothing(paging, slo, at, world, caplog):
    """The evaluation goes on; the next one that can be written makes up for it."""
    world.failing[PAYMENTS] = 0.01
    paging.close()
    with caplog.at_level(logging.WARNING):
        paging.judge(at([slo()]))
        paging.measure()

    assert "alerts wait for the ledger" in caplog.text
    assert "notifications are not counted" in caplog.text
    assert not paging.alerts()
