"""HTTP/2's windows, which bound what is under way: a connection and each of its streams have one each way (RFC 9113, section 5.2)."""

from __future__ import annotations

from .frames import MOST_WINDOW, Code, ConnectionFault, window_update


class Inbound:
    """What the other end may send on stream `number` (0 for the connection) before it hears from us again."""

    __slots__ = ("_came", "_half", "_number")

    def __init__(self, number: int, size: int) -> None:
        self._number = number
        self._half = size // 2
        self._came = 0

    def came(self, size: int) -> bytes:
        """Counts what came; gives the frame that opens the window again, in good time, and nothing before."""
        self._came += size
        if self._came < self._half:
            return b""
        size, self._came = self._came, 0
        return window_update(self._number, size)


class Outbound:
    """What may be sent before the other end is heard from again: `left` bytes, fewer than none where it made windows smaller."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def widen(self, more: int) -> None:
        """The other end lets that much more be sent; raises ConnectionFault where that is more than there can be."""
        self.left += more
        if self.left > MOST_WINDOW:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a window that large is none")
