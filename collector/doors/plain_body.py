"""A body that comes piece by piece and is held in memory, never beyond its limit."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import TooLarge

Hold = Callable[[int], None]
"""Called before that many bytes more are held; raises what refuses them."""


def hold_freely(_size: int) -> None:
    """Room for anything."""


class Pieces:
    """A body that comes piece by piece. Small pieces cost their bytes and no more: an object for each could be thirty times that."""

    def __init__(self) -> None:
        self._first = b""
        self._all: bytearray | None = None

    def add(self, piece: bytes) -> None:
        """The next one."""
        if self._all is not None:
            self._all += piece
        elif not self._first:
            self._first = piece
        elif piece:
            self._all = bytearray(self._first)
            self._all += piece

    def whole(self) -> bytes:
        """All of them, which are held here no longer: a body in one piece is that piece."""
        body = self._first if self._all is None else bytes(self._all)
        self._first, self._all = b"", None
        return body


class Plain:
    """A body as it is, or as it was inflated (`verb` tells which in the refusal); holds at most `limit` bytes."""

    def __init__(self, limit: int, hold: Hold = hold_freely, verb: str = "has") -> None:
        self.left = limit
        self._limit = limit
        self._hold = hold
        self._verb = verb
        self._pieces = Pieces()

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge where they go beyond the limit."""
        self.left -= len(data)
        if self.left < 0:
            raise TooLarge(f"the body {self._verb} more than {self._limit} bytes")
        self._hold(len(data))
        self._pieces.add(data)

    def finish(self) -> bytes:
        """The whole body."""
        return self._pieces.whole()
