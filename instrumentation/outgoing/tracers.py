"""The tracers that OpenTelemetry's instrumentations are given: each call's span is made by the application it belongs to.

They are switched on once in a process, which may hold several applications, each with a provider of its own. What fails here
is counted; the call goes out all the same.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from opentelemetry.context import Context, get_value
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    Tracer,
    TracerProvider,
    use_span,
)
from opentelemetry.util.types import Attributes

from .. import names
from ..errorname import error_name
from ..tracing.current import CALL, Current, current
from .libraries import Library
from .speaker import speaker

_statement: ContextVar[Span | None] = ContextVar("fournines.statement", default=None)
"""SQLAlchemy's span of the statement that its driver is executing."""
ABSTRACT: Final = "sqlalchemy"


class Scope(NamedTuple):
    """What an instrumentation calls itself: the arguments of `TracerProvider.get_tracer`."""

    name: str
    version: str | None
    schema_url: str | None
    attributes: Attributes


class CallTracers(TracerProvider):
    """A provider for the instrumentation of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes | None = None,
    ) -> Tracer:
        """A tracer that asks, for each call, the application it belongs to."""
        return CallTracer(
            self._library, Scope(instrumenting_module_name, instrumenting_library_version, schema_url, attributes)
        )


class CallTracer(Tracer):
    """Begins spans of calls; where nobody wants one, a span that is none."""

    def __init__(self, library: Library, scope: Scope) -> None:
        self._library, self._scope = library, scope
        self._made: weakref.WeakKeyDictionary[TracerProvider, Tracer] = weakref.WeakKeyDictionary()

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: FBT001, FBT002 - the API's own signature
        set_status_on_exception: bool = True,  # noqa: FBT001, FBT002 - as above
    ) -> Span:
        """Somebody else's sampler or span processor may raise: the call goes out all the same."""
        outgoing = speaker(self._library.name)
        if outgoing is None or (self._library.driver and _is_told()):
            return INVALID_SPAN
        if kind is SpanKind.CLIENT and isinstance(told := get_value(CALL), SpanContext):
            return NonRecordingSpan(told)
        try:
            if kind is SpanKind.CONSUMER and current() is None:
                outgoing.on_request()  # a task is work, as a request is: what tells of it has to run
            span = self._of(outgoing).start_span(
                name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception
            )
        except Exception:  # noqa: BLE001 - the outer guard: a call is never hurt by being watched
            outgoing.health.add(names.PROM_ERRORS, "client")
            return INVALID_SPAN
        if self._library.name == ABSTRACT:
            _statement.set(span)
        return span

    @contextmanager
    def start_as_current_span(  # type: ignore[override]
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: FBT001, FBT002 - the API's own signature
        set_status_on_exception: bool = True,  # noqa: FBT001, FBT002 - as above
        end_on_exit: bool = True,  # noqa: FBT001, FBT002 - as above
    ) -> Iterator[Span]:
        """As the API's; a failed call's span says what it failed with."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        if span is INVALID_SPAN and not self._library.carries:
            yield span  # and whatever is below keeps its parent
            return
        try:
            with use_span(span, record_exception=record_exception, set_status_on_exception=set_status_on_exception):
                yield span
        except Exception as e:
            say_why(span, e)
            raise
        finally:
            if end_on_exit:
                self._end(span)

    def _of(self, outgoing: Current) -> Tracer:
        provider = outgoing.provider
        made = self._made.get(provider)
        if made is None:
            made = self._made[provider] = provider.get_tracer(*self._scope)
        return made

    def _end(self, span: Span) -> None:
        try:
            span.end()
        except Exception:  # noqa: BLE001 - somebody else's span processor
            outgoing = speaker(self._library.name)
            if outgoing is not None:
                outgoing.health.add(names.PROM_ERRORS, "client")


def say_why(span: Any, error: BaseException) -> None:
    """Sets `error.type` on a span that is an error and does not say it yet."""
    status, attributes = getattr(span, "status", None), getattr(span, "attributes", None) or {}
    if status is not None and status.status_code is StatusCode.ERROR and names.ERROR_TYPE not in attributes:
        span.set_attribute(names.ERROR_TYPE, error_name(error))


def _is_told() -> bool:
    above = _statement.get()
    return above is not None and above.is_recording()
