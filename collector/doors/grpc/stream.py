"""One call's stream on a connection of HTTP/2, with its windows."""

from __future__ import annotations

from typing import Final

from ..pending import Pending
from .windows import Inbound, Outbound

STREAM_WINDOW: Final = 4 * 2**20
"""What the other end may send of one call before it hears from us again; what comes is handed on at once."""


class Stream(Pending):
    """See the module."""

    __slots__ = ("answered", "began", "inbound", "number", "open", "outbound")

    def __init__(self, number: int, began: float, window: int) -> None:
        super().__init__()
        self.number = number
        self.began = began
        self.answered = False
        """Whether its answer is on its way."""
        self.open = True
        """Whether the other end may send more."""
        self.inbound = Inbound(number, STREAM_WINDOW)
        self.outbound = Outbound(window)
