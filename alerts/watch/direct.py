"""Messages that go out of memory, past the outbox: about the outbox, the ledger it is in, and what fills it.

Sent until it is taken, the last word of an incident in the place of those before it; said again to receivers that forget. What is not
sent when the process ends is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from ..delivery import wait
from ..names import METRIC_DIRECT
from ..notification import Action, Notification
from ..notifier import Attempt, Notifier, Outcome

REMIND_SECONDS: Final = 60.0
"""Receivers that forget do so within minutes."""

_log: Final = logging.getLogger(__name__)


class Direct:
    """Sends to each of `notifiers`, which are by the names of their receivers. `now` gives epoch seconds."""

    def __init__(
        self, notifiers: Mapping[str, Notifier], now: Callable[[], float], registry: CollectorRegistry
    ) -> None:
        results = Counter(
            METRIC_DIRECT,
            "Attempts to send a message about the collector itself, by what came of them",
            ("receiver", "result"),
            registry=registry,
        )
        self._lanes = [_Lane(name, notifier, now, results) for name, notifier in notifiers.items()]

    def say(self, notification: Notification, without: Collection[str] = ()) -> None:
        """Has it sent to all but those `without`; an end to those alone who were to hear of the beginning. To be called in its loop."""
        for lane in self._lanes:
            if lane.name not in without:
                lane.say(notification)

    async def run(self) -> None:
        """Sends until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run(), name=f"direct to {lane.name}")


class _Lane:
    """The way to one receiver: the last word of each incident, until it is taken."""

    def __init__(self, name: str, notifier: Notifier, now: Callable[[], float], results: Counter) -> None:
        self.name = name
        self._notifier = notifier
        self._now = now
        self._results = results
        self._waiting: dict[str, Notification] = {}
        self._references: dict[str, str] = {}
        self._lasting: dict[str, Notification] = {}
        self._begun: frozenset[str] = frozenset()
        self._new = asyncio.Event()

    def say(self, notification: Notification) -> None:
        key = notification.dedup_key
        if notification.action is Action.RESOLVE and key not in self._begun:
            return
        self._begun = self._begun - {key} if notification.action is Action.RESOLVE else self._begun | {key}
        self._lasting.pop(key, None)
        self._waiting[key] = notification
        self._new.set()

    async def run(self) -> None:
        failed = 0
        while True:
            self._new.clear()
            attempts = [await self._send(notification) for notification in list(self._waiting.values())]
            failed = failed + 1 if self._waiting and not self._new.is_set() else 0
            await self._sleep(self._pause(attempts, failed))
            if not self._new.is_set() and not failed:
                self._waiting = {**self._lasting, **self._waiting}

    def _pause(self, attempts: Sequence[Attempt], failed: int) -> float | None:
        """Seconds until something is to be sent again; None where nothing is."""
        if failed:
            return wait(failed, max((attempt.retry_after or 0.0 for attempt in attempts), default=0.0))
        return REMIND_SECONDS if self._lasting else None

    async def _sleep(self, seconds: float | None) -> None:
        """Until there is something new, or it is time to try again."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._new.wait(), seconds)

    async def _send(self, notification: Notification) -> Attempt:
        key = notification.dedup_key
        try:
            attempt = await self._notifier.send(notification, self._now(), self._references.get(key))
        except Exception as error:  # noqa: BLE001 - whatever a notifier does wrong, it is tried again
            attempt = Attempt(Outcome.RETRY, f"its notifier failed: {type(error).__name__}")
        self._results.labels(self.name, attempt.outcome.value).inc()
        if attempt.reference is not None:
            self._references[key] = attempt.reference
        if attempt.outcome is Outcome.RETRY:
            _log.warning(
                "%s did not get the %s of %s yet: %s", self.name, notification.action.value, key, attempt.reason
            )
        elif self._waiting.get(key) is notification:
            del self._waiting[key]
            if notification.action is Action.RESOLVE:
                self._references.pop(key, None)
            elif attempt.repeat_after is not None:
                self._lasting[key] = notification
        if attempt.outcome is Outcome.REJECTED:
            _log.error("%s never got the %s of %s: %s", self.name, notification.action.value, key, attempt.reason)
        return attempt
