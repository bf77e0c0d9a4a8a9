"""Where spans come from and which are kept.

Without `OTEL_TRACES_SAMPLER` every span is recorded, and whether it is kept is decided when it ends: failed or slow ones
always, the others if their trace is sampled (the flag of a caller who decided against stays 00, ours is 01). With it, the
SDK's sampler of that name decides at the start, as the specification says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, StatusCode, TraceState
from opentelemetry.util.types import Attributes

from .. import __version__
from . import names
from .current import current
from .identity import Resource as ResourceAttributes
from .propagation import XRayIds
from .spanqueue import SpanQueue

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

SLOW_NANOS: Final = 250_000_000
"""A span this long is always kept: the threshold of the automatic latency objective."""


class RecordAlways(Sampler):
    """Records every span; samples all but those whose parent was decided against."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Never drops."""
        parent = trace.get_current_span(parent_context).get_span_context()
        unwanted = parent.is_valid and not parent.trace_flags.sampled
        decision = Decision.RECORD_ONLY if unwanted else Decision.RECORD_AND_SAMPLE
        return SamplingResult(decision, attributes, parent.trace_state if parent.is_valid else None)

    def get_description(self) -> str:
        """For logs."""
        return "RecordAlways"


class KeepAtEnd(SpanProcessor):
    """Hands every span worth keeping to the queue of the application it was made for."""

    def __init__(self, queue: SpanQueue) -> None:
        self._queue = queue

    def on_end(self, span: ReadableSpan) -> None:
        """Called where the span ends: one comparison and one append."""
        if worth_keeping(span):
            serving = current()
            (self._queue if serving is None else serving.spans).put(span)


def worth_keeping(span: ReadableSpan) -> bool:
    """Sampled, failed, or at least as long as `SLOW_NANOS`."""
    context = span.get_span_context()
    if context is not None and context.trace_flags.sampled:
        return True
    if span.status.status_code is StatusCode.ERROR:
        return True
    return (span.end_time or 0) - (span.start_time or 0) >= SLOW_NANOS


def provider(resource: ResourceAttributes, *, sampler_given: bool) -> TracerProvider:
    """A provider of our own, with ids X-Ray accepts."""
    return TracerProvider(
        sampler=None if sampler_given else RecordAlways(),
        resource=Resource(resource),
        shutdown_on_exit=False,
        id_generator=XRayIds(),
    )


def tracer(of: trace.TracerProvider) -> Tracer:
    """The tracer all of this folder's spans are made with."""
    return of.get_tracer(names.SCOPE, __version__, schema_url=names.SCHEMA_URL)


def global_provider() -> trace.TracerProvider | None:
    """The provider somebody set for the whole process; None while it is still the API's placeholder."""
    found = trace.get_tracer_provider()
    return None if isinstance(found, trace.ProxyTracerProvider) else found
