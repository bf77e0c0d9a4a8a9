"""What else wants to know of everything that is counted: queues that pass it on, traces that are kept, counts of logs."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from .columns import Columns, Signal, Source
from .registry import Registry
from .staged import Part


class Arrival(NamedTuple):
    """One request: the bytes of its OTLP message (none where a source made columns itself) and the columns made of them."""

    signal: Signal
    source: Source
    body: bytes
    columns: Columns | None
    received: float


class Tap(Part, Protocol):
    """A part of the books that sees every request that is counted, on the writing thread and within its transaction.

    It is cheap, and never raises: what it can't take it drops, and counts as dropped.
    """

    def stage(self, arrival: Arrival, registry: Registry) -> None:
        """Takes a request that was counted and is not committed yet; then `write`, and `keep` or `forget`, as of every part."""
        ...
