"""Which spans are kept.

Without `OTEL_TRACES_SAMPLER` every span is recorded, and what is kept is decided when the local root (the request) ends:
failed or slow ones always, of the others the given share; children go with their root. The flag sent on stays 01, unless
the caller decided against: then only failed and slow requests are kept. The share is taken from the trace's id, so every
service of the same share keeps the same traces, and what stands for others says so (`ot=th:`), so that sums stay right.
With `OTEL_TRACES_SAMPLER` the sampler of that name decides at the start, as the specification says, and nothing else does.

https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import Decision, ParentBasedTraceIdRatio, Sampler, TraceIdRatioBased
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceState

from .samplers import FIXED, RecordAlways

RANDOM_SPACE: Final = 1 << 56
"""The right-most 56 bits of a trace id are random: what shares are taken from."""
_ROOTS: Final = {id(sampler): name.endswith("on") for name, sampler in FIXED.items()}
VENDOR: Final = "ot"
THRESHOLD: Final = "th"


class SamplerDecision(NamedTuple):
    """What a sampler of the SDK decided about a span, the trace state it goes on with, and the attributes that are to be added."""

    sampled: bool
    recording: bool
    state: TraceState | None
    added: dict[str, Any]


class Sampling:
    """The rules of one application. `head` is None unless a sampler was asked for by name.

    share        of the good and fast requests, how many are kept (0 to 1)
    every_root   whether each span that begins a trace is sampled; None where that depends on the trace
    slow_nanos   a span this long is always kept
    """

    def __init__(self, head: Sampler | None, share: float, slow_seconds: float) -> None:
        self.head = head
        self.whole = head is not None or share >= 1.0
        self.slow_nanos = int(slow_seconds * 1e9)
        self.slow_routes: Mapping[str, int] = {}
        """The same of routes whose latency somebody promised; replaced as a whole."""
        self._threshold = round((1.0 - share) * RANDOM_SPACE)
        self.every_root = True if head is None else _ROOTS.get(id(head))
        self._ratio_bound = _bound(head)
        self.asks_for_attributes = head is not None and type(head).__module__ != Sampler.__module__

    @property
    def sampler(self) -> Sampler:
        """What the SDK's own spans are begun with."""
        return RecordAlways() if self.head is None else self.head

    def at_root(self, trace_id: int) -> bool | None:
        """Whether a span that begins a trace is sampled; None where the sampler itself has to be asked."""
        if self.every_root is not None or self._ratio_bound is None:
            return self.every_root
        return trace_id & TraceIdRatioBased.TRACE_ID_LIMIT < self._ratio_bound

    def asked(
        self,
        parent: Context,
        trace_id: int,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, Any] | None,
        links: Sequence[Link] = (),
    ) -> SamplerDecision:
        """What `head` says of a span below `parent`. Raises what it raises."""
        assert self.head is not None
        result = self.head.should_sample(parent, trace_id, name, kind, attributes, links)
        known = attributes or {}
        added = {key: value for key, value in (result.attributes or {}).items() if key not in known}
        decision = result.decision
        return SamplerDecision(
            decision is Decision.RECORD_AND_SAMPLE, decision is not Decision.DROP, result.trace_state, added
        )

    def has_share(self, trace_id: int) -> bool:
        """Whether a good and fast request of this trace is among those kept."""
        return trace_id % RANDOM_SPACE >= self._threshold

    def keeps(self, span: ReadableSpan) -> bool:
        """Whether a span that has no root of ours is kept: then it is judged by itself."""
        context = span.get_span_context()
        sampled = context is not None and context.trace_flags.sampled
        if self.head is not None:
            return sampled
        return self.is_worth(span) or (context is not None and sampled and self.has_share(context.trace_id))

    def is_worth(self, span: ReadableSpan) -> bool:
        """Failed, or slow: kept whatever the share."""
        if span.status.status_code is StatusCode.ERROR:
            return True
        return (span.end_time or 0) - (span.start_time or 0) >= self.slow_nanos

    def weighed(self, span: ReadableSpan) -> ReadableSpan:
        """The span, saying in its trace state that it stands for others of its share."""
        context = span.get_span_context()
        if self.whole or context is None or not self._threshold:
            return span
        said = SpanContext(
            context.trace_id, context.span_id, context.is_remote, context.trace_flags, self._stated(context.trace_state)
        )
        return ReadableSpan(
            name=span.name,
            context=said,
            parent=span.parent,
            resource=span.resource,
            attributes=span.attributes,
            events=span.events,
            links=span.links,
            kind=span.kind,
            status=span.status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def _stated(self, state: TraceState) -> TraceState:
        told = dict(part.partition(":")[::2] for part in (state.get(VENDOR) or "").split(";") if part)
        told[THRESHOLD] = f"{self._threshold:014x}".rstrip("0")
        return TraceState([(VENDOR, ";".join(f"{key}:{value}" for key, value in told.items())), *_others(state)])


def _others(state: TraceState) -> list[tuple[str, str]]:
    return [(key, value) for key, value in state.items() if key != VENDOR]


def _bound(head: Sampler | None) -> int | None:
    """Below which the random bits of a trace's id have to be, where nothing else decides about a new trace."""
    root = head._root if type(head) is ParentBasedTraceIdRatio else head  # noqa: SLF001 - it has no other way to ask
    return root.bound if type(root) is TraceIdRatioBased else None
