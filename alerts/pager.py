"""The pager: takes what is due out of the outbox and sends it, one lane a receiver, so that a slow one delays nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Final

from .delivery import Delivery, Stage
from .errors import StoreError
from .notification import Receiver
from .notifier import Attempt, Notifier, Outcome
from .outbox import FALL_BACK_SECONDS, Fallen, Outbox
from .sent import sent

LOOK_SECONDS: Final = 5.0
"""A lane looks again that often though nobody woke it, so that nothing hangs on one lost wake-up."""

_log = logging.getLogger(__name__)


class Pager:
    """Delivers for as long as `run` is awaited. `now` gives epoch seconds; `notifiers` are the ways to the receivers."""

    def __init__(self, outbox: Outbox, notifiers: Mapping[Receiver, Notifier], now: Callable[[], float]) -> None:
        self._outbox = outbox
        self._now = now
        self._lanes = [_Lane(receiver, way, outbox, now, self._wake_lanes) for receiver, way in notifiers.items()]
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Says that there is something new. May be called from any thread, at any time."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(
                RuntimeError
            ):  # the loop ended meanwhile: what is new is sent after the next start
                loop.call_soon_threadsafe(self._wake_lanes)

    def _wake_lanes(self) -> None:
        for lane in self._lanes:
            lane.awake.set()

    async def run(self) -> None:
        """Delivers until cancelled. What is under way then stays in the outbox and is sent again after the next start."""
        self._loop = asyncio.get_running_loop()
        await self._reject_strangers()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.Event().wait(), name="pager without receivers")
                for lane in self._lanes:
                    group.create_task(lane.run(), name=f"pager {lane.name}")
        finally:
            self._loop = None

    async def deliver_due(self) -> int:
        """Sends once what is due now, for a last look before the end; returns how many messages were accepted."""
        return sum(await asyncio.gather(*(lane.deliver() for lane in self._lanes)))

    async def _reject_strangers(self) -> None:
        names = [lane.name for lane in self._lanes]
        try:
            rejected = await asyncio.to_thread(self._outbox.reject_all_but, names, self._now())
        except StoreError as error:
            _log.warning("notifications of receivers that are gone stay in the outbox: %s", error)
        else:
            if rejected:
                _log.error("%d notifications are not sent: their receivers are no longer configured", rejected)


class _Lane:
    """The way to one receiver."""

    def __init__(
        self,
        receiver: Receiver,
        notifier: Notifier,
        outbox: Outbox,
        now: Callable[[], float],
        wake_all: Callable[[], None],
    ) -> None:
        self.name = receiver.name
        self.awake = asyncio.Event()
        self._fallback = receiver.fallback
        self._wake_all = wake_all
        self._notifier = notifier
        self._outbox = outbox
        self._now = now
        self._unrecorded: dict[int, tuple[Delivery, Attempt]] = {}

    async def run(self) -> None:
        while True:
            self.awake.clear()
            try:
                busy = await self.deliver()
                pause = 0.0 if busy else await self._pause()
            except StoreError as error:
                _log.error("notifications to %s wait: %s", self.name, error)
                pause = 1.0
            if pause:
                await self._sleep(pause)

    async def deliver(self) -> int:
        """Sends what is due, in parallel, and hands over what can't be told; returns how many messages were accepted."""
        # Nothing is sent while this fails, or a full disk would page somebody every second.
        await self._record(list(self._unrecorded.values()))
        due = await asyncio.to_thread(self._outbox.due, self.name, self._now())
        reminders = [delivery for delivery in due if delivery.reminder]
        sending = (self._send([delivery]) for delivery in due if not delivery.reminder)
        attempts = await asyncio.gather(*sending, self._send(reminders))
        if self._fallback is not None:
            await self._fall_back(self._fallback)
        return sum(attempt.outcome is Outcome.DELIVERED for attempt in chain.from_iterable(attempts))

    async def _fall_back(self, fallback: str) -> None:
        fallen: list[Fallen] = await asyncio.to_thread(self._outbox.fall_back, self.name, fallback, self._now())
        for key, reason in fallen:
            _log.error(
                "%s is told of %s, because %s was not within %d s: %s",
                fallback,
                key,
                self.name,
                FALL_BACK_SECONDS,
                reason,
            )
        if fallen:
            self._wake_all()

    async def _send(self, deliveries: Sequence[Delivery]) -> list[Attempt]:
        """Sends them in parallel, and records them together."""
        attempts = await asyncio.gather(*map(self._sent, deliveries))
        with contextlib.suppress(StoreError):  # the next look records them, or says why it can't
            await self._record(list(zip(deliveries, attempts, strict=True)))
        return attempts

    async def _sent(self, delivery: Delivery) -> Attempt:
        attempt = await sent(self._notifier, delivery.notification, self._now(), delivery.reference)
        self._unrecorded[delivery.id] = (delivery, attempt)
        return attempt

    async def _record(self, attempts: Sequence[tuple[Delivery, Attempt]]) -> None:
        if not attempts:
            return
        stages = await asyncio.to_thread(self._outbox.record_all, attempts, self._now())
        for (delivery, attempt), stage in zip(attempts, stages, strict=True):
            self._unrecorded.pop(delivery.id, None)
            self._say(delivery, attempt, stage)

    def _say(self, delivery: Delivery, attempt: Attempt, stage: Stage) -> None:
        if stage in (Stage.REJECTED, Stage.GIVEN_UP):
            _log.error("%s is never told %s: %s", self.name, _words(delivery), attempt.reason)
        elif delivery.reminder and attempt.outcome is not Outcome.DELIVERED:
            _log.error("%s is not reminded of %s: %s", self.name, delivery.notification.dedup_key, attempt.reason)
        elif stage is Stage.PENDING:
            _log.warning("%s is not told yet %s: %s", self.name, _words(delivery), attempt.reason)

    async def _pause(self) -> float:
        due = await asyncio.to_thread(self._outbox.next_due, self.name)
        return LOOK_SECONDS if due is None else min(LOOK_SECONDS, max(0.05, due - self._now()))

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.awake.wait(), seconds)


def _words(delivery: Delivery) -> str:
    return f"{delivery.notification.action.news} ({delivery.notification.dedup_key})"
