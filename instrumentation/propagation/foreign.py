"""Propagators of other packages (b3, jaeger, ...), found by the name `OTEL_PROPAGATORS` gives them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import entry_points

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.trace import SpanContext

from .incoming import HeaderFormat, Incoming, Refused

_log = logging.getLogger("fournines.instrumentation")


class Foreign(HeaderFormat):
    """Somebody else's propagator, which may raise, and knows nothing of the others beside it."""

    def __init__(self, propagator: TextMapPropagator, name: str, refused: Refused) -> None:
        self._propagator, self._name, self._refused = propagator, name, refused
        self.fields = tuple(sorted(field.lower() for field in propagator.fields))

    def read(self, headers: Mapping[str, str], incoming: Incoming) -> None:
        """Takes over all it finds, but a trace only where none was found before."""
        try:
            found = self._propagator.extract(incoming.carrier, incoming.context, incoming.getter)
        except Exception:  # noqa: BLE001 - not our code: its headers are lost, the request is not
            self._refused(self._name)
            return
        before, after = trace.get_current_span(incoming.context), trace.get_current_span(found)
        if after is not before:
            found = trace.set_span_in_context(before, found)
            if not incoming.found and after.get_span_context().is_valid:
                incoming.parent = after.get_span_context()
        incoming.context = found

    def write(self, span: SpanContext, context: Context) -> list[tuple[str, str]]:
        """What it writes for the context's current span."""
        carrier: dict[str, str] = {}
        try:
            self._propagator.inject(carrier, context)
        except Exception:  # noqa: BLE001 - as above: the call goes out without its headers
            self._refused(self._name)
        return list(carrier.items())


def foreign(name: str, refused: Refused) -> Foreign | None:
    """The propagator of an installed package; None, and a warning, when there is none of that name."""
    for entry in entry_points(group="opentelemetry_propagator", name=name):
        try:
            return Foreign(entry.load()(), name, refused)
        except (ImportError, AttributeError, TypeError) as e:
            _log.warning("OTEL_PROPAGATORS: %r can't be loaded: %s", name, e)
            return None
    _log.warning("OTEL_PROPAGATORS: %r is not known here; left out", name)
    return None
