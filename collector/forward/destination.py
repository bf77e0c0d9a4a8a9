"""One destination: its queue, its forwarder, and the tasks that bring one to the other."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import xxhash

from ..columns import Signal
from ..errors import CollectorError
from .backoff import Backoff
from .forwarder import Drop, Forwarder, QueuedRequest, Retry
from .instruments import Instruments
from .queue import MOST_BYTES, Queue
from .under_way import QueueEntry

ALL: Final = frozenset(Signal)
NONE: Final[frozenset[Signal]] = frozenset()
FAULT: Final = "fault"

_LOG: Final = logging.getLogger("fournines.collector")


def queue_name(kind: str, address: str) -> str:
    """A name for the queue of an address, the same at every start, whatever else is configured."""
    host = re.sub(r"[^a-z0-9.-]", "", (urlsplit(address).hostname or address).lower())[:60]
    return f"{kind}-{host}-{xxhash.xxh3_64_hexdigest(address.encode())[:8]}"


class Destination:
    """Brings requests to one destination, `parallel` of them at a time; 1 keeps their order.

    `signals` says which of what is taken in it gets (NONE for one that is only fed by `put`), `redact` whether card numbers and secrets
    are taken out before. `name` names its queue in `folder` (see `queue_name`): what is queued goes to no other address. Raises
    CollectorError where the queue can't be opened. `clock` gives epoch seconds, for telemetry.
    """

    def __init__(
        self,
        name: str,
        forwarder: Forwarder,
        folder: Path,
        instruments: Instruments,
        clock: Callable[[], float],
        *,
        signals: frozenset[Signal] = ALL,
        redact: bool = True,
        parallel: int = 4,
        most_bytes: int = MOST_BYTES,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self.signals = signals
        self.redact = redact
        try:
            self.queue = Queue(folder / name, partial(instruments.lose, name), most_bytes)
        except OSError as error:
            raise CollectorError(f"the queue {folder / name} can't be used: {error.strerror or error}") from error
        self._forwarder = forwarder
        self._instruments = instruments
        self._clock = clock
        self._parallel = parallel
        self._sleep = sleep
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fresh = asyncio.Event()
        self._failing = False
        instruments.requests.labels(name).set_function(lambda: float(self.queue.requests))
        instruments.bytes.labels(name).set_function(lambda: float(self.queue.bytes))
        instruments.lag.labels(name).set_function(self._lag)

    def put(self, request: QueuedRequest) -> None:
        """Queues one durably, at once: for what does not come in from a sender. Not for two threads at once; blocks for the disk."""
        self.queue.append([request])
        self.publish()

    def publish(self) -> None:
        """What was appended to the queue is to be sent. From any thread."""
        self.queue.publish()
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._fresh.set)
            except RuntimeError as error:  # the loop has ended: what is queued is sent after the next start
                _LOG.debug("%s is not woken: %s", self.name, error)

    def lose(self, reason: str, items: int) -> None:
        """Counts a request that this destination will not get."""
        self._instruments.lose(self.name, reason, 1, items)

    async def run(self) -> None:
        """Sends what there is and what comes, until it is cancelled; what is under way then is sent again after the next start."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(self._parallel):
                    tasks.create_task(self._work())
        finally:
            self._loop = None
            await self._forwarder.close()

    def close(self) -> None:
        """Lets the queue's files go."""
        self.queue.close()

    async def _work(self) -> None:
        while True:
            entry = await self._next()
            await self._bring(entry)
            await asyncio.to_thread(self.queue.finish, entry)

    async def _next(self) -> QueueEntry:
        entry = await asyncio.to_thread(self.queue.take)
        while entry is None:
            self._fresh.clear()
            # What was published before the event was cleared is found now; what is published after it wakes all who wait.
            entry = await asyncio.to_thread(self.queue.take)
            if entry is None:
                await self._fresh.wait()
        return entry

    async def _bring(self, entry: QueueEntry) -> None:
        backoff, request = Backoff(), entry.request
        while True:
            try:
                await self._forwarder.send(request)
            except Retry as retry:
                self._instruments.retries.labels(self.name).inc()
                self._fails(retry.reason)
                await self._sleep(backoff.after(retry))
            except Drop as drop:
                self._drop(request, drop.reason, request.items if drop.items is None else drop.items, str(drop))
                return
            except Exception as error:  # noqa: BLE001 - one request must not end what brings all the others
                _LOG.error("a fault in sending to %s", self.name, exc_info=error)
                self._drop(request, FAULT, request.items, repr(error))
                return
            else:
                self._sent(request, request.items)
                return

    def _drop(self, request: QueuedRequest, reason: str, items: int, detail: str) -> None:
        lost = min(items, request.items)
        self._instruments.lose(self.name, reason, 1, lost)
        _LOG.debug("%s did not take %d of %d items: %s", self.name, lost, request.items, detail)
        if lost < request.items:
            self._sent(request, request.items - lost)
        else:
            self._fails(f"{reason}: {detail}")

    def _sent(self, request: QueuedRequest, items: int) -> None:
        self._instruments.sent.labels(self.name, request.signal.name.lower()).inc(items)
        if self._failing:
            self._failing = False
            _LOG.info("%s takes what is sent to it again", self.name)

    def _fails(self, reason: str) -> None:
        """Said once, until something gets through."""
        if not self._failing:
            self._failing = True
            _LOG.warning("%s does not take what is sent to it: %.500s", self.name, reason)

    def _lag(self) -> float:
        oldest = self.queue.oldest()
        return 0.0 if oldest is None else max(0.0, self._clock() - oldest)
