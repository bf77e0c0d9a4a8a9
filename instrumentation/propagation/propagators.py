"""Trace headers in and out: W3C trace context and baggage, AWS X-Ray, and whatever else `OTEL_PROPAGATORS` names.

When several headers name a trace, the propagator that stands first in the list wins; the usual list is
`tracecontext,baggage,xray`. All of them are written on outgoing calls.

Each kind of header has a file: `w3c` (with `tracestate`), `baggage`, `xray`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, get_current
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)

from .. import names
from .baggage import Baggage, Redact
from .foreign import foreign
from .incoming import HeaderFormat, Incoming, Refused
from .w3c import TraceContext
from .xray import XRay


class Propagators(TextMapPropagator):
    """Several kinds of headers as one; the first that names a trace wins."""

    def __init__(self, parts: Sequence[HeaderFormat]) -> None:
        self._parts = tuple(parts)
        ours = (TraceContext, Baggage, XRay)
        self._alone = {
            name: tuple(part for part in parts if not isinstance(part, ours) or name in part.fields)
            for name in (names.TRACEPARENT, names.BAGGAGE, names.XRAY)
        }
        """Who has to look, where that header is the only one."""
        self._fields = tuple(dict.fromkeys(field for part in parts for field in part.fields))

    def read(self, headers: Mapping[str, str], context: Context) -> Incoming:
        """What headers say: names in lower case; of one sent several times the values in their order, joined by commas.

        The parent is not put into the context: whoever makes a span of his own saves that step.
        """
        incoming = Incoming(context, headers)
        parts = self._parts
        if len(headers) == 1:
            (name,) = headers
            parts = self._alone.get(name, parts)
        for part in parts:
            part.read(headers, incoming)
        return incoming

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """The context with all that is found in the carrier; a trace found there replaces the context's own."""
        incoming = Incoming(Context() if context is None else context, carrier, getter)
        headers = self._headers(carrier, getter)
        for part in self._parts:
            part.read(headers, incoming)
        return incoming.in_context()

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Writes the headers of all."""
        context = get_current() if context is None else context
        span = trace.get_current_span(context).get_span_context()
        for part in self._parts:
            for name, value in part.write(span, context):
                setter.set(carrier, name, value)

    @property
    def fields(self) -> set[str]:
        """The headers of all, in lower case."""
        return set(self._fields)

    def _headers(self, carrier: Any, getter: Getter[Any]) -> dict[str, str]:
        headers: dict[str, str] = {}
        for name in self._fields:
            values = getter.get(carrier, name)
            if values and all(isinstance(value, str) for value in values):
                headers[name] = ",".join(values)
        return headers


def propagators(chosen: Sequence[str], refused: Refused | None = None, redact: Redact | None = None) -> Propagators:
    """The propagators of these names, in this order; unknown ones are logged and left out, `none` stands for nothing.

    `refused` is called with the name of a header that can't be used, or only in part; `redact` with name and value of each
    member of the baggage that is about to be sent, and says the value to send.
    """
    count: Refused = _uncounted if refused is None else refused
    ours: dict[str, HeaderFormat] = {
        "tracecontext": TraceContext(count),
        "baggage": Baggage(count, redact),
        "xray": XRay(count),
    }
    parts = [ours[name] if name in ours else foreign(name, count) for name in chosen if name != "none"]
    return Propagators([part for part in parts if part is not None])


def xray_propagator() -> Propagators:
    """X-Ray's alone: the entry point `xray`, without which `opentelemetry.propagate` raises at the name."""
    return propagators(("xray",))


def _uncounted(header: str) -> None:
    """Where nobody counts."""
