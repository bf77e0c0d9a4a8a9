"""The dead man's switch: a sign of life to whoever calls when it stops. It is given while all is well and at no other time.

Nobody can tell that they are gone. So somebody else is told, again and again, that we are there; a monitor such as healthchecks.io or
Dead Man's Snitch over HTTP, an Alertmanager by an alert that always fires.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter

from ..names import (
    ALERT_WATCHDOG,
    ANNOTATION_DESCRIPTION,
    ANNOTATION_SUMMARY,
    LABEL_ALERTNAME,
    LABEL_COLLECTOR,
    LABEL_SERVICE,
    LABEL_SEVERITY,
    METRIC_HEARTBEATS,
)
from ..notification import Action, Notification
from ..notifier import DELIVERED, Attempt, Notifier, Outcome
from ..senders.http import HttpSender, checked, origin
from .watchman import SERVICE

INTERVAL_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = 10.0
"""After a sign that did not arrive the next one is given so soon: one lost packet is no death."""

_log: Final = logging.getLogger(__name__)


class Beat(Protocol):
    """A way to give one sign of life. `name` says where to, without what may be secret in it."""

    name: str

    async def beat(self, now: float) -> Attempt:
        """Gives one; answers rather than raises."""
        ...


class FakeBeat:
    """Remembers when signs were given, and answers as told, `DELIVERED` when it was told nothing more."""

    def __init__(self, answers: Sequence[Attempt] = (), name: str = "fake") -> None:
        self.name = name
        self.beats: list[float] = []
        self._answers = list(answers)

    async def beat(self, now: float) -> Attempt:
        """Takes the next of its answers."""
        self.beats.append(now)
        return self._answers.pop(0) if self._answers else DELIVERED


class UrlBeat:
    """A request without a body; any answer of 2xx means that it was heard. The path holds a token, and nobody shows it.

    Raises `InvalidReceiver` unless the URL is http(s) with a host.
    """

    def __init__(self, url: str, method: str = "GET") -> None:
        self._url = checked(url, "heartbeat")
        self.name = origin(url)
        self._method = method
        self._http = HttpSender()

    async def beat(self, now: float) -> Attempt:
        """Asks once."""
        return (await self._http.request(self._method, self._url, now)).attempt


class WatchdogBeat:
    """The alert `Watchdog`, which always fires, to an Alertmanager: it ends by itself when it is not said again."""

    def __init__(self, name: str, notifier: Notifier, collector: str, public_url: str, since: float) -> None:
        self.name = name
        self._notifier = notifier
        self._watchdog = _watchdog(collector, public_url, since)

    async def beat(self, now: float) -> Attempt:
        """Says it again."""
        return await self._notifier.send(self._watchdog, now)


def _watchdog(collector: str, public_url: str, since: float) -> Notification:
    labels = {
        LABEL_ALERTNAME: ALERT_WATCHDOG,
        LABEL_SERVICE: SERVICE,
        LABEL_COLLECTOR: collector,
        LABEL_SEVERITY: "none",
    }
    texts = {
        ANNOTATION_SUMMARY: f"{collector} takes in, evaluates and sends",
        ANNOTATION_DESCRIPTION: "Fires as long as all is well. Route it to somebody who calls when it stops.",
    }
    return Notification(Action.TRIGGER, f"collector/{collector}/watchdog", labels, texts, since, None, public_url)


class Heartbeat:
    """Gives a sign by each of `beats` every `interval` seconds, while `well` answers nothing; what it answers else is why not."""

    def __init__(
        self,
        beats: Sequence[Beat],
        well: Callable[[], str],
        now: Callable[[], float],
        registry: CollectorRegistry,
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        self._beats = tuple(beats)
        self._well = well
        self._now = now
        self._interval = interval
        self._failing: dict[str, str] = {}
        self._signs = Counter(
            METRIC_HEARTBEATS, "Signs of life, by what came of them", ("to", "result"), registry=registry
        )

    async def run(self) -> None:
        """Gives signs until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait(), name="heartbeats to nobody")
            for beat in self._beats:
                group.create_task(self._beat_for_ever(beat), name=f"heartbeats to {beat.name}")

    async def _beat_for_ever(self, beat: Beat) -> None:
        pause = 0.0
        while True:
            await asyncio.sleep(pause)
            pause = await self.sign(beat)

    async def sign(self, beat: Beat) -> float:
        """Gives one sign, if all is well; returns after how many seconds the next is due."""
        if why := self._well():
            self._note(beat, "withheld", why)
            return min(AGAIN_SECONDS, self._interval)
        attempt = await _safely(beat, self._now())
        heard = attempt.outcome is Outcome.DELIVERED
        self._note(beat, "heard" if heard else "failed", "" if heard else attempt.reason)
        return self._interval if heard else min(AGAIN_SECONDS, self._interval)

    def _note(self, beat: Beat, result: str, why: str) -> None:
        """Counts each, and logs what changed: not each time that it stays so."""
        self._signs.labels(beat.name, result).inc()
        before, self._failing[beat.name] = self._failing.get(beat.name, ""), result if why else ""
        if why and before != result:
            _log.warning("signs of life to %s are %s: %s", beat.name, result, why)
        elif before and not why:
            _log.info("signs of life to %s are heard again", beat.name)


async def _safely(beat: Beat, now: float) -> Attempt:
    try:
        return await beat.beat(now)
    except Exception as error:  # noqa: BLE001 - whatever one sign does wrong, the next is given
        return Attempt(Outcome.RETRY, f"its sender failed: {type(error).__name__}")
