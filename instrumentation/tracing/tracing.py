"""A request's span, begun and ended: ours, which the export thread writes down.

`eager.py` has the other way, the SDK's own span from the start, for who has to see it begin.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, TraceFlags

from ..clock import NANOS, wall_nanos
from ..propagation.headers import carried, read_by
from ..propagation.ids import ID_BITS, LARGEST_SPAN, RANDOM_BITS, SPAN_BITS, new_ids, random_bits
from ..propagation.incoming import Incoming
from ..propagation.w3c import FLAGS
from .current import KEY, ROOT, Current
from .keeping import settle_waiting
from .readable import WEBSOCKET, SpanForm, request_attributes, span_name
from .requestspan import RequestSpan
from .unwanted import Unwanted

if TYPE_CHECKING:
    from collections.abc import Mapping

SPAN: Final[str] = next(iter(trace.set_span_in_context(trace.INVALID_SPAN, Context())))
"""The API's own key of the current span: found, because it has no public name."""
NOWHERE: Final = Context()
NAME: Final = itemgetter(0)
RANDOM: Final = int(TraceFlags.RANDOM_TRACE_ID)
SAMPLED: Final = FLAGS[RANDOM | TraceFlags.SAMPLED]
QUIET: Final = FLAGS[RANDOM]
"""The flags of a span that begins a trace."""


class Tracing(Protocol):
    """One way to begin and end the spans of requests. Either may raise: the request goes on without one.

    Whatever `begin` makes has `sampled`; and what is sampled `trace_id`, `span_id` and `began`: what an exemplar names.
    """

    def begin(self, scope: Mapping[str, Any], method: str, quiet: bool) -> tuple[Any, Context]:  # noqa: FBT001 - hot
        """A span, and the context that the application is to run in. A quiet one is kept only if it fails."""

    def end(self, span: Any, route: str | None, status: int, error: str | None, seconds: float) -> None:
        """Ends it, `seconds` after its beginning."""


class Untraced:
    """The span of a request that could not be given one."""

    trace_id = span_id = 0
    sampled = False


UNTOLD: Final = frozenset({Untraced, Unwanted})
"""The spans that `end` need not be told of."""


class Deferred:
    """Ids on the request, everything else on the export thread."""

    def __init__(self, serving: Current, form: SpanForm) -> None:
        self._serving, self._form = serving, form
        self._wanted = read_by(serving.propagators.fields)
        self._names = frozenset(self._wanted)
        self._head = serving.sampling.head is not None
        self._decided = serving.sampling.every_root

    def begin(self, scope: Mapping[str, Any], method: str, quiet: bool) -> tuple[RequestSpan | Unwanted, Context]:  # noqa: FBT001 - hot
        """Some microseconds; more where a caller's headers have to be read, or a sampler is asked."""
        began = wall_nanos()
        if not self._names.isdisjoint(map(NAME, scope["headers"])):
            carrier = carried(scope["headers"], self._wanted)
            return self._below(self._serving.propagators.read(carrier, NOWHERE), began, scope, method, quiet=quiet)
        bits = random_bits(ID_BITS)
        decided = self._decided
        if decided is None:
            decided = self._serving.sampling.at_root(bits >> SPAN_BITS)
        if decided is not True:
            if decided is None:
                return self._below(Incoming(NOWHERE, {}), began, scope, method, quiet=quiet)
            unwanted = Unwanted(began, bits)
            return unwanted, Context({KEY: self._serving, SPAN: unwanted})
        told = dict(scope)
        told.pop("state", None)  # the application's own, of any size, and not to be held by what waits for export
        # As `ids_of`, one call less.
        trace_id, span_id = began // NANOS << RANDOM_BITS | bits >> SPAN_BITS, bits & LARGEST_SPAN or 1
        span = RequestSpan(self._form, trace_id, span_id, QUIET if quiet else SAMPLED, began, method, told)
        if quiet:
            span.quiet = True
        return span, Context({KEY: self._serving, ROOT: span, SPAN: span})

    def _below(
        self, incoming: Incoming, began: int, scope: Mapping[str, Any], method: str, *, quiet: bool
    ) -> tuple[RequestSpan | Unwanted, Context]:
        """A span that continues what the headers say, or that a sampler decides about."""
        parent, state, sampled = incoming.parent, None, True
        if parent is None:
            trace_id, span_id = new_ids(began)
            trace_id, random = incoming.root or trace_id, 0 if incoming.root else RANDOM
        else:
            trace_id, _, _, said, state, _ = parent  # it is a tuple: its properties are a call each
            span_id, sampled, random = random_bits(SPAN_BITS) or 1, said & 1 == 1, said & RANDOM
        recording, added = True, None
        if self._head:
            sampling = self._serving.sampling
            attributes = request_attributes(method, scope) if sampling.asks_for_attributes else None
            sampled, recording, state, added = sampling.asked(
                incoming.in_context(), trace_id, span_name(method, None), SpanKind.SERVER, attributes
            )
            if not recording:
                unwanted = Unwanted(began, span_id, trace_id)
                unwanted.flags, unwanted.state = FLAGS[random], state
                return unwanted, Context({**incoming.context, KEY: self._serving, SPAN: unwanted})
        told = dict(scope)
        told.pop("state", None)
        flags = FLAGS[(sampled and not quiet) | random]
        span = RequestSpan(self._form, trace_id, span_id, flags, began, method, told)
        span.parent, span.state = parent, state
        if quiet or not sampled:
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
        if span.error is not None or slow or (span.said is not None and span.said.failed):
            return True
        span.stands = not sampling.whole
        return span.sampled and (sampling.whole or sampling.has_share(span.trace_id))
