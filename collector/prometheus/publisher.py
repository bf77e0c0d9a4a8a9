"""The loop that has snapshots of this collector's own series written out, one each interval."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import Counter, Metric

from ..columns import Signal, Source
from ..forward import QueuedRequest
from .snapshots import Snapshots

_LOG = logging.getLogger("fournines.collector")


class Publisher:
    """Puts a snapshot into a queue each `interval` seconds while it runs.

    `families` gives what `/metrics` has and may block, as may `put`; both are called in a thread. `labels` should say which collector this
    is: two that write the same series under the same labels disturb each other.
    """

    def __init__(
        self,
        families: Callable[[], Iterable[Metric]],
        put: Callable[[QueuedRequest], object],
        results: Counter,
        clock: Callable[[], float],
        labels: Mapping[str, str],
        interval: float = 15.0,
    ) -> None:
        self._families = families
        self._put = put
        self._clock = clock
        self._interval = interval
        self._snapshots = Snapshots(labels)
        self._results = results
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Publishes from now on."""
        self._running = asyncio.create_task(self._publish_for_ever(), name="remote write out")

    async def stop(self) -> None:
        """Publishes no more; what is queued stays queued."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def publish(self) -> None:
        """Takes one snapshot and queues it; an empty one is not sent."""
        now = self._clock()
        body, samples = self._snapshots.take(self._families(), now)
        if samples:
            self._put(QueuedRequest(Signal.METRICS, Source.REMOTE_WRITE, now, samples, body))

    async def _publish_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._interval - self._clock() % self._interval)
            try:
                await asyncio.to_thread(self.publish)
                self._results.labels("queued").inc()
            except Exception:  # noqa: BLE001 - one snapshot that can't be taken must not end those to come
                self._results.labels("failed").inc()
                _LOG.exception("a snapshot for remote write could not be taken")
