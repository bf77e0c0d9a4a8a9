"""Which request a line of a log belongs to: the ids of the span that is current where it is written."""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry.trace import get_current_span


class Ids(NamedTuple):
    """A trace's and a span's ids: 32 and 16 hexadecimal digits, as OpenTelemetry writes them."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def xray(self) -> str:
        """The trace's id as X-Ray writes it: `1-<8 digits>-<24 digits>`."""
        return f"1-{self.trace_id[:8]}-{self.trace_id[8:]}"


def ids_here() -> Ids | None:
    """The ids of the span that is current in this thread or task; None outside of spans."""
    context = get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return Ids(f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags.sampled)
