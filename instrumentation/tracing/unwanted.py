"""The span of a request that nobody wants to keep: it has ids, for whoever is called from there."""

from __future__ import annotations

from typing import Final

from opentelemetry.trace import NonRecordingSpan, SpanContext
from opentelemetry.trace.span import TraceFlags, TraceState

from ..propagation.ids import ids_of

RANDOM: Final = TraceFlags(TraceFlags.RANDOM_TRACE_ID)


class Unwanted(NonRecordingSpan):
    """The span of a request that a sampler decided against at its start: ids for what is called from there, and nothing else.

    They are made when somebody asks, of the random bits that were drawn for them; `trace_id` is that of a trace begun before.
    """

    sampled = False
    flags = RANDOM
    state: TraceState | None = None

    def __init__(self, began: int, bits: int, trace_id: int = 0) -> None:
        self._began, self._bits, self._trace_id = began, bits, trace_id

    def get_span_context(self) -> SpanContext:
        """The ids, not sampled."""
        trace_id, span_id = ids_of(self._began, self._bits)
        return SpanContext(
            self._trace_id or trace_id, span_id, is_remote=False, trace_flags=self.flags, trace_state=self.state
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.get_span_context()!r})"
