"""The provider of the SDK's own spans, libraries' and user code's, and what others have put on it.

The request's span is ours (`requestspan.py`) as long as the provider is ours and nobody on it has to see spans begin. A
processor that does nothing at a span's start (a batch processor) is given the request's span by the export thread. One that
does something, or a provider that was there before us, gets the SDK's own span at the request's start, which costs more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

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
from ..propagation.ids import XRayIds
from ..redaction.cutting import UNLIMITED, cut_span
from ..redaction.lengths import Lengths
from .keeping import KeepAtEnd
from .sampling import Sampling
from .spanqueue import SpanQueue

BEGINNINGS: Final = ("on_start", "_on_ending")
IDLE: Final = (SpanProcessor, BatchSpanProcessor, SimpleSpanProcessor)
"""Whose methods of these names do nothing."""


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


def _idle(processor: SpanProcessor, name: str) -> bool:
    found = getattr(type(processor), name, None)
    return any(found is getattr(kind, name, None) for kind in IDLE)


def _nobody() -> None:
    """Nobody has to be told."""
