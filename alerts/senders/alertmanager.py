"""Alertmanager, by its API v2: it routes, groups and silences; it forgets an alert that it is not reminded of.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ...slo import MINUTE, timestamp
from ..notification import Action, Notification
from ..notifier import Attempt, Outcome
from ..rules.promql import label_name
from .http import HttpSender, checked, origin
from .webhook import facts

REMIND_SECONDS: Final = 60.0
FIRES_FOR_SECONDS: Final = 5 * MINUTE
"""So long after a reminder it takes the alert for resolved: time enough to miss four of them."""


class AlertmanagerNotifier:
    """Posts each alert to every member of a cluster, and has to be called again every minute until its end.

    `urls` are those of the members, without `/api/v2`; `headers` go with every request and are never shown. `InvalidReceiver` unless
    each URL is http(s) with a host.
    """

    def __init__(
        self, urls: Sequence[str], *, name: str = "alertmanager", headers: Mapping[str, str] | None = None
    ) -> None:
        self._urls = [f"{checked(url, name).rstrip('/')}/api/v2/alerts" for url in urls]
        self._name = name
        self._headers = dict(headers or {})
        self._http = HttpSender()

    def __repr__(self) -> str:
        return f"AlertmanagerNotifier({self._name!r}, {', '.join(map(origin, self._urls))})"

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Posts to all at once. Members tell each other of what they sent, not of alerts, so one that took it is enough to be told."""
        del reference
        content = [alert(notification, now)]
        attempts = await asyncio.gather(*(self._post(url, content, now) for url in self._urls))
        attempt = _all_in_all(attempts)
        lasts = attempt.outcome is Outcome.DELIVERED and notification.action is not Action.RESOLVE
        return replace(attempt, repeat_after=REMIND_SECONDS) if lasts else attempt

    async def _post(self, url: str, content: object, now: float) -> Attempt:
        attempt = (await self._http.post(url, content, now, self._headers)).attempt
        return replace(attempt, reason=f"{origin(url)}: {attempt.reason}") if len(self._urls) > 1 else attempt


def alert(notification: Notification, now: float) -> dict[str, Any]:
    """The alert as the API takes it. Only names of labels that every version takes, and no empty values."""
    fires_until = now + FIRES_FOR_SECONDS if notification.ends_at is None else notification.ends_at
    return {
        "labels": _named(notification.labels),
        "annotations": _named({**notification.annotations, **facts(notification)}),
        "startsAt": timestamp(notification.starts_at),
        "endsAt": timestamp(max(fires_until, notification.starts_at)),
        "generatorURL": notification.url,
    }


def _named(texts: Mapping[str, str]) -> dict[str, str]:
    """Those with valid names keep them; what becomes valid hides none of them."""
    sound = {name: text for name, text in texts.items() if text and label_name(name) == name}
    return {**{label_name(name): text for name, text in texts.items() if text}, **sound}


def _all_in_all(attempts: Sequence[Attempt]) -> Attempt:
    """Delivered where one took it; tried again where one of the others may still."""
    reason = "; ".join(attempt.reason for attempt in attempts)
    for outcome in (Outcome.DELIVERED, Outcome.RETRY):
        found = [attempt for attempt in attempts if attempt.outcome is outcome]
        if found:
            waits = [attempt.retry_after for attempt in found if attempt.retry_after is not None]
            return Attempt(outcome, reason, max(waits, default=None))
    return Attempt(Outcome.REJECTED, reason)
