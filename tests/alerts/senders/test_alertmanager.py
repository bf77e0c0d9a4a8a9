"""Alertmanager, the real one: what is posted fires there, lasts as long as it is reminded of, and ends when it ends."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import replace

import pytest

from fournines.alerts import Action, Attempt, Outcome
from fournines.alerts.senders import AlertmanagerNotifier
from fournines.alerts.senders.alertmanager import FIRES_FOR_SECONDS, REMIND_SECONDS, alert

NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def server(alertmanager_binary, run_server, free_port, tmp_path_factory):
    """A real Alertmanager whose one receiver takes nothing."""
    folder, port = tmp_path_factory.mktemp("alertmanager"), free_port()
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    command = [
        alertmanager_binary,
        f"--config.file={config}",
        f"--storage.path={folder}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with run_server(command, f"http://127.0.0.1:{port}/-/ready"):
        yield f"http://127.0.0.1:{port}"


def firing(server):
    """What fires there."""
    with urllib.request.urlopen(f"{server}/api/v2/alerts", timeout=10) as answer:
        return json.loads(answer.read())


def now_of(notification, ended=None):
    """The same message as of today: a real server knows what time it is."""
    began = time.time() - 60
    return replace(notification, starts_at=began, ends_at=None if ended is None else began + ended)


def test_a_real_alertmanager_takes_it_and_lets_it_go(server, incident, tmp_path):
    """It fires there with our labels for five minutes from now; a reminder carries that on, and the end ends it."""
    import asyncio

    labels = {"alertname": "A", "slo": "a", "cost.center": "7", "cost_center": "8", "1st": "x", "empty": ""}
    begin, end = (
        now_of(incident(action, labels=labels), ended) for action, ended in ((None, None), (Action.RESOLVE, 30))
    )

    async def send(*notes):
        notifier = AlertmanagerNotifier([server])
        attempts = [await notifier.send(note, time.time()) for note in notes]
        await notifier.close()
        return attempts

    (attempt,) = asyncio.run(send(begin))
    assert Attempt(Outcome.DELIVERED, "accepted", repeat_after=REMIND_SECONDS) == attempt
    (found,) = firing(server)
    assert {"alertname": "A", "slo": "a", "cost_center": "8", "_1st": "x"} == found["labels"]
    assert "Top route: POST /payments: 96 of 120\nVersion: 1.4.2 <canary> & more" == found["annotations"]["details"]
    asyncio.run(send(begin))
    (again,) = firing(server)
    assert again["endsAt"] >= found["endsAt"]
    assert found["fingerprint"] == again["fingerprint"]
    assert [None] == [attempt.repeat_after for attempt in asyncio.run(send(end))]
    assert [] == firing(server)


def test_it_lasts_for_several_reminders(incident):
    """One that is late ends nothing."""
    assert FIRES_FOR_SECONDS >= 4 * REMIND_SECONDS
    assert "2027-01-15T08:05:00Z" == alert(incident(), NOW)["endsAt"]


def test_the_end_is_never_before_the_beginning(incident):
    """A clock that was set back would make it one that is refused."""
    assert "2027-01-15T08:00:00Z" == alert(incident(Action.RESOLVE, ends_at=NOW - 10), NOW)["endsAt"]


def test_all_members_are_told_and_one_that_took_it_is_enough(service, incident, sent, free_port):
    """Members tell each other of what they sent, not of alerts; one that is down is told by the next reminder."""
    members = [service(lambda asked: (200, b"")) for _ in range(2)]
    urls = [members[0].url, f"http://127.0.0.1:{free_port()}", members[1].url]

    (attempt,) = sent(AlertmanagerNotifier(urls, headers={"authorization": "Bearer s3cret"}), incident())

    assert (Outcome.DELIVERED, REMIND_SECONDS) == (attempt.outcome, attempt.repeat_after)
    assert "no connection to" in attempt.reason
    assert [1, 1] == [len(member.asked) for member in members]
    assert ("/api/v2/alerts", "Bearer s3cret") == (
        members[0].asked[0].path,
        members[0].asked[0].headers["authorization"],
    )
    assert "s3cret" not in repr(AlertmanagerNotifier(urls, headers={"authorization": "Bearer s3cret"}))


@pytest.mark.parametrize(
    ("answers", "outcome", "retry_after"),
    [
        (((503, b""), (400, b"")), Outcome.RETRY, None),
        (((429, b"", {"retry-after": "7"}), (503, b"", {"retry-after": "9"})), Outcome.RETRY, 9.0),
        (((400, b""), (400, b"")), Outcome.REJECTED, None),
    ],
)
def test_where_none_took_it_the_most_hopeful_answer_counts(service, incident, sent, answers, outcome, retry_after):
    """It is tried again while one of them may still take it."""
    members = [service(lambda asked, said=said: said) for said in answers]

    (attempt,) = sent(AlertmanagerNotifier([member.url for member in members]), incident())

    assert (outcome, retry_after, None) == (attempt.outcome, attempt.retry_after, attempt.repeat_after)
