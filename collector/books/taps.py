"""What else wants to know of everything that is counted: queues that pass it on, traces that are kept, counts of logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from ..columns import Columns, Signal, Source
from ..ledger.part import Part
from ..registry.registry import Registry


class Piece(NamedTuple):
    """One of the requests that were decoded together: where its bytes end, how many items it holds, and when it was received."""

    end: int
    items: int
    received: float


class Arrival(NamedTuple):
    """What is counted at once: the bytes of an OTLP message (none where a source made columns itself) and the columns made of them.

    Several requests are one behind the other, in the bytes and in the columns; a single one is its only piece. `received` is when
    the newest of them was.
    """

    signal: Signal
    source: Source
    body: bytes
    columns: Columns
    received: float
    pieces: tuple[Piece, ...]

    def bodies(self) -> Iterator[tuple[bytes, Piece]]:
        """Each request's own bytes."""
        start = 0
        for piece in self.pieces:
            yield self.body[start : piece.end], piece
            start = piece.end


class Tap(Part, Protocol):
    """A part of the books that sees everything that is counted, on the writing thread and within its transaction.

    It is cheap, and never raises: what it can't take it drops, and counts as dropped.
    """

    def stage(self, arrival: Arrival, registry: Registry) -> None:
        """Takes what was counted and is not committed yet; then `write`, and `keep` or `forget`, as of every part."""
        ...
