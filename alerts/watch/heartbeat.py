"""The dead man's switch: a sign of life to whoever calls when it stops. It is given while all is well and at no other time.

Nobody can tell that they are gone. So somebody else is told, again and again, that we are there; a monitor such as healthchecks.io or
Dead Man's Snitch over HTTP, an Alertmanager by an alert that always fires.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
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
from ..senders.http import HttpSender, checked
from .watchman import SERVICE

INTERVAL_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = 10.0
"""After a sign that did not arrive the next one is given so soon: one lost packet is no death."""

_log: Final = logging.getLogger(__name__)


class Beat(Protocol):
    """A way to give signs of life."""

    async def beat(self, now: float) -> Attempt:
        """Gives one; answers rather than raises."""
        ...

    async def close(self) -> None:
        """Closes its connections; no sign is given after that."""
        ...


class FakeBeat:
    """Remembers when signs were given, and answers as told, `DELIVERED` when it was told nothing more."""

    def __init__(self, answers: Sequence[Attempt] = ()) -> None:
        self.closed = False
        self.beats: list[float] = []
        self._answers = list(answers)

    async def beat(self, now: float) -> Attempt:
        """Takes the next of its answers."""
        self.beats.append(now)
        return self._answers.pop(0) if self._answers else DELIVERED

    async def close(self) -> None:
        """Remembers that it was."""
        self.closed = True


class UrlBeat:
    """A request without a body; any answer of 2xx means that it was heard. The path holds a token, and nobody shows it.

    Raises `InvalidReceiver` unless the URL is http(s) with a host.
    """

    def __init__(self, url: str, method: str = "GET") -> None:
        self._url = checked(url, "heartbeat")
        self._method = method
        self._http = HttpSender()

    async def beat(self, now: float) -> Attempt:
        """Asks once."""
        return (await self._http.request(self._method, self._url, now)).attempt

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()


class WatchdogBeat:
    """The alert `Watchdog`, which always fires, to an Alertmanager: it ends by itself when it is not said again."""

    def __init__(self, notifier: Notifier, collector: str, public_url: str, since: float) -> None:
        self._notifier = notifier
        self._watchdog = _watchdog(collector, public_url, since)

    async def beat(self, now: float) -> Attempt:
        """Says it again."""
        return await self._notifier.send(self._watchdog, now)

    async def close(self) -> None:
        """Nothing: the notifier belongs to others as well."""


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
    """Gives a sign by each of `beats` every minute, or as `intervals` says, while `well` answers nothing; what it answers else is why not.

    Beats are by where they go to, without what may be secret in it. The first comes after some seconds: who dies at every start is dead.
    """

    def __init__(
        self,
        beats: Mapping[str, Beat],
        well: Callable[[], str],
        now: Callable[[], float],
        registry: CollectorRegistry,
        intervals: Mapping[str, float] | None = None,
    ) -> None:
        self._beats = dict(beats)
        self._well = well
        self._now = now
        self._intervals = intervals or {}
        self._failing: dict[str, str] = {}
        self._signs = Counter(
            METRIC_HEARTBEATS, "Signs of life, by what came of them", ("to", "result"), registry=registry
        )

    async def run(self) -> None:
        """Gives signs until cancelled, and none after that."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.Event().wait(), name="heartbeats to nobody")
                for name in self._beats:
                    group.create_task(self._beat_for_ever(name), name=f"heartbeats to {name}")
        finally:
            for beat in self._beats.values():
                await beat.close()

    async def _beat_for_ever(self, name: str) -> None:
        pause = self._soon(name)
        while True:
            await asyncio.sleep(pause)
            pause = await self.sign(name)

    async def sign(self, name: str) -> float:
        """Gives one sign there, if all is well; returns after how many seconds the next is due."""
        if why := self._well():
            self._note(name, "withheld", why)
            return self._soon(name)
        attempt = await _safely(self._beats[name], self._now())
        heard = attempt.outcome is Outcome.DELIVERED
        self._note(name, "heard" if heard else "failed", "" if heard else attempt.reason)
        return self._interval(name) if heard else self._soon(name)

    def _interval(self, name: str) -> float:
        return self._intervals.get(name, INTERVAL_SECONDS)

    def _soon(self, name: str) -> float:
        return min(AGAIN_SECONDS, self._interval(name))

    def _note(self, name: str, result: str, why: str) -> None:
        """Counts each, and logs what changed: not each time that it stays so."""
        self._signs.labels(name, result).inc()
        before, self._failing[name] = self._failing.get(name, ""), result if why else ""
        if why and before != result:
            _log.warning("no sign of life to %s (%s): %s", name, result, why)
        elif before and not why:
            _log.info("signs of life to %s are heard again", name)


async def _safely(beat: Beat, now: float) -> Attempt:
    try:
        return await beat.beat(now)
    except Exception as error:  # noqa: BLE001 - whatever one sign does wrong, the next is given
        return Attempt(Outcome.RETRY, f"its sender failed: {type(error).__name__}")
