"""All destinations beside the books: whatever is counted is queued for each of them, in the same transaction."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..books.taps import Arrival
from ..errors import Unredactable
from ..redaction import redacted_body
from ..registry.registry import Registry
from .destination import FAULT, Destination
from .forwarder import QueuedRequest

UNREDACTABLE: Final = "unredactable"
FOLDER: Final = "forward"

_LOG: Final = logging.getLogger("fournines.collector")


class Forwards:
    """A tap: queues every request's bytes for the destinations that want its signal, synced before the ledger's commit.

    What sources made as columns themselves (scrapes, remote write) has no OTLP bytes, and is not sent on.
    """

    def __init__(self, destinations: Sequence[Destination]) -> None:
        self._destinations = tuple(destinations)
        self._staged: dict[Destination, list[QueuedRequest]] = {}
        self._said: set[str] = set()

    def stage(self, arrival: Arrival, registry: Registry) -> None:
        """Takes requests for those who want them, each by itself: what a sender sent is sent on as it is."""
        wanted = [each for each in self._destinations if arrival.signal in each.signals]
        if wanted and arrival.body:
            for body, piece in arrival.bodies():
                self._queue(QueuedRequest(arrival.signal, arrival.source, piece.received, piece.items, body), wanted)

    def _queue(self, request: QueuedRequest, wanted: Sequence[Destination]) -> None:
        strict = [each for each in wanted if each.redact]
        cleaned = self._cleaned(request, strict) if strict else None
        for each in wanted:
            kept = cleaned if each.redact else request
            if kept is not None:
                self._staged.setdefault(each, []).append(kept)

    def _cleaned(self, request: QueuedRequest, losing: Sequence[Destination]) -> QueuedRequest | None:
        try:
            return request._replace(body=redacted_body(request.signal, request.body))
        except Unredactable as error:
            self._lose(losing, UNREDACTABLE, request.items, error)
        except Exception as error:  # noqa: BLE001 - nothing done for others may keep a request from being counted
            self._lose(losing, FAULT, request.items, error)
        return None

    def _lose(self, losing: Sequence[Destination], reason: str, items: int, error: Exception) -> None:
        """Counted each time, and said the first time: a flood of requests is not to become a flood of lines."""
        if reason not in self._said:
            self._said.add(reason)
            _LOG.error("requests like this one are not sent on (%s): %s", reason, error, exc_info=error)
        for each in losing:
            each.lose(reason, items)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._staged)

    def write(self, connection: sqlite3.Connection) -> None:
        """Makes what is staged durable in the queues. What finds no room there is lost to its destination, and counted."""
        for destination, requests in self._staged.items():
            destination.queue.append(requests)

    def keep(self) -> None:
        """What was staged is to be sent."""
        for destination in self._staged:
            destination.publish()
        self._staged.clear()

    def forget(self) -> None:
        """What was staged never was."""
        for destination in self._staged:
            destination.queue.withdraw()
        self._staged.clear()

    async def run(self) -> None:
        """Sends, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for destination in self._destinations:
                tasks.create_task(destination.run(), name=f"forward {destination.name}")

    def close(self) -> None:
        """Lets the queues' files go; to be called once nothing is staged any more."""
        for destination in self._destinations:
            destination.close()


def abandoned(folder: Path, names: Sequence[str]) -> list[tuple[str, int]]:
    """Queues in a folder that belong to no destination any more, and their bytes: told to operators, never deleted."""
    queues = (path for path in sorted(folder.iterdir()) if path.is_dir()) if folder.is_dir() else ()
    return [
        (path.name, sum(file.stat().st_size for file in path.glob("*.segment")))
        for path in queues
        if path.name not in names
    ]
