"""Trace headers in and out: W3C trace context and baggage, AWS X-Ray, and whatever else `OTEL_PROPAGATORS` names.

When several headers name a trace, the propagator that stands first in the list wins; the usual list is
`tracecontext,baggage,xray`. All of them are written on outgoing calls.

X-Ray's header is read with tolerance, because the peers' parsers lose the trace of every load balancer:
`Root=` alone (what an ALB sends) continues the trace with a span that has no parent; `Sampled=?` and a missing
`Sampled` leave the decision here; unknown pairs, in any order, are stepped over.
https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from importlib.metadata import entry_points
from typing import Final

from opentelemetry import trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context, create_key, get_current, get_value, set_value
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from . import names

ROOT_ONLY: Final = create_key("fournines.xray.root")
"""Context key: the id of a trace that was begun without a span, as by a load balancer."""
RANDOM_BITS: Final = 96
HEX: Final = frozenset("0123456789abcdef")

_root_to_continue: ContextVar[int] = ContextVar("fournines_root_to_continue", default=0)
_log = logging.getLogger("fournines.instrumentation")


class XRayIds(IdGenerator):
    """Trace ids that X-Ray accepts: the first 32 bits are epoch seconds, the other 96 random."""

    def generate_trace_id(self) -> int:
        """The id of the trace being continued, where one is; else a new one."""
        return _root_to_continue.get() or int(time.time()) << RANDOM_BITS | random.getrandbits(RANDOM_BITS)

    def generate_span_id(self) -> int:
        """64 random bits, never all zero."""
        return random.getrandbits(64) or 1


class continuing:  # noqa: N801 - reads as the statement it is: `with continuing(trace_id):`
    """While it is entered, a span without a parent begins in the given trace (0: in a new one)."""

    __slots__ = ("_token", "_trace_id")

    def __init__(self, trace_id: int) -> None:
        self._trace_id = trace_id

    def __enter__(self) -> None:
        self._token = _root_to_continue.set(self._trace_id)

    def __exit__(self, *_: object) -> None:
        _root_to_continue.reset(self._token)


class XRayPropagator(TextMapPropagator):
    """Reads and writes `X-Amzn-Trace-Id`."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """The context with the header's span as its parent, or, for `Root=` alone, with `ROOT_ONLY`."""
        context = Context() if context is None else context
        values = getter.get(carrier, names.XRAY)
        trace_id, span_id, sampled = parse_xray(values[0]) if values else (0, 0, None)
        if not trace_id:
            return context
        if not span_id and sampled is not False:
            return set_value(ROOT_ONLY, trace_id, context)
        flags = trace.TraceFlags(trace.TraceFlags.DEFAULT if sampled is False else trace.TraceFlags.SAMPLED)
        parent = trace.SpanContext(trace_id, span_id or XRayIds().generate_span_id(), is_remote=True, trace_flags=flags)
        return trace.set_span_in_context(trace.NonRecordingSpan(parent), context)

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Writes the current span of `context`; nothing when there is none."""
        span = trace.get_current_span(context).get_span_context()
        if span.is_valid:
            setter.set(carrier, names.XRAY, format_xray(span))

    @property
    def fields(self) -> set[str]:
        """The header this writes."""
        return {names.XRAY}


class Propagators(TextMapPropagator):
    """Several propagators as one; the first that finds a trace wins."""

    def __init__(self, members: Sequence[TextMapPropagator]) -> None:
        self._members = tuple(members)
        self._fields = {field.lower() for member in members for field in member.fields}

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Asks each in turn; what it finds stands, unless a trace was found before."""
        context = Context() if context is None else context
        for member in self._members:
            found = member.extract(carrier, context, getter)
            if not _names_trace(context) or not _names_trace_differently(context, found):
                context = found
        return context

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Writes the headers of all."""
        for member in self._members:
            member.inject(carrier, context, setter)

    @property
    def fields(self) -> set[str]:
        """The headers of all, in lower case."""
        return set(self._fields)


def propagators(chosen: Sequence[str]) -> Propagators:
    """The propagators of these names, in this order; unknown ones are logged and left out, `none` stands for nothing."""
    ours: dict[str, Callable[[], TextMapPropagator]] = {
        "tracecontext": TraceContextTextMapPropagator,
        "baggage": W3CBaggagePropagator,
        "xray": XRayPropagator,
    }
    members = [ours[name]() if name in ours else _foreign(name) for name in chosen if name != "none"]
    return Propagators([member for member in members if member is not None])


def root_only(context: Context) -> int:
    """The trace to continue without a parent; 0 when there is none."""
    value = get_value(ROOT_ONLY, context)
    return value if isinstance(value, int) else 0


def parse_xray(header: str) -> tuple[int, int, bool | None]:
    """(trace id, parent span id, sampled) of a header; 0 and None stand for what it does not say, or says wrongly."""
    pairs: dict[str, str] = {}
    for part in header.split(";"):
        key, _, value = part.partition("=")
        pairs.setdefault(key.strip().lower(), value.strip())
    version, _, rest = pairs.get("root", "").lower().partition("-")
    seconds, _, unique = rest.partition("-")
    root = _hex(seconds, 8) and _hex(unique, 24) and version == "1"
    trace_id = int(seconds + unique, 16) if root else 0
    parent = pairs.get("parent", "").lower()
    span_id = int(parent, 16) if _hex(parent, 16) else 0
    return trace_id, span_id, {"1": True, "0": False}.get(pairs.get("sampled", ""))


def format_xray(span: trace.SpanContext) -> str:
    """A span as the header says it."""
    digits = trace.format_trace_id(span.trace_id)
    sampled = int(span.trace_flags.sampled)
    return f"Root=1-{digits[:8]}-{digits[8:]};Parent={trace.format_span_id(span.span_id)};Sampled={sampled}"


def inject_current(propagator: TextMapPropagator, carrier: dict[str, str]) -> None:
    """Writes the current context's headers into `carrier`."""
    propagator.inject(carrier, get_current())


def _hex(text: str, length: int) -> bool:
    return len(text) == length and HEX.issuperset(text)


def _names_trace(context: Context) -> bool:
    return bool(root_only(context)) or trace.get_current_span(context).get_span_context().is_valid


def _names_trace_differently(context: Context, found: Context) -> bool:
    return root_only(context) != root_only(found) or trace.get_current_span(context) is not trace.get_current_span(
        found
    )


def _foreign(name: str) -> TextMapPropagator | None:
    for entry in entry_points(group="opentelemetry_propagator", name=name):
        try:
            made: TextMapPropagator = entry.load()()
        except (ImportError, AttributeError, TypeError) as e:
            _log.warning("OTEL_PROPAGATORS: %r can't be loaded: %s", name, e)
            return None
        return made
    _log.warning("OTEL_PROPAGATORS: %r is not known here; left out", name)
    return None
