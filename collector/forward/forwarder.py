"""What a destination is asked: take one request, or say whether to come again.

Sources of the three answers: OTLP specification, sections "Failures" and "Partial Success"; remote write specification, section "Retries
& Backoff".
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..columns import Signal, Source


class QueuedRequest(NamedTuple):
    """One request to be sent on. `items` says how many spans, points or records its body holds; `received` is epoch seconds."""

    signal: Signal
    source: Source
    received: float
    items: int
    body: bytes


class Retry(Exception):
    """Not taken now: the request is to be sent again, unchanged, after `after` seconds, or when the back-off says where that is None."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class Drop(Exception):
    """Refused for good: `items` of the request's items (all of them where that is None) were not taken and never will be.

    `reason` becomes a label of a metric: a word of a small, fixed set, such as `http_400` or `partial_success`. Its text goes to the log.
    """

    def __init__(self, reason: str, items: int | None = None, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.items = items


class Forwarder(Protocol):
    """Brings requests to one destination. Its `send` returns once the request is taken, within a time-out of its own, or raises.

    It raises Retry or Drop and nothing else; anything else counts as a Drop for the reason `fault`. It may be asked to send several
    at once, and sends none again by itself: queue, back-off and counting are the destination's. A request can come twice, after a crash.
    """

    async def send(self, request: QueuedRequest) -> None:
        """Brings one request there."""
        ...

    async def close(self) -> None:
        """Lets connections go."""
        ...


class FakeForwarder:
    """Takes everything, and remembers it."""

    def __init__(self) -> None:
        self.sent: list[QueuedRequest] = []
        self.closed = False

    async def send(self, request: QueuedRequest) -> None:
        """Takes it."""
        self.sent.append(request)

    async def close(self) -> None:
        """Remembers that it was."""
        self.closed = True
