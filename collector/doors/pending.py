"""A request of a connection that is not answered yet."""

from __future__ import annotations

from .exchange import Exchange


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
