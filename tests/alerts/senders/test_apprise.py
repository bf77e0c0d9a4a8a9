"""Apprise, by its `json://` address: what it knows it sends, and what it says of it."""

from __future__ import annotations

import builtins
import logging

import pytest

from fournines.alerts import NOT_SHOWN, Action, InvalidReceiver, Outcome
from fournines.alerts.senders import AppriseNotifier

pytestmark = pytest.mark.filterwarnings(
    "ignore:'imghdr' is deprecated:DeprecationWarning"
)  # Apprise looks whether it is there


@pytest.fixture
def listener(service):
    """Takes everything."""
    return service(lambda asked: (200, b"ok"))


def address(listener, **more):
    return listener.url.replace("http://", "json://") + "/s3cret"


def test_an_incident_is_told_as_text(listener, incident, sent):
    """Headline and text, in the mood that Apprise gives a colour; a change is none of it."""
    actions = (Action.TRIGGER, Action.UPDATE, Action.ACKNOWLEDGE, Action.RESOLVE)
    attempts = sent(AppriseNotifier(address(listener)), *map(incident, actions))

    assert [Outcome.DELIVERED] * 4 == [attempt.outcome for attempt in attempts]
    assert NOT_SHOWN == attempts[1]
    assert ["failure", "info", "success"] == [asked.content["type"] for asked in listener.asked]
    first = listener.asked[0].content
    assert "a burns 21x" == first["title"]
    assert first["message"].startswith("The promise: ü\n\nTop route: POST /payments: 96 of 120\n")


@pytest.mark.parametrize("status", [400, 429, 503])
def test_whatever_went_wrong_is_tried_again(listener, incident, sent, status):
    """Apprise says that it was not taken, and no more."""
    listener.next.append((status, b""))

    (attempt,) = sent(AppriseNotifier(address(listener)), incident())

    assert (Outcome.RETRY, "Apprise could not send it; its log says more") == (attempt.outcome, attempt.reason)


def test_its_address_is_a_secret(listener, incident, sent, caplog):
    """Tokens stand in it."""
    with caplog.at_level(logging.DEBUG, "apprise"):
        sent(AppriseNotifier(address(listener)), incident())
        with pytest.raises(InvalidReceiver) as refused:
            AppriseNotifier("nowhere://s3cret", name="chat")

    assert "the address of receiver chat is none that Apprise knows" == str(refused.value)
    assert "s3cret" not in caplog.text + repr(AppriseNotifier(address(listener)))


def test_without_apprise_it_says_what_to_install(monkeypatch):
    """At the start, not in the night."""
    real = builtins.__import__

    def without(name, *more, **others):
        if name == "apprise":
            raise ImportError(name)
        return real(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InvalidReceiver, match=r"receiver apprise needs Apprise; install fournines\[apprise\]"):
        AppriseNotifier("json://localhost")
