"""The webhook: an HTTP POST whose body is Alertmanager's webhook, version 4, so that every receiver made for it works.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
With a secret, `X-Fournines-Signature: sha256=<hex>` carries the HMAC-SHA256 of the raw body under it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from ...slo import timestamp
from ..errors import InvalidReceiver
from ..names import LABEL_ALERTNAME, LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO, SIGNATURE_HEADER
from ..notification import Action, Notification
from ..notifier import DELIVERED, NOT_SHOWN, Attempt, Outcome

TIMEOUT_SECONDS: Final = 5.0
RETRIED: Final = frozenset({408, 425, 429})
"""Refusals that time mends; with these every 5xx is tried again, and every other 4xx is not."""

_GROUP_LABELS: Final = (LABEL_ALERTNAME, LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO)
_NOT_ENDED: Final = "0001-01-01T00:00:00Z"
_READ_LIMIT: Final = 65_536


class WebhookNotifier:
    """Posts to one URL. Neither its secret nor more of its URL than scheme and host is ever shown: paths carry tokens too.

    `InvalidReceiver` unless the URL is http(s) with a host. Redirects are not followed: they would carry pages to strangers.
    """

    def __init__(self, url: str, *, name: str = "webhook", secret: str | None = None, external_url: str = "") -> None:
        self._url = _checked(url, name)
        self._name = name
        self._secret = secret
        self._external_url = external_url
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        logging.getLogger("httpx").addFilter(_hide_paths)

    def __repr__(self) -> str:
        return f"WebhookNotifier({self._name!r}, {_origin(self._url)})"

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Posts once, within 5 seconds in all. Only beginnings and ends: whoever listens may page at every post."""
        del reference
        if notification.action not in (Action.TRIGGER, Action.RESOLVE):
            return NOT_SHOWN
        body = json.dumps(payload(notification, self._name, self._external_url), sort_keys=True).encode()
        headers = {"content-type": "application/json", "user-agent": "fournines"}
        if self._secret:
            headers[SIGNATURE_HEADER] = sign(body, self._secret)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._post(body, headers, now)
        except (TimeoutError, httpx.TimeoutException):
            return Attempt(Outcome.RETRY, f"no answer within {TIMEOUT_SECONDS:g} s")
        except httpx.HTTPError as error:
            return Attempt(Outcome.RETRY, f"no connection to {_origin(self._url)} ({type(error).__name__})")

    async def _post(self, body: bytes, headers: dict[str, str], now: float) -> Attempt:
        async with self._client.stream("POST", self._url, content=body, headers=headers) as response:
            read = 0
            async for chunk in response.aiter_raw():  # read to its end, so that the connection can be used again
                read += len(chunk)
                if read > _READ_LIMIT:
                    break
            return judge(response.status_code, response.headers.get("retry-after"), now)


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
        "annotations": dict(notification.annotations),
        "startsAt": timestamp(notification.starts_at),
        "endsAt": timestamp(notification.ends_at) if notification.ends_at is not None else _NOT_ENDED,
        "generatorURL": notification.url,
        "fingerprint": fingerprint(labels),
    }


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


def judge(status: int, retry_after: str | None, now: float) -> Attempt:
    """What a status code means for the message that was answered with it."""
    if 200 <= status < 300:
        return DELIVERED
    if status in RETRIED or status >= 500:
        return Attempt(Outcome.RETRY, f"answered {status}", _seconds(retry_after, now))
    if 300 <= status < 400:
        return Attempt(Outcome.REJECTED, f"answered {status}; redirects are not followed")
    return Attempt(Outcome.REJECTED, f"answered {status}")


def _seconds(retry_after: str | None, now: float) -> float | None:
    """Retry-After (RFC 9110, section 10.2.3): seconds or a date; None when it says neither."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())


def _checked(url: str, name: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        sound = False
    if not sound:
        raise InvalidReceiver(f"the URL of receiver {name} is no http or https address")
    return url


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def _hide_paths(record: logging.LogRecord) -> bool:
    """Cuts the URLs that httpx logs down to scheme and host."""
    if isinstance(record.args, tuple):
        record.args = tuple(_origin(str(arg)) if isinstance(arg, httpx.URL) else arg for arg in record.args)
    return True
