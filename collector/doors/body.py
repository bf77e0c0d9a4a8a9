"""What takes a request's body piece by piece, by how it is compressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

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


def sink_for(coding: str, limit: int, hold: Hold = hold_freely) -> Sink | None:
    """What takes a body of that Content-Encoding (or grpc-encoding); None for one that is not understood."""
    sink = _SINKS.get(coding.strip().lower())
    return None if sink is None else sink(limit, hold)
