"""A request's span, begun and ended: ours, which the export thread writes down.

`eager.py` has the other way, the SDK's own span from the start, for who has to see it begin.
"""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING, Any, Final, Protocol

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import SpanKind, StatusCode, TraceState

from . import names
from .current import KEY, ROOT, Current
from .headers import by_bytes, carried
from .propagation import Incoming, flags_below
from .propagation_ids import new_ids
from .readable import WEBSOCKET, SpanForm, request_attributes, span_name
from .requestspan import RequestSpan
from .spans import settle_waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

SPAN: Final[str] = next(iter(trace.set_span_in_context(trace.INVALID_SPAN, Context())))
"""The API's own key of the current span: found, because it has no public name."""
NOWHERE: Final = Context()
NOTHING: Final[dict[str, Any]] = {"path": "", "headers": ()}
"""All that has to be known of a request whose span is never written."""
SAMPLED: Final = flags_below(Incoming(NOWHERE, {}), sampled=True)
QUIET: Final = flags_below(Incoming(NOWHERE, {}), sampled=False)
"""The flags of a span that begins a trace."""


class Tracing(Protocol):
    """One way to begin and end the spans of requests. Either may raise: the middleware goes on without a span.

    Whatever `begin` makes has `trace_id`, `span_id` and `sampled`: what an exemplar names.
    """

    def begin(self, scope: Mapping[str, Any], method: str, quiet: bool) -> tuple[Any, Context]:  # noqa: FBT001 - hot
        """A span, and the context that the application is to run in. A quiet one is kept only if it fails."""

    def end(self, span: Any, route: str | None, status: int, error: str | None, seconds: float) -> None:
        """Ends it, `seconds` after its beginning."""


class Untraced:
    """The span of a request that could not be given one."""

    trace_id = span_id = 0
    sampled = False


class Deferred:
    """Ids on the request, everything else on the export thread."""

    def __init__(self, serving: Current, form: SpanForm) -> None:
        self._serving, self._form = serving, form
        self._wanted = wanted_headers(serving)
        self._head = serving.sampling.head is not None

    def begin(self, scope: Mapping[str, Any], method: str, quiet: bool) -> tuple[RequestSpan, Context]:  # noqa: FBT001 - hot
        """Some microseconds; more where a caller's headers have to be read, or a sampler is asked."""
        began, wanted = time_ns(), self._wanted
        for header in scope["headers"]:
            if header[0] in wanted:
                carrier = carried(scope["headers"], wanted)
                return self._below(self._serving.propagators.read(carrier, NOWHERE), began, scope, method, quiet=quiet)
        trace_id, span_id = new_ids(began)
        sampled = True
        if self._head:
            decided = self._serving.sampling.at_root(trace_id)
            if decided is None:
                return self._below(Incoming(NOWHERE, {}), began, scope, method, quiet=quiet)
            sampled = decided
        if sampled and not quiet:
            span = RequestSpan(self._form, trace_id, span_id, SAMPLED, began, method, dict(scope))
        else:
            span = RequestSpan(self._form, trace_id, span_id, QUIET, began, method, dict(scope) if sampled else NOTHING)
            span.quiet, span.wanted, span.open = quiet, sampled, sampled
        return span, Context({KEY: self._serving, ROOT: span, SPAN: span})

    def _below(
        self, incoming: Incoming, began: int, scope: Mapping[str, Any], method: str, *, quiet: bool
    ) -> tuple[RequestSpan, Context]:
        """A span that continues what the headers say, or that a sampler decides about."""
        parent, (trace_id, span_id) = incoming.parent, new_ids(began)
        trace_id = incoming.found or trace_id
        sampled, recording, added = parent is None or parent.trace_flags.sampled, True, None
        state = None if parent is None else parent.trace_state
        if self._head:
            sampled, recording, state, added = self._asked(incoming, trace_id, method, scope)
        flags = flags_below(incoming, sampled=sampled and not quiet)
        span = RequestSpan(self._form, trace_id, span_id, flags, began, method, dict(scope))
        span.parent, span.state, span.open = parent, state, recording
        span.quiet, span.wanted = quiet, sampled or not self._head
        if added:
            span.set_attributes(added)
        return span, Context({**incoming.context, KEY: self._serving, ROOT: span, SPAN: span})

    def end(self, span: RequestSpan, route: str | None, status: int, error: str | None, seconds: float) -> None:
        """Decides whether it is kept, and with it the children that wait."""
        span.route, span.status_code, span.error, span.seconds, span.open = route, status, error, seconds, False
        sampling = self._serving.sampling
        if sampling.whole and span.sampled:  # and so its children did not wait
            span.kept = True
            self._serving.spans.put(span)
            return
        span.kept = self._keeps(span)
        if span.kept:
            self._serving.spans.put(span)
        if span.children is not None:
            settle_waiting(span, self._serving.spans, sampling)

    def _keeps(self, span: RequestSpan) -> bool:
        sampling = self._serving.sampling
        if span.quiet:
            return span.error is not None and span.wanted
        if sampling.head is not None:
            return span.sampled
        # A WebSocket is open for as long as its client likes: that is not slow.
        nanos = sampling.slow_routes.get(span.route, sampling.slow_nanos) if span.route else sampling.slow_nanos
        slow = span.seconds * 1e9 >= nanos and span.method != WEBSOCKET
        if span.error is not None or slow or _failed_by_user(span):
            return True
        span.stands = not sampling.whole
        return span.sampled and (sampling.whole or sampling.has_share(span.trace_id))

    def _asked(
        self, incoming: Incoming, trace_id: int, method: str, scope: Mapping[str, Any]
    ) -> tuple[bool, bool, TraceState | None, dict[str, Any]]:
        """(sampled, recording, trace state, attributes to add) as a sampler of the SDK decides."""
        sampling = self._serving.sampling
        assert sampling.head is not None
        attributes = request_attributes(method, scope) if sampling.asks_for_attributes else None
        result = sampling.head.should_sample(
            incoming.in_context(), trace_id, span_name(method, None), SpanKind.SERVER, attributes, ()
        )
        known = attributes or {}
        added = {key: value for key, value in (result.attributes or {}).items() if key not in known}
        decision = result.decision
        return decision is Decision.RECORD_AND_SAMPLE, decision is not Decision.DROP, result.trace_state, added


def wanted_headers(serving: Current) -> dict[bytes, str]:
    """The headers that propagators read: also some that their own `fields` may leave out."""
    return by_bytes({*serving.propagators.fields, names.TRACEPARENT, names.TRACESTATE, names.BAGGAGE, names.XRAY})


def _failed_by_user(span: RequestSpan) -> bool:
    said = span.said
    return said is not None and said.status is not None and said.status.status_code is StatusCode.ERROR
