"""The webhook: an HTTP POST whose body is Alertmanager's webhook, version 4, so that every receiver made for it works.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
With a secret, `X-Fournines-Signature: sha256=<hex>` carries the HMAC-SHA256 of the raw body under it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Final

from ...slo import timestamp
from ..names import (
    ANNOTATION_DETAILS,
    LABEL_ALERTNAME,
    LABEL_SERVICE,
    LABEL_SEVERITY,
    LABEL_SLO,
    SIGNATURE_HEADER,
)
from ..notification import Action, Notification
from ..notifier import NOT_SHOWN, Attempt
from .http import HttpSender, checked, origin

_GROUP_LABELS: Final = (LABEL_ALERTNAME, LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO)
_NOT_ENDED: Final = "0001-01-01T00:00:00Z"


class WebhookNotifier:
    """Posts to one URL. Neither its secret nor more of its URL than scheme and host is ever shown: paths carry tokens too.

    `InvalidReceiver` unless the URL is http(s) with a host.
    """

    def __init__(self, url: str, *, name: str = "webhook", secret: str | None = None, external_url: str = "") -> None:
        self._url = checked(url, name)
        self._name = name
        self._secret = secret
        self._external_url = external_url
        self._http = HttpSender()

    def __repr__(self) -> str:
        return f"WebhookNotifier({self._name!r}, {origin(self._url)})"

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Posts once, within 5 seconds in all. Only beginnings and ends: whoever listens may page at every post."""
        del reference
        if notification.action not in (Action.TRIGGER, Action.RESOLVE):
            return NOT_SHOWN
        body = json.dumps(payload(notification, self._name, self._external_url), sort_keys=True).encode()
        headers = {"content-type": "application/json"}
        if self._secret:
            headers[SIGNATURE_HEADER] = sign(body, self._secret)
        return (await self._http.request("POST", self._url, now, body, headers)).attempt


def payload(notification: Notification, receiver: str, external_url: str) -> dict[str, Any]:
    """The body: one group of one alert."""
    alert = _alert(notification)
    labels = alert["labels"]
    return {
        "version": "4",
        "groupKey": notification.dedup_key,
        "truncatedAlerts": 0,
        "status": alert["status"],
        "receiver": receiver,
        "groupLabels": {name: labels[name] for name in _GROUP_LABELS if name in labels},
        "commonLabels": labels,
        "commonAnnotations": alert["annotations"],
        "externalURL": external_url,
        "alerts": [alert],
    }


def _alert(notification: Notification) -> dict[str, Any]:
    labels = dict(notification.labels)
    return {
        "status": "resolved" if notification.action is Action.RESOLVE else "firing",
        "labels": labels,
        "annotations": {**notification.annotations, **facts(notification)},
        "startsAt": timestamp(notification.starts_at),
        "endsAt": timestamp(notification.ends_at) if notification.ends_at is not None else _NOT_ENDED,
        "generatorURL": notification.url,
        "fingerprint": fingerprint(labels),
    }


def facts(notification: Notification) -> dict[str, str]:
    """The details as one annotation, a line each: their names are no names of annotations."""
    lines = "\n".join(f"{name}: {value}" for name, value in notification.details.items())
    return {ANNOTATION_DETAILS: lines} if lines else {}


def fingerprint(labels: dict[str, str]) -> str:
    """Alertmanager's own: 64-bit FNV-1a over sorted names and values, each ended by 0xff, as 16 hex digits."""
    value = 0xCBF29CE484222325
    for text in (part for name in sorted(labels) for part in (name, labels[name])):
        for byte in text.encode() + b"\xff":
            value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def sign(body: bytes, secret: str) -> str:
    """The value of the signature header. A receiver computes the same over the bytes it got, and compares in constant time."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
