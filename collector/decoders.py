"""How bodies become columns, one decoder a signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .columns import Columns, Logs, Points, Signal, Spans, Wanted
from .names import DECLARED, DECLARED_KEYS


@dataclass(frozen=True, slots=True)
class Decoders:
    """Each takes the bytes of an Export*ServiceRequest and what is wanted of it, and raises BadRequest. Called by the writing thread.

    Spans may be those of several requests, one behind the other; then it is said where each ends.
    """

    spans: Callable[[bytes, Wanted, Sequence[int]], Spans]
    points: Callable[[bytes, Wanted], Points]
    logs: Callable[[bytes, Wanted], Logs]

    def decode(self, signal: Signal, body: bytes, wanted: Wanted, ends: Sequence[int] = ()) -> Columns:
        """The columns of a body; `ends` says where each request ends where it holds spans of several."""
        match signal:
            case Signal.TRACES:
                return self.spans(body, wanted, ends)
            case Signal.METRICS:
                # Objectives come as points, so spans are not looked through for them.
                more = Wanted(wanted.attributes | DECLARED_KEYS, wanted.metrics | {DECLARED})
                return self.points(body, more)
            case Signal.LOGS:
                return self.logs(body, wanted)
