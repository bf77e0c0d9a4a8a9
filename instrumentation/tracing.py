"""A request's span, begun and ended: ours, which the export thread writes down.

`eager.py` has the other way, the SDK's own span from the start, for who has to see it begin.
"""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING, Any, Final, Protocol

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import SpanKind, StatusCode

from . import names
from .current import KEY, ROOT, Current
from .headers import by_bytes, carried
from .propagation import Incoming, XRayIds, flags_below
from .readable import SpanForm, facts, request_attributes, span_name
from .requestspan import RequestSpan
from .spans import settle_waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

SPAN: Final[str] = next(iter(trace.set_span_in_context(trace.INVALID_SPAN, Context())))
"""The API's own key of the current span: found, because it has no public name."""
NOWHERE: Final = Context()


class ServerSpan(Protocol):
    """What the middleware needs of a span, whoever made it."""

    trace_id: int
    span_id: int

    @property
    def sampled(self) -> bool:
        """Whether an exemplar may name it."""


class Tracing(Protocol):
    """One way to begin and end the spans of requests. Either may raise: the middleware goes on without a span."""

    def begin(self, scope: Mapping[str, Any], method: str, *, quiet: bool) -> tuple[ServerSpan, Context]:
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
        self._ids = XRayIds()
        self._base = {KEY: serving}

    def begin(self, scope: Mapping[str, Any], method: str, *, quiet: bool) -> tuple[RequestSpan, Context]:
        """About five microseconds; twice that where a caller's headers have to be read."""
        began = time_ns()
        carrier = carried(scope["headers"], self._wanted)
        incoming = self._serving.propagators.read(carrier, NOWHERE) if carrier else Incoming(NOWHERE, carrier)
        parent = incoming.parent
        trace_id = incoming.found or self._ids.generate_trace_id()
        told = facts(method, scope)
        state = None if parent is None else parent.trace_state
        sampled, recording, said = parent is None or parent.trace_flags.sampled, True, None
        if self._serving.sampling.head is not None:
            sampled, recording, state, said = self._asked(incoming, trace_id, told)
        flags = flags_below(incoming, sampled=sampled and not quiet)
        ids = trace_id, self._ids.generate_span_id(), flags, state
        span = RequestSpan(self._form, ids, parent, began, told, recording=recording)
        span.quiet, span.wanted = quiet, sampled or self._serving.sampling.head is None
        if said:
            span.set_attributes(said)
        context = Context({**incoming.context, KEY: self._serving, ROOT: span, SPAN: span})
        return span, context

    def end(self, span: RequestSpan, route: str | None, status: int, error: str | None, seconds: float) -> None:
        """Decides whether it is kept, and with it the children that wait."""
        serving = self._serving
        span.finish(route, status, error, seconds)
        span.kept = self._keeps(span)
        if span.kept:
            serving.spans.put(span)
        if span.children is not None:
            settle_waiting(span, serving.spans, serving.sampling)

    def _keeps(self, span: RequestSpan) -> bool:
        sampling = self._serving.sampling
        if span.quiet:
            return span.error is not None and span.wanted
        if sampling.head is not None:
            return span.sampled
        worth = span.error is not None or span.seconds * 1e9 >= sampling.slow_nanos or _failed_by_user(span)
        if worth:
            return True
        span.stands = not sampling.whole
        return span.sampled and (sampling.whole or sampling.has_share(span.trace_id))

    def _asked(self, incoming: Incoming, trace_id: int, told: tuple[Any, ...]) -> tuple[bool, bool, Any, Any]:
        """(sampled, recording, trace state, attributes to add) as a sampler of the SDK decides."""
        sampling = self._serving.sampling
        assert sampling.head is not None
        attributes = request_attributes(*told) if sampling.asks_for_attributes else None
        result = sampling.head.should_sample(
            incoming.in_context(), trace_id, span_name(told[0], None), SpanKind.SERVER, attributes, ()
        )
        added = {key: value for key, value in (result.attributes or {}).items() if key not in (attributes or {})}
        recording = result.decision is not Decision.DROP
        return result.decision is Decision.RECORD_AND_SAMPLE, recording, result.trace_state, added


def wanted_headers(serving: Current) -> dict[bytes, str]:
    """The headers that propagators read: also some that their own `fields` may leave out."""
    return by_bytes({*serving.propagators.fields, names.TRACEPARENT, names.TRACESTATE, names.BAGGAGE, names.XRAY})


def _failed_by_user(span: RequestSpan) -> bool:
    said = span.said
    return said is not None and said.status is not None and said.status.status_code is StatusCode.ERROR
