"""With which provider spans are made, ours or one that was there before us, and which sampler decides at their start."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Final

from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import Sampler

from .config.config import Config
from .health import Health
from .identity import Resource
from .redaction.cutting import cut_span
from .redaction.lengths import Lengths
from .redaction.redactor import Redactor
from .redaction.spans import cleaned_span
from .requests.instruments import Instruments
from .tracing.eager import Eager
from .tracing.provider import Provider, global_provider, shown, tracer, uncut_limits
from .tracing.readable import SpanForm
from .tracing.requestspan import RequestSpan
from .tracing.samplers import head_sampler
from .tracing.sampling import Sampling
from .tracing.tracing import Deferred
from .work.span import WorkForm
from .work.tracing import DeferredWork, EagerWork

XRAY: Final = "xray"
"""The sampler whose rules are X-Ray's, as AWS's distributions call it."""

_ours: weakref.WeakSet[trace.TracerProvider] = weakref.WeakSet()


def head(config: Config, resource: Callable[[], Resource], health: Health) -> Sampler | None:
    """Who decides at the start of a trace; nobody, unless the environment names one."""
    if config.sampler == XRAY:
        from .aws.polling import xray_sampler

        return xray_sampler(config.sampler_argument, resource, health)
    return head_sampler(config.sampler, config.sampler_argument)


def set_tracing(made: Instruments, resource: Callable[[], Resource], redactor: Redactor, lengths: Lengths) -> None:
    """Says how the spans of requests are made, and with which provider those of libraries."""
    existing = global_provider()
    if existing is not None and existing not in _ours:
        made.provider, made.tracer, made.tracing = existing, tracer(existing), Eager(made)
        made.work = EagerWork(made)
        return
    own = _provider(made, resource(), lengths)
    form = SpanForm(resource, uncut_limits(), made.health)
    made.provider, made.tracer, made.tracing = own, tracer(own), Deferred(made, form)
    made.later = made.sampling.whole
    made.work = DeferredWork(made, WorkForm(resource, uncut_limits(), made.health))
    own.when_watched = partial(_watch, weakref.ref(made))

    made.spans.written = partial(_written, own, made.sampling, made.health, redactor)


def _written(own: Provider, sampling: Sampling, health: Health, redactor: Redactor, span: RequestSpan) -> ReadableSpan:
    """A request's span as the exporter wants it, shown to whoever else is on our provider, without what must not leave."""
    told = span.form.readable(span)
    told = sampling.weighed(told) if span.stands else told
    if own.others:
        told = cleaned_span(told, redactor)
        shown(cut_span(told, own.lengths), own.others, health)
    return told


def _watch(served: weakref.ref[Instruments]) -> None:
    """From now on the SDK's spans are made: somebody has to see them begin."""
    made = served()
    if made is not None:
        made.later = False  # first: what begins from now on can't be ended by another thread
        made.tracing, made.work = Eager(made), EagerWork(made)


def _provider(made: Instruments, resource: Resource, lengths: Lengths) -> Provider:
    """A provider of our own, made global if none of ours is yet.

    A second application of the process gets one too, because it has a name of its own.
    """
    # The SDK's provider makes a thread pool in each forked child, whose lock must be free again by then: hooks of forks run in the
    # order they were registered in, and this module's has to stand before the provider's. Else a child hangs where it is forked.
    import concurrent.futures.thread  # noqa: F401 - as said

    own = Provider(resource, made.sampling, made.spans, made.health, lengths)
    _ours.add(own)
    if global_provider() is None:
        trace.set_tracer_provider(own)
        propagate.set_global_textmap(made.propagators)
    return own
