"""What takes a request's body piece by piece, by how it is compressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from .errors import TooLarge
from .inflate import Gzip, Hold, Pieces, Zstd, hold_freely


class Sink(Protocol):
    """Takes a body piece by piece and holds no more of it than its limit."""

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge or BadRequest."""

    def finish(self) -> bytes:
        """The whole body; raises BadRequest where its end is missing."""


class Plain:
    """A body that is sent as it is; holds at most `limit` bytes."""

    def __init__(self, limit: int, hold: Hold = hold_freely) -> None:
        self._limit = limit
        self._left = limit
        self._hold = hold
        self._pieces = Pieces()

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge where they go beyond the limit."""
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(f"the body has more than {self._limit} bytes")
        self._hold(len(data))
        self._pieces.add(data)

    def finish(self) -> bytes:
        """The whole body."""
        return self._pieces.whole()


CODINGS: Final = ("gzip", "zstd")
"""The content codings that are understood, besides none at all."""

_SINKS: Final[dict[str, Callable[[int, Hold], Sink]]] = {
    "": Plain,
    "identity": Plain,
    "gzip": Gzip,
    "x-gzip": Gzip,
    "zstd": Zstd,
}


def sink_for(coding: str, limit: int, hold: Hold = hold_freely) -> Sink | None:
    """What takes a body of that Content-Encoding (or grpc-encoding); None for one that is not understood."""
    sink = _SINKS.get(coding.strip().lower())
    return None if sink is None else sink(limit, hold)
