"""The watch as one object: looks at the vital signs every second, has the watchman's words sent past the outbox, and gives signs of life.

    VitalSigns (Patient) -> troubles -> Watchman -> Direct    -> everybody who is paged
                               `-> none? -> Heartbeat -> whoever calls when it stops

Nothing here waits for the ledger: who watches must not hang on what it watches.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry, Gauge

from ..names import LABEL_LAG, METRIC_EVALUATION_AGE, METRIC_INGESTION_AGE, METRIC_LEDGER_AGE
from ..notification import Action, Notification
from ..notifier import Notifier
from .awake import Awake
from .direct import Direct
from .heartbeat import Beat, Heartbeat
from .memory import Memory
from .vitals import LIMITS, Trouble, Vital, VitalSigns, troubles
from .watchman import Watched, Watchman

LOOK_SECONDS: Final = 1.0

_log: Final = logging.getLogger(__name__)


class Patient(Protocol):
    """Whose vital signs are looked at."""

    def signs(self) -> VitalSigns:
        """Its signs now; answers at once, whatever stands still."""
        ...


class Watch:
    """Watches while `run` is awaited. `collector` names this one, `public_url` is where its pages are, `memory` its file.

    `notifiers` are those of whoever is paged, by the names of their receivers; `now` gives epoch seconds, `stopwatch` seconds that never
    go back.
    """

    def __init__(
        self,
        patient: Patient,
        notifiers: Mapping[str, Notifier],
        beats: Mapping[str, Beat],
        *,
        collector: str,
        public_url: str,
        memory: Path,
        now: Callable[[], float],
        stopwatch: Callable[[], float],
        registry: CollectorRegistry,
        intervals: Mapping[str, float] | None = None,
    ) -> None:
        self._patient = patient
        self._paged = frozenset(notifiers)
        self._memory = Memory(memory)
        self._writing = ThreadPoolExecutor(1, "fournines-watch")
        self._watchman = Watchman(collector, public_url, self._memory.recall())
        self._direct = Direct(notifiers, now, registry)
        self._heartbeat = Heartbeat(beats, self.unwell, now, registry, intervals)
        self._now, self._stopwatch = now, stopwatch
        self._awake = Awake(stopwatch())
        self._signs = VitalSigns()
        self._troubles: tuple[Trouble, ...] = ()
        self._show(registry)

    @property
    def open(self) -> tuple[Watched, ...]:
        """The alerts about the collector itself that fire."""
        return self._watchman.open

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong as of the last look."""
        return self._troubles

    def as_json(self) -> list[dict[str, Any]]:
        """Those alerts as the API says them."""
        return self._watchman.as_json()

    def unwell(self) -> str:
        """Why no sign of life may be given; empty where one may. That one of several is not reached is for the others to hear."""
        reached = not self._paged or not all(self._late(name) for name in self._paged)
        grave = [trouble for trouble in self._troubles if trouble.vital is not Vital.SENDING or not reached]
        return grave[0].summary if grave else ""

    def look(self) -> None:
        """Looks once, and has said what there is to say. To be called in the loop of `run`."""
        self._awake.look(self._stopwatch())
        self._signs = self._patient.signs().seen(self._awake)
        self._troubles = troubles(self._signs)
        said = self._watchman.look(self._troubles, self._now())
        for notification in said:
            _log.warning("%s", notification.annotations["summary"])
            self._direct.say(notification, self._not_to(notification))
        if said:
            self._writing.submit(self._memory.keep, self._watchman.kept)

    async def run(self) -> None:
        """Watches until cancelled."""
        self._awake = Awake(self._stopwatch())
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_for_ever(), name="watch")
            group.create_task(self._direct.run(), name="direct messages")
            group.create_task(self._heartbeat.run(), name="heartbeat")

    def close(self) -> None:
        """Lets its file go; what fires is remembered."""
        self._writing.shutdown()
        self._memory.close()

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def _not_to(self, notification: Notification) -> frozenset[str]:
        """Whom nothing reaches is not told that nothing reaches them: it would come with what they wait for."""
        if notification.labels.get(LABEL_LAG) != "sending" or notification.action is Action.RESOLVE:
            return frozenset()
        return frozenset(filter(self._late, self._paged))

    def _late(self, name: str) -> bool:
        return self._signs.sending.get(name, 0.0) > LIMITS[Vital.SENDING]

    def _show(self, registry: CollectorRegistry) -> None:
        signs = self._patient.signs
        for name, text, age in (
            (
                METRIC_LEDGER_AGE,
                "Seconds for which the ledger can't be written; 0 while it can",
                lambda: signs().ledger,
            ),
            (
                METRIC_INGESTION_AGE,
                "Seconds since the last look at the writer that it answered",
                lambda: signs().ingestion,
            ),
            (
                METRIC_EVALUATION_AGE,
                "Seconds since the last evaluation that came to its end",
                lambda: signs().evaluation,
            ),
        ):
            Gauge(name, text, registry=registry).set_function(age)
