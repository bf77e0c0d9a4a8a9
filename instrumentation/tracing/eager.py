"""The SDK's own span from a request's start to its end.

For a provider that was there before us, whose sampler decides and whose processors see every span begin; and for our own
when somebody has put such a processor on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags

from ..clock import NANOS, wall_nanos
from ..counts.point import Exemplar
from ..propagation.headers import carried, read_by
from ..propagation.ids import XRayIds, continuing
from ..propagation.incoming import Incoming, root_only
from ..propagation.w3c import flags_below
from .current import Current, served_by
from .readable import outcome_attributes, request_attributes, span_name


class EagerSpan:
    """An SDK span, and what is needed to end it."""

    __slots__ = ("began", "method", "quiet_parent", "sampled", "scope", "span", "span_id", "trace_id")

    def __init__(
        self, span: Span, began: int, method: str, scope: dict[str, Any], quiet_parent: Context | None
    ) -> None:
        context = span.get_span_context()
        self.trace_id, self.span_id, self.sampled = context.trace_id, context.span_id, context.trace_flags.sampled
        self.span, self.began, self.method, self.scope, self.quiet_parent = span, began, method, scope, quiet_parent

    @property
    def begun_as(self) -> str:
        """The name it was begun with."""
        return span_name(self.method, None)

    def exemplar(self, seconds: float) -> Exemplar:
        """Its ids, at the end of a duration that began with it."""
        return Exemplar(self.trace_id, self.span_id, seconds, self.began / NANOS + seconds)


class Eager:
    """Begins and ends SDK spans, made by the given application's tracer."""

    def __init__(self, serving: Current) -> None:
        self._serving = serving
        self._wanted = read_by(serving.propagators.fields)

    def begin(self, scope: Mapping[str, Any], method: str, quiet: bool) -> tuple[EagerSpan, Context]:  # noqa: FBT001 - as the other
        """The span's attributes and its start are the SDK's: tens of microseconds."""
        began, told = wall_nanos(), dict(scope)
        parent = served_by(self._serving, Context())
        if carrier := carried(scope["headers"], self._wanted):
            parent = self._serving.propagators.extract(carrier, parent)
        span = _unsampled(parent) if quiet else self._started(parent, began, method, told)
        opened = EagerSpan(span, began, method, told, parent if quiet else None)
        return opened, trace.set_span_in_context(span, parent)

    def end(self, span: EagerSpan, route: str | None, status: int, error: str | None, seconds: float) -> None:
        """What is known at the end is set on it, and it ends with the request's last byte."""
        made = span.span
        if span.quiet_parent is not None and error is not None:
            made = self._started(span.quiet_parent, span.began, span.method, span.scope)
        if not made.is_recording():
            return
        if route is not None and getattr(made, "name", span.begun_as) == span.begun_as:  # else user code has named it
            made.update_name(span_name(span.method, route))
        made.set_attributes(outcome_attributes(route, status, error))
        if error is not None:
            made.set_status(StatusCode.ERROR)
        made.end(span.began + int(seconds * 1e9))

    def _started(self, parent: Context, began: int, method: str, told: dict[str, Any]) -> Span:
        start = partial(
            self._serving.tracer.start_span,
            span_name(method, None),
            kind=SpanKind.SERVER,
            attributes=request_attributes(method, told),
            start_time=began,
        )
        return started(start, parent, root_only(parent))


def started(start: Callable[..., Span], parent: Context, root: int) -> Span:
    """What `start(context=...)` begins below `parent`; `root` is the trace it is to be in, where that has no span yet, else 0."""
    if not root:
        return start(context=parent)
    with continuing(root):
        span = start(context=parent)
    if span.get_span_context().trace_id != root and span.is_recording():
        # A foreign provider makes its ids itself: there the trace is continued under a parent nobody sent.
        ids = SpanContext(root, XRayIds().generate_span_id(), is_remote=True, trace_flags=TraceFlags(1))
        span = start(context=trace.set_span_in_context(NonRecordingSpan(ids), parent))
    return span


def _unsampled(parent: Context) -> Span:
    """A span that is none, so that what a health check does inside is not traced either; the caller's trace goes on."""
    above, ids, incoming = trace.get_current_span(parent).get_span_context(), XRayIds(), Incoming(parent, {})
    incoming.parent, incoming.root = above if above.is_valid else None, root_only(parent)
    trace_id, flags = incoming.found or ids.generate_trace_id(), flags_below(incoming, sampled=False)
    span_id, state = ids.generate_span_id(), above.trace_state
    return NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=False, trace_flags=flags, trace_state=state))
