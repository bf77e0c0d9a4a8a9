"""Outgoing calls with httpx: each gets a CLIENT span, and carries the trace on in its headers.

The public seam is used, `handle_request` of httpx's two network transports: every attempt, also after a redirect, is a
span of its own, and transports made for tests stay as they are. Where somebody else has wrapped them before (as
OpenTelemetry's own instrumentation does), nothing is done.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import get_current, get_value
from opentelemetry.trace import Span, SpanKind, StatusCode

from .. import names
from ..errorname import error_name
from ..redaction.queries import redacted
from ..suppression import SUPPRESSED
from ..tracing.current import CALL, Current
from .speaker import speaker

if TYPE_CHECKING:
    import httpx

CLIENT_ERROR: Final = 400
OURS: Final = "follows_for_fournines"
SUPPRESSING: Final = (
    SUPPRESSED,
    *(getattr(otel_context, f"_SUPPRESS_{what}INSTRUMENTATION_KEY", SUPPRESSED) for what in ("", "HTTP_")),
)
"""What others set around calls that are told already, or not to be told: exporters, and clients of AWS."""


def wrap_httpx(httpx: Any) -> bool:
    """Follows the calls of the module; False where somebody else does."""
    send, send_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request
    if hasattr(send, "__wrapped__") or hasattr(send_async, "__wrapped__"):
        return hasattr(send, OURS)
    httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request = made = (
        _wrapped(send), _wrapped_async(send_async)
    )  # fmt: skip
    for one in made:
        setattr(one, OURS, True)
    return True


def _wrapped(send: Any) -> Any:
    @functools.wraps(send)
    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        with _call(request) as call:
            response: httpx.Response = send(self, request)
            return call.answered(response)

    return handle_request


def _wrapped_async(send: Any) -> Any:
    @functools.wraps(send)
    async def handle_async_request(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        with _call(request) as call:
            response: httpx.Response = await send(self, request)
            return call.answered(response)

    return handle_async_request


class _Call:
    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, response: httpx.Response) -> httpx.Response:
        status = response.status_code
        self._span.set_attribute(names.STATUS_CODE, status)
        if status >= CLIENT_ERROR:
            self.failed(str(status))
        return response

    def failed(self, error: str) -> None:
        self._span.set_attribute(names.ERROR_TYPE, error)
        self._span.set_status(StatusCode.ERROR)


@contextmanager
def _call(request: httpx.Request) -> Iterator[_Call]:
    outgoing = speaker("httpx")
    if outgoing is None or any(map(get_value, SUPPRESSING)):
        yield _Call(trace.INVALID_SPAN)
        return
    span = _started(outgoing, request)
    call = _Call(span)
    try:
        yield call
    except Exception as e:
        call.failed(error_name(e))
        raise
    finally:
        _end(outgoing, span)


def _started(outgoing: Current, request: httpx.Request) -> Span:
    # Somebody else's sampler, propagator or span processor may raise: the call goes out all the same.
    try:
        return _start(outgoing, request)
    except Exception:  # noqa: BLE001 - the outer guard: a call is never hurt by being watched
        outgoing.health.add(names.PROM_ERRORS, "client")
        return trace.INVALID_SPAN


def _end(outgoing: Current, span: Span) -> None:
    try:
        span.end()
    except Exception:  # noqa: BLE001 - as above
        outgoing.health.add(names.PROM_ERRORS, "client")


def _start(outgoing: Current, request: httpx.Request) -> Span:
    method = request.method if request.method in outgoing.known_methods else names.OTHER
    told = get_value(CALL)
    if isinstance(told, trace.SpanContext):
        span: Span = trace.NonRecordingSpan(told)
    else:
        name = "HTTP" if method == names.OTHER else method
        span = outgoing.tracer.start_span(name, kind=SpanKind.CLIENT, attributes=_attributes(request, method))
    # Only the headers see the span: what runs inside the transport are sockets, with no spans of their own.
    carrier: dict[str, str] = {}
    outgoing.propagators.inject(carrier, trace.set_span_in_context(span, get_current()))
    if names.TRACEPARENT in carrier:
        # One that the service copied by hand would be said of another trace.
        request.headers.pop(names.TRACESTATE, None)
    request.headers.update(carrier)
    return span


def _attributes(request: httpx.Request, method: str) -> dict[str, str | int]:
    url = request.url
    path, mark, query = url.raw_path.decode("ascii").partition("?")
    attributes: dict[str, str | int] = {
        names.METHOD: method,
        names.SERVER_ADDRESS: url.host,
        names.SERVER_PORT: url.port or (443 if url.scheme == "https" else 80),
        # Without the user and password the URL may hold.
        names.URL_FULL: f"{url.scheme}://{url.netloc.decode('ascii')}{path}{mark}{redacted(query)}",
    }
    if method == names.OTHER:
        attributes[names.METHOD_ORIGINAL] = request.method
    return attributes
