"""A request's body, taken piece by piece, by how it is compressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from ..room import Reservation, Room
from .inflate import Gzip, Zstd
from .plain_body import Hold, Plain, hold_freely


class Sink(Protocol):
    """Takes a body piece by piece and holds no more of it than its limit."""

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge or BadRequest."""

    def finish(self) -> bytes:
        """The whole body; raises BadRequest where its end is missing."""


CODINGS: Final = ("gzip", "zstd")
"""The content codings that are understood, besides none at all."""

_SINKS: Final[dict[str, Callable[[int, Hold], Sink]]] = {
    "": Plain,
    "identity": Plain,
    "gzip": Gzip,
    "x-gzip": Gzip,
    "zstd": Zstd,
}


def is_understood(coding: str) -> bool:
    """Whether a body of that Content-Encoding (or grpc-encoding) can be taken."""
    return coding.strip().lower() in _SINKS


def sink_for(coding: str, limit: int, hold: Hold = hold_freely) -> Sink | None:
    """What takes a body of that Content-Encoding (or grpc-encoding); None for one that is not understood."""
    sink = _SINKS.get(coding.strip().lower())
    return None if sink is None else sink(limit, hold)


class Body:
    """A body on its way in, which takes room as it grows and holds it until it is abandoned.

    Raises Unavailable where there is no room for as much as is announced. The coding is one that is understood.
    """

    def __init__(self, coding: str, limit: int, room: Room, announced: int) -> None:
        self._held = Reservation(room, announced)
        self._sink = _SINKS[coding.strip().lower()](limit, self._held.hold)

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge, BadRequest, or Unavailable where there is no room for more."""
        self._sink.feed(data)

    def finish(self) -> bytes:
        """All of it, whose room is still held; raises BadRequest where its end is missing."""
        return self._sink.finish()

    def abandon(self) -> None:
        """Gives the room back."""
        self._held.give_back()
