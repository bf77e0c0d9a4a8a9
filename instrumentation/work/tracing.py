"""The spans of work, begun and ended, in the two ways that requests know: ours, and the SDK's own from the start.

A message's trace is taken up: its sender's span is the parent, and linked to, as the conventions for messaging ask. A batch has
many senders: it is linked to all of them, and belongs to where it runs.
https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#trace-structure
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

from opentelemetry import trace
from opentelemetry.context import Context, create_key, get_current
from opentelemetry.trace import Link, Span, StatusCode

from .. import names
from ..clock import wall_nanos
from ..propagation.ids import new_ids
from ..propagation.incoming import Incoming
from ..propagation.w3c import flags_below
from ..tracing.current import KEY, ROOT, Current
from ..tracing.eager import started
from ..tracing.keeping import keep_with_root, settle_waiting
from ..tracing.requestspan import RequestSpan
from ..tracing.tracing import SPAN
from .plan import WorkPlan
from .span import WorkForm, WorkSpan, ended

RUN: Final = create_key("fournines.work")
"""Context key: the piece of work that is under way here."""


class WorkTracing(Protocol):
    """One way to begin and end the spans of work. Either may raise: the work goes on without a span."""

    def begin(
        self, plan: WorkPlan, run: object, incoming: Incoming | None, links: Sequence[Link], given: Mapping[str, Any]
    ) -> tuple[Span, Context]:
        """A span, and the context that the work is to run in, in which `run` stands as `RUN`. `incoming` is what one message says."""

    def end(self, span: Span, error: str | None, seconds: float, *, cancelled: bool) -> None:
        """Ends it, `seconds` after its beginning."""


def failed_by_user(span: Any) -> str | None:
    """The error of work that failed without an exception: user code has said so by the span's status. None where it has not."""
    said = span.said if isinstance(span, RequestSpan) else span
    status = getattr(said, "status", None)
    if status is None or status.status_code is not StatusCode.ERROR:
        return None
    named = (getattr(said, "attributes", None) or {}).get(names.ERROR_TYPE)
    return named if isinstance(named, str) and named else names.OTHER


class DeferredWork:
    """Ids where the work begins, everything else on the export thread."""

    def __init__(self, serving: Current, form: WorkForm) -> None:
        self._serving, self._form = serving, form

    def begin(
        self, plan: WorkPlan, run: object, incoming: Incoming | None, links: Sequence[Link], given: Mapping[str, Any]
    ) -> tuple[WorkSpan, Context]:
        """Some microseconds; more where a sampler is asked."""
        began, serving = wall_nanos(), self._serving
        incoming, root = _placed(serving, incoming)
        parent, (trace_id, span_id) = incoming.parent, new_ids(began)
        trace_id = incoming.found or trace_id
        sampled, recording, added = parent is None or parent.trace_flags.sampled, True, None
        state = None if parent is None else parent.trace_state
        if serving.sampling.head is not None:
            sampled, recording, state, added = serving.sampling.asked(
                incoming.in_context(), trace_id, plan.name, plan.kind, plan.attributes_with(given), tuple(links)
            )
        flags = flags_below(incoming, sampled=sampled)
        span = WorkSpan(self._form, trace_id, span_id, flags, began, plan, given)
        span.parent, span.state, span.open, span.linked, span.root = parent, state, recording, links, root or span
        if added:
            span.set_attributes(added)
        return span, Context({**incoming.context, KEY: serving, ROOT: span.root, SPAN: span, RUN: run})

    def end(self, span: Span, error: str | None, seconds: float, *, cancelled: bool) -> None:
        """Decides whether it is kept: with its root; or, where it is the root, by itself, and with it the children that wait."""
        assert isinstance(span, WorkSpan)
        span.error, span.seconds, span.cancelled, span.open = error, seconds, cancelled, False
        sampling, queue = self._serving.sampling, self._serving.spans
        if span.root is not span and sampling.head is None:
            keep_with_root(span, span.root, queue, sampling)
            return
        span.kept = self._keeps(span)
        if span.kept:
            queue.put(span)
        if span.children is not None:
            settle_waiting(span, queue, sampling)

    def _keeps(self, span: WorkSpan) -> bool:
        sampling = self._serving.sampling
        if sampling.head is not None:
            return span.sampled
        if sampling.whole and span.sampled:  # and so its children did not wait
            return True
        if span.error is not None or span.seconds * 1e9 >= sampling.slow_nanos:
            return True
        span.stands = not sampling.whole
        return span.sampled and sampling.has_share(span.trace_id)


class EagerWork:
    """The SDK's own spans, for a provider that was there before us and for processors that see spans begin."""

    def __init__(self, serving: Current) -> None:
        self._serving = serving

    def begin(
        self, plan: WorkPlan, run: object, incoming: Incoming | None, links: Sequence[Link], given: Mapping[str, Any]
    ) -> tuple[Span, Context]:
        """The span's attributes and its start are the SDK's: tens of microseconds."""
        incoming, root = _placed(self._serving, incoming)
        start = partial(
            self._serving.tracer.start_span,
            plan.name,
            kind=plan.kind,
            attributes=plan.attributes_with(given),
            links=list(links),
        )
        span = started(start, incoming.in_context(), incoming.root)
        return span, Context({**incoming.context, KEY: self._serving, ROOT: root, SPAN: span, RUN: run})

    def end(self, span: Span, error: str | None, seconds: float, *, cancelled: bool) -> None:
        """What is known at the end is set on it, and it ends."""
        if not span.is_recording():
            return
        span.set_attributes(ended(error, cancelled=cancelled))
        if error is not None:
            span.set_status(StatusCode.ERROR)
        span.end()


def _placed(serving: Current, incoming: Incoming | None) -> tuple[Incoming, RequestSpan | None]:
    """The parent, and the local root that the work goes with: None where it is one itself.

    What a message says stands above what is under way, unless that has taken up the message's trace already, as instrumentations of
    task queues do.
    """
    if incoming is not None and incoming.found:
        ambient = trace.get_current_span(incoming.context).get_span_context()
        if ambient.trace_id != incoming.found:
            return incoming, None
    return _here(serving, incoming)


def _here(serving: Current, incoming: Incoming | None) -> tuple[Incoming, RequestSpan | None]:
    """What is under way here as the parent, and the local root it goes with; a message without a trace may still bring baggage."""
    context = get_current() if incoming is None else incoming.context
    made = Incoming(context, {})
    ambient = trace.get_current_span(context).get_span_context()
    if not ambient.is_valid:
        return made, None
    made.parent = ambient
    root = context.get(ROOT)
    if isinstance(root, RequestSpan) and root.trace_id == ambient.trace_id and context.get(KEY) is serving:
        return made, root
    return made, None
