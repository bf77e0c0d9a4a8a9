"""Composing what a request is measured with, and finding our place beside providers that were there before us."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from opentelemetry import propagate, trace

from . import clients as outgoing_calls
from .config import Config
from .health import Health
from .identity import Resource
from .middleware import Instruments
from .propagation import Propagators, propagators
from .red import Red
from .spanqueue import SpanQueue
from .spans import KeepAtEnd, global_provider, provider, tracer

_ours: weakref.WeakSet[trace.TracerProvider] = weakref.WeakSet()


def instruments(
    config: Config,
    *,
    red: Red,
    health: Health,
    spans: SpanQueue,
    resource: Resource,
    on_request: Callable[[], None],
    on_failure: Callable[[], None],
    clients: bool,
) -> Instruments:
    """What the requests of one application are measured with."""
    carried = propagators(config.propagators)
    made = Instruments(
        red=red,
        health=health,
        spans=spans,
        tracer=tracer(_provider(config, resource, spans, carried)),
        propagators=carried,
        known_methods=config.known_methods,
        on_failure=on_failure,
        on_request=on_request,
        clients=clients,
    )
    if clients:
        outgoing_calls.follow(made)
    return made


def _provider(config: Config, resource: Resource, spans: SpanQueue, carried: Propagators) -> trace.TracerProvider:
    """Somebody else's global provider where there is one; else our own, made global if none of ours is yet.

    A second application of the process gets a provider of its own, because it has a name of its own.
    """
    existing = global_provider()
    if existing is not None and existing not in _ours:
        return existing
    made = provider(resource, sampler_given=config.sampler_given)
    made.add_span_processor(KeepAtEnd(spans))
    _ours.add(made)
    if existing is None:
        trace.set_tracer_provider(made)
        propagate.set_global_textmap(carried)
    return made
