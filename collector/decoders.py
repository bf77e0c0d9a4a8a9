"""How bodies become columns, one decoder a signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .columns import Columns, Logs, Points, Signal, Spans, Wanted


@dataclass(frozen=True, slots=True)
class Decoders:
    """Each takes the bytes of an Export*ServiceRequest and what is wanted of it, and raises BadRequest. Called by several threads."""

    spans: Callable[[bytes, Wanted], Spans]
    points: Callable[[bytes, Wanted], Points]
    logs: Callable[[bytes, Wanted], Logs]

    def decode(self, signal: Signal, body: bytes, wanted: Wanted) -> Columns:
        """The columns of a body."""
        match signal:
            case Signal.TRACES:
                return self.spans(body, wanted)
            case Signal.METRICS:
                return self.points(body, wanted)
            case Signal.LOGS:
                return self.logs(body, wanted)
