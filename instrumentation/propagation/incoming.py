"""What the headers of a request say, gathered by one propagator after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.propagators.textmap import Getter, default_getter
from opentelemetry.trace import SpanContext

ROOT_ONLY: Final = create_key("fournines.xray.root")
"""Context key: the id of a trace that was begun without a span, as by a load balancer."""

Refused = Callable[[str], None]
"""Called with a header's name when it, or a part of it, can't be used."""


class Incoming:
    """A trace to continue, and whatever else travels with a request.

    parent    the caller's span; None when no header names one
    root      the id of a trace that has no span yet; 0 when there is none, or a parent
    context   baggage, and what is passed on; the parent is not in it
    """

    __slots__ = ("carrier", "context", "getter", "parent", "root")

    def __init__(self, context: Context, carrier: Any, getter: Getter[Any] = default_getter) -> None:
        self.context, self.carrier, self.getter = context, carrier, getter
        self.parent: SpanContext | None = None
        self.root = 0

    @property
    def found(self) -> int:
        """The id of the trace the headers name; 0 when none has been found so far."""
        return self.root if self.parent is None else self.parent.trace_id

    def in_context(self) -> Context:
        """All of it as a context: the parent as its span, or `ROOT_ONLY`."""
        if self.parent is not None:
            return trace.set_span_in_context(trace.NonRecordingSpan(self.parent), self.context)
        return set_value(ROOT_ONLY, self.root, self.context) if self.root else self.context


class HeaderFormat(ABC):
    """One kind of headers, read and written."""

    fields: tuple[str, ...]
    """The headers it reads and writes, in lower case."""

    @abstractmethod
    def read(self, headers: Mapping[str, str], incoming: Incoming) -> None:
        """Adds what the headers say. A trace found before stands."""

    @abstractmethod
    def write(self, span: SpanContext, context: Context) -> list[tuple[str, str]]:
        """The headers that say `span` (which may be invalid: then no trace) and what travels in `context`."""


def root_only(context: Context) -> int:
    """The trace to continue without a parent; 0 when there is none."""
    value = get_value(ROOT_ONLY, context)
    return value if isinstance(value, int) else 0
