"""Which request a line of a log belongs to: the ids of the span that is current where it is written."""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry.trace import get_current_span

from ..propagation.ids import xray_form


class Ids(NamedTuple):
    """A trace's and a span's ids, as numbers: they are written where they are needed."""

    trace: int
    span: int
    sampled: bool

    @property
    def trace_id(self) -> str:
        """The trace's id as OpenTelemetry writes it: 32 hexadecimal digits."""
        return f"{self.trace:032x}"

    @property
    def span_id(self) -> str:
        """The span's id as OpenTelemetry writes it: 16 hexadecimal digits."""
        return f"{self.span:016x}"

    @property
    def xray(self) -> str:
        """The trace's id as X-Ray writes it: `1-<8 digits>-<24 digits>`."""
        return xray_form(self.trace)


def ids_here() -> Ids | None:
    """The ids of the span that is current in this thread or task; None outside of spans."""
    context = get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return Ids(context.trace_id, context.span_id, context.trace_flags.sampled)
