"""Trying receivers before the night: each is sent the beginning and the end of an incident that says it is none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from ..slo import Severity
from .names import (
    ALERT_TRIAL,
    ANNOTATION_DESCRIPTION,
    ANNOTATION_SUMMARY,
    LABEL_ALERTNAME,
    LABEL_SERVICE,
    LABEL_SEVERITY,
)
from .notification import Action, Notification, Receiver
from .notifier import Attempt, Notifier, Outcome
from .sent import sent


class Trial(NamedTuple):
    """What a receiver said to one message."""

    receiver: str
    action: Action
    attempt: Attempt


async def tried(
    ways: Mapping[Receiver, Notifier], url: str, now: Callable[[], float], pause: Callable[[], Awaitable[None]]
) -> list[Trial]:
    """Sends to all receivers at once, waits, ends it with those who took it, and closes the ways. `url` is where people find the pages.

    The messages go past outbox, routes and silences: nothing is tried twice, and nothing is kept.
    """
    began = {receiver: trial(receiver, url, now()) for receiver in ways}
    begun = await asyncio.gather(*(_sent(receiver, way, began[receiver], now) for receiver, way in ways.items()))
    taken = [
        (receiver, way, one.attempt.reference)
        for (receiver, way), one in zip(ways.items(), begun, strict=True)
        if one.attempt.outcome is Outcome.DELIVERED
    ]
    if taken:
        await pause()
    over = [replace(began[receiver], action=Action.RESOLVE, ends_at=now()) for receiver, _, _ in taken]
    sends = [
        _sent(receiver, way, end, now, reference) for (receiver, way, reference), end in zip(taken, over, strict=True)
    ]
    ended = await asyncio.gather(*sends)
    await asyncio.gather(*(way.close() for way in ways.values()))
    return [*begun, *ended]


def trial(receiver: Receiver, url: str, now: float) -> Notification:
    """The beginning of an incident that is none, of the gravest severity that the receiver is told of."""
    grave = not receiver.severities or Severity.PAGE in receiver.severities
    severity = Severity.PAGE if grave else Severity.TICKET
    labels = {LABEL_ALERTNAME: ALERT_TRIAL, LABEL_SERVICE: "fournines", LABEL_SEVERITY: severity.value}
    texts = {
        ANNOTATION_SUMMARY: "Test: nothing is wrong, pages find their way here",
        ANNOTATION_DESCRIPTION: f"Sent by hand to try the receiver {receiver.name}. Nothing is to be done.",
    }
    return Notification(Action.TRIGGER, f"test/{receiver.name}/{now:.0f}", labels, texts, now, None, url)


async def _sent(
    receiver: Receiver,
    way: Notifier,
    notification: Notification,
    now: Callable[[], float],
    reference: str | None = None,
) -> Trial:
    return Trial(receiver.name, notification.action, await sent(way, notification, now(), reference))
