"""PagerDuty, by its Events API v2: trigger, acknowledge and resolve under one key, so that it sees one incident.

https://developer.pagerduty.com/docs/events-api-v2-overview
"""

from __future__ import annotations

import json
from typing import Any, Final

from ...slo import timestamp
from ..names import ANNOTATION_DESCRIPTION, ANNOTATION_EXPLANATION, LABEL_ALERTNAME, LABEL_SERVICE, LABEL_SLO
from ..notification import Action, Notification
from ..notifier import NOT_SHOWN, Attempt
from .content import key_within, links, pages, shortened, summary
from .http import Answer, HttpSender, checked, origin

EVENTS_URL: Final = "https://events.pagerduty.com/v2/enqueue"
"""Accounts in Europe: https://events.eu.pagerduty.com/v2/enqueue."""

LONGEST_SUMMARY: Final = 1_024
LONGEST_KEY: Final = 255
LONGEST_NAME: Final = 255
LONGEST_DETAILS: Final = (4_000, 400)
"""Characters of a detail: the first that fit."""
LONGEST_EVENT: Final = 500_000
"""An event may hold 512 kB; one that holds more is refused for good."""

_LONGEST_REASON: Final = 300
_SHOWN: Final = {Action.TRIGGER: "trigger", Action.ACKNOWLEDGE: "acknowledge", Action.RESOLVE: "resolve"}


class PagerDutyNotifier:
    """Sends events to one integration. The routing key is never shown. `InvalidReceiver` unless the URL is http(s) with a host.

    A change is not sent: to PagerDuty it would be a trigger, which opens an incident anew that somebody closed by hand.
    """

    def __init__(
        self, routing_key: str, *, name: str = "pagerduty", url: str = EVENTS_URL, external_url: str = ""
    ) -> None:
        self._routing_key = routing_key
        self._url = checked(url, name)
        self._name = name
        self._external_url = external_url
        self._http = HttpSender()

    def __repr__(self) -> str:
        return f"PagerDutyNotifier({self._name!r}, {origin(self._url)})"

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Sends one event. Its rules: 202 accepted; 429, 5xx and no answer again; what is wrong with the event, never."""
        del reference
        if notification.action not in _SHOWN:
            return NOT_SHOWN
        content = {"routing_key": self._routing_key, **event(notification, self._external_url)}
        answer = await self._http.post(self._url, content, now)
        return answer.attempt if answer.status != 400 else self._wrong(answer)

    def _wrong(self, answer: Answer) -> Attempt:
        said = answer.json()
        errors = said.get("errors")
        words = [str(said.get("message", "")), *(map(str, errors) if isinstance(errors, list) else ())]
        text = ": ".join(word.replace(self._routing_key, "***") for word in words if word)
        outcome, reason = answer.attempt.outcome, answer.attempt.reason
        return Attempt(outcome, shortened(f"{reason}: {text}" if text else reason, _LONGEST_REASON))


def event(notification: Notification, external_url: str) -> dict[str, Any]:
    """The event without its routing key. Acknowledging and resolving need the key of the incident alone."""
    named = {
        "event_action": _SHOWN[notification.action],
        "dedup_key": key_within(notification.dedup_key, LONGEST_KEY),
    }
    if notification.action is not Action.TRIGGER:
        return named
    payloads = [_payload(notification, most) for most in LONGEST_DETAILS]
    client = {"client_url": external_url} if external_url else {}
    return {
        **named,
        "payload": next((each for each in payloads if len(json.dumps(each)) <= LONGEST_EVENT), payloads[-1]),
        "links": [{"href": link.href, "text": link.text} for link in links(notification)],
        "client": "fournines",
        **client,
    }


def _payload(notification: Notification, most: int) -> dict[str, Any]:
    labels = notification.labels
    slo, service, name = (
        shortened(labels.get(label, ""), LONGEST_NAME) for label in (LABEL_SLO, LABEL_SERVICE, LABEL_ALERTNAME)
    )
    payload = {
        "summary": shortened(summary(notification), LONGEST_SUMMARY),
        "source": service or slo or "fournines",
        "severity": "critical" if pages(notification) else "warning",
        "timestamp": timestamp(notification.starts_at),
        "component": service,
        "group": slo,
        "class": name,
        "custom_details": _details(notification, most),
    }
    return {name: value for name, value in payload.items() if value}


def _details(notification: Notification, most: int) -> dict[str, str]:
    texts = {name: notification.annotations.get(name, "") for name in (ANNOTATION_DESCRIPTION, ANNOTATION_EXPLANATION)}
    found = {**notification.details, **texts, "labels": ", ".join(f"{k}={v}" for k, v in notification.labels.items())}
    return {name: shortened(value, most) for name, value in found.items() if value}
