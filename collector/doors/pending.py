"""A request of a connection that is not answered yet."""

from __future__ import annotations

from typing import Protocol


class Exchange(Protocol):
    """One request on its way in."""

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of it; raises CollectorError."""

    def finish(self) -> None:
        """It is whole; the answer comes by the connection's `answer`. Raises CollectorError."""

    def abandon(self) -> None:
        """It will not become whole."""


class Pending:
    """See the module. `exchange` is there while it is read."""

    __slots__ = ("exchange",)

    def __init__(self) -> None:
        self.exchange: Exchange | None = None

    def give_up(self) -> None:
        """The rest of it is not wanted, or will not come."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.abandon()
