"""Signs of life."""

from __future__ import annotations

import asyncio
import logging

import pytest
from prometheus_client import CollectorRegistry

from fournines.alerts import Action, Attempt, FakeNotifier, InvalidReceiver, Outcome
from fournines.alerts.watch import FakeBeat, Heartbeat, UrlBeat, WatchdogBeat

LATER = Attempt(Outcome.RETRY, "answered 503")


@pytest.fixture
def registry():
    return CollectorRegistry()


def signs(beat, registry, wells):
    """What follows from signs given while `well` answers as told: after how long each time the next is due."""

    async def main():
        answers = list(wells)
        heart = Heartbeat({"fake": beat}, lambda: answers.pop(0), lambda: 5.0, registry)
        return [await heart.sign("fake") for _ in range(len(wells))]

    return asyncio.run(main())


async def once(beat):
    """What comes of one sign."""
    attempt = await beat.beat(0.0)
    await beat.close()
    return attempt


def counted(registry, result, name="fake"):
    return registry.get_sample_value("fournines_heartbeats_total", {"to": name, "result": result})


def test_a_sign_is_given_every_minute_while_all_is_well(registry):
    """And heard."""
    beat = FakeBeat()

    assert [60.0, 60.0] == signs(beat, registry, ["", ""])
    assert ([5.0, 5.0], 2.0) == (beat.beats, counted(registry, "heard"))


def test_no_sign_is_given_while_something_is_wrong(registry):
    """One that is not meant would keep everybody from looking."""
    beat = FakeBeat()

    assert [10.0, 60.0] == signs(beat, registry, ["the ledger can't be written", ""])
    assert ([5.0], 1.0) == (beat.beats, counted(registry, "withheld"))


def test_a_sign_that_was_not_heard_is_given_again_soon(registry, caplog):
    """One lost packet is no death; and it is said once, not each time."""
    with caplog.at_level(logging.INFO):
        assert [10.0, 10.0, 60.0] == signs(FakeBeat([LATER, LATER]), registry, ["", "", ""])

    assert ["no sign of life to fake (failed): answered 503", "signs of life to fake are heard again"] == [
        record.message for record in caplog.records
    ]
    assert 2.0 == counted(registry, "failed")


def test_a_fault_of_one_sign_ends_none_of_those_to_come(registry):
    """Whatever it is."""

    class Broken(FakeBeat):
        async def beat(self, now):
            raise RuntimeError("a fault")

    assert [10.0, 10.0] == signs(Broken(), registry, ["", ""])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_url_is_asked_without_a_body_and_its_token_is_not_shown(on_loopback, method, caplog):
    """As healthchecks.io and Dead Man's Snitch read it (served here by a fake); the log holds no token."""
    asked = []

    def answer(verb, path, headers, body):
        asked.append((verb, path, body))
        return (200, b"OK")

    url = on_loopback(answer)
    with caplog.at_level(logging.DEBUG):
        attempt = asyncio.run(once(UrlBeat(f"{url}/ping/secret-token", method)))

    assert ([(method, "/ping/secret-token", b"")], Outcome.DELIVERED) == (asked, attempt.outcome)
    assert "secret-token" not in "".join(record.getMessage() for record in caplog.records if record.name == "httpx")


@pytest.mark.parametrize("status", [301, 404, 429, 500])
def test_only_an_answer_of_2xx_means_that_it_was_heard(on_loopback, status):
    """Whoever redirects or refuses has not noted it."""
    url = on_loopback(lambda *_: (status, b""))

    assert Outcome.DELIVERED is not asyncio.run(once(UrlBeat(url))).outcome


def test_every_beat_is_given_by_itself_and_closed_at_the_end(registry):
    """One that hangs delays no other."""

    class Hanging(FakeBeat):
        async def beat(self, now):
            await asyncio.Event().wait()

    beats = {"hangs": Hanging(), "b": FakeBeat()}

    async def main():
        running = asyncio.create_task(Heartbeat(beats, str, lambda: 7.0, registry, dict.fromkeys(beats, 0.005)).run())
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())
    assert ({7.0}, [True, True]) == (set(beats["b"].beats), [beat.closed for beat in beats.values()])


def test_who_dies_at_every_start_gives_no_sign(registry):
    """The first comes after some seconds of life."""
    beat = FakeBeat()

    async def main():
        running = asyncio.create_task(Heartbeat({"a": beat}, str, lambda: 7.0, registry).run())
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())
    assert [] == beat.beats


def test_an_address_that_is_none_is_refused():
    """At the start."""
    with pytest.raises(InvalidReceiver):
        UrlBeat("ftp://x/secret")


def test_the_watchdog_says_the_same_every_time():
    """One alert that always fires: labels that no receiver of pages is meant by."""
    notifier = FakeNotifier()
    beat = WatchdogBeat(notifier, "edge-1", "http://edge-1:8400", since=3.0)

    async def main():
        await beat.beat(60.0)
        await beat.beat(120.0)

    asyncio.run(main())
    first, second = notifier.sent
    assert first is second
    assert (Action.TRIGGER, "collector/edge-1/watchdog", 3.0, None) == (
        first.action,
        first.dedup_key,
        first.starts_at,
        first.ends_at,
    )
    assert ("Watchdog", "none") == (first.labels["alertname"], first.labels["severity"])
