"""Where the SDK's own spans come from (libraries', user code's) and how they reach the queue.

The request's span is ours (`requestspan.py`) as long as the provider is ours and nobody on it has to see spans begin. A
processor that does nothing at a span's start (a batch processor) is given the request's span by the export thread. One that
does something, or a provider that was there before us, gets the SDK's own span at the request's start, which costs more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.trace import Tracer

from ... import __version__
from .. import names
from ..health import Health
from ..identity import Resource as ResourceAttributes
from ..propagation.propagators import XRayIds
from ..redaction.cutting import UNLIMITED, cut_span
from ..redaction.lengths import Lengths
from .current import current, local_root
from .requestspan import RequestSpan
from .sampling import Sampling
from .spanqueue import SpanQueue

BEGINNINGS = ("on_start", "_on_ending")
IDLE = (SpanProcessor, BatchSpanProcessor, SimpleSpanProcessor)
"""Whose methods of these names do nothing."""


class KeepAtEnd(SpanProcessor):
    """Hands every span worth keeping to the queue of the application it was made for."""

    def __init__(self, queue: SpanQueue, sampling: Sampling, health: Health) -> None:
        self._queue, self._sampling, self._health = queue, sampling, health

    def on_end(self, span: ReadableSpan) -> None:
        """Called where the span ends, inside user code: some comparisons and one append."""
        try:
            self._sort(span)
        except Exception:  # noqa: BLE001 - the guard: whoever ends a span is not to hear of it
            self._health.add(names.PROM_ERRORS, "span")

    def _sort(self, span: ReadableSpan) -> None:
        serving = current()
        queue, sampling = (self._queue, self._sampling) if serving is None else (serving.spans, serving.sampling)
        root = local_root()
        if root is not None and sampling.head is None and _belongs(span, root):
            keep_with_root(span, root, queue, sampling)
        elif sampling.keeps(span):
            queue.put(_weighed_alone(span, sampling))


class Cutting(SpanProcessor):
    """Somebody else's processor. It is shown values no longer than the environment says, which ours are cut to where they leave."""

    def __init__(self, processor: SpanProcessor, lengths: Lengths) -> None:
        self._processor, self._lengths = processor, lengths

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """As it is."""
        self._processor.on_start(span, parent_context)

    def _on_ending(self, span: Span) -> None:
        self._processor._on_ending(span)  # noqa: SLF001 - the SDK's own hook

    def on_end(self, span: ReadableSpan) -> None:
        """Cut."""
        self._processor.on_end(cut_span(span, self._lengths))

    def shutdown(self) -> None:
        """As it is."""
        self._processor.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """As it is."""
        return self._processor.force_flush(timeout_millis)


def uncut_limits() -> SpanLimits:
    """The environment's limits, but for those of values' lengths, which are applied where spans leave."""
    return SpanLimits(max_attribute_length=SpanLimits.UNSET, max_span_attribute_length=SpanLimits.UNSET)


class Provider(TracerProvider):
    """A provider of ours; knows what others have put on it."""

    when_watched: Callable[[], None]
    """Called when a processor comes that has to see spans begin."""

    def __init__(
        self, resource: ResourceAttributes, sampling: Sampling, queue: SpanQueue, health: Health, lengths: Lengths
    ) -> None:
        super().__init__(
            sampler=sampling.sampler,
            resource=Resource(resource),
            shutdown_on_exit=False,
            id_generator=XRayIds(),
            span_limits=uncut_limits(),
        )
        self._queue = queue
        self.lengths = lengths
        self.others: tuple[SpanProcessor, ...] = ()
        self.watched = False
        self.when_watched = _nobody
        super().add_span_processor(KeepAtEnd(queue, sampling, health))

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """As the SDK's; requests' spans are shown to it too."""
        shown = span_processor if self.lengths == UNLIMITED else Cutting(span_processor, self.lengths)
        super().add_span_processor(shown)
        if all(_idle(span_processor, name) for name in BEGINNINGS):
            self.others = (*self.others, span_processor)
            self._queue.open()  # it is the export thread that shows them, also where nothing is exported
        else:
            self.watched = True
        if self.watched:
            self.others = ()  # the SDK shows them all of it
            self.when_watched()


def keep_with_root(span: ReadableSpan | RequestSpan, root: RequestSpan, queue: SpanQueue, sampling: Sampling) -> None:
    """A child of a request goes where the request goes: now, where that is known; else when the request ends."""
    if root.sampled and sampling.whole:
        queue.put(span)
    elif root.kept is not None:
        settle(span, root, queue, sampling)
    elif root.waits(span):
        if root.decided:  # while it was put there
            settle_waiting(root, queue, sampling)
    elif _is_worth(span, sampling):
        queue.put(span)
    else:
        queue.drop()


def settle_waiting(root: RequestSpan, queue: SpanQueue, sampling: Sampling) -> None:
    """The root is decided: so are the children that wait for it."""
    for child in root.waiting():
        settle(child, root, queue, sampling)


def settle(child: ReadableSpan | RequestSpan, root: RequestSpan, queue: SpanQueue, sampling: Sampling) -> None:
    """Keeps a child whose root is kept, or that failed or was slow itself."""
    if root.kept:
        if isinstance(child, RequestSpan):  # the export thread writes it, and weighs it there
            child.stands = root.stands
        elif root.stands:
            child = sampling.weighed(child)
        queue.put(child)
    elif _is_worth(child, sampling):
        queue.put(child)


def tracer(of: trace.TracerProvider) -> Tracer:
    """The tracer all of this folder's spans are made with."""
    return of.get_tracer(names.SCOPE, __version__, schema_url=names.SCHEMA_URL)


def global_provider() -> trace.TracerProvider | None:
    """The provider somebody set for the whole process; None while it is still the API's placeholder."""
    found = trace.get_tracer_provider()
    return None if isinstance(found, trace.ProxyTracerProvider) else found


def shown(span: ReadableSpan, others: tuple[SpanProcessor, ...], health: Health) -> None:
    """Shows a request's span to the processors that others put on our provider; what they raise is counted."""
    for processor in others:
        try:
            processor.on_end(span)
        except Exception:  # noqa: BLE001 - somebody else's processor may raise whatever it likes
            health.add(names.PROM_ERRORS, "processor")


def _is_worth(span: ReadableSpan | RequestSpan, sampling: Sampling) -> bool:
    return sampling.is_worth(cast(ReadableSpan, span))  # ours can be asked all that the SDK's can


def _belongs(span: ReadableSpan, root: RequestSpan) -> bool:
    context = span.get_span_context()
    return context is not None and context.trace_id == root.trace_id


def _weighed_alone(span: ReadableSpan, sampling: Sampling) -> ReadableSpan:
    return span if sampling.whole or sampling.is_worth(span) else sampling.weighed(span)


def _idle(processor: SpanProcessor, name: str) -> bool:
    found = getattr(type(processor), name, None)
    return any(found is getattr(kind, name, None) for kind in IDLE)


def _nobody() -> None:
    """Nobody has to be told."""
