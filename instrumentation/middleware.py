"""One pass around each request: span, counts and the application's own `/metrics`; nothing of it may hurt.

Whatever of ours fails is caught, counted and forgotten; what the application raises is passed on as it came.
When is a request over? With the last byte of its body, whatever background tasks do afterwards. An answer of 5xx is
recorded only when the application has returned, because only then is the exception known that caused it (error pages are
sent before the exception is raised on); its duration still ends with the last byte.

On the request: ids, two clocks, what the router found, one count, one append. Everything else is the export thread's.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.context import Context

from . import names
from .current import served_by
from .errorname import error_name
from .health import Health
from .propagation import Propagators
from .red import Exemplar, Key, Red
from .route import Routes
from .sampling import Sampling
from .spanqueue import SpanQueue
from .tracing import Tracing, Untraced

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

    from .work import WorkTracing

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MEASURED: Final = "fournines.measured"
"""Scope key: the request is measured already, by an outer application of the same process."""
NATIVE: Final = "fastapi.telemetry"
"""Scope key FastAPI (0.142 and later) looks at: where it is there, FastAPI does not report the request itself."""

FAILURES: Final = (Exception, SystemExit, KeyboardInterrupt)
"""What a service fails with; any other `BaseException` is how event loops cancel a request."""
CLIENT_GONE: Final = 499
SERVER_ERROR: Final = 500

QUIET_PATHS: Final = frozenset(
    {
        "/health", "/healthz", "/healthcheck", "/health/live", "/health/ready", "/live", "/livez", "/liveness",
        "/ready", "/readyz", "/readiness", "/startupz", "/ping", "/status", "/-/healthy", "/-/ready", "/_health",
        "/metrics", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json", "/favicon.ico",
    }
)  # fmt: skip
"""What operators, scrapers and browsers call: measured like everything, traced only when it fails."""


class Instruments:
    """What a request is measured with. One for each instrumented application; `tracing` is set when all else is there."""

    tracing: Tracing
    work: WorkTracing
    tracer: Tracer
    provider: TracerProvider

    def __init__(
        self,
        *,
        red: Red,
        health: Health,
        propagators: Propagators,
        known_methods: frozenset[str],
        spans: SpanQueue,
        sampling: Sampling,
        on_failure: Callable[[], None],
        on_request: Callable[[], None],
        clients: frozenset[str],
    ) -> None:
        self.red, self.health, self.propagators = red, health, propagators
        self.known_methods, self.spans, self.clients = known_methods, spans, clients
        self.sampling, self.on_failure, self.on_request = sampling, on_failure, on_request
        self.routes = Routes()
        self.template = self.routes.template

    def begin(self, scope: Scope, receive: Receive, send: Send) -> Request | None:
        """A request under way; None when it is measured already: then the application is called without us."""
        if MEASURED in scope:
            return None
        try:
            self.on_request()
        except Exception:  # noqa: BLE001 - where no thread can be started the request is counted all the same
            self.failed("start")
        return Request(self, scope, receive, send)

    def failed(self, where: str) -> None:
        """Counts a fault of ours."""
        self.health.add(names.PROM_ERRORS, where)


class Request:
    """One HTTP request: what its messages say about it, until it is reported, once."""

    # What most requests never change stands here: a request is made in microseconds.
    _status: int | None = None
    _ended: float | None = None
    _disconnected = _last = _trailers = _reported = False

    def __init__(self, instruments: Instruments, scope: Scope, receive: Receive, send: Send) -> None:
        self._instruments, self._scope, self._receive, self._send = instruments, scope, receive, send
        method = scope["method"]
        if method not in instruments.known_methods:
            method = names.OTHER
        self._method: str = method
        tracing = self._tracing = instruments.tracing
        self._flight = instruments.red.flight(method, scope.get("scheme", "http"))
        self._began = time.perf_counter()
        try:
            self._span, self.context = tracing.begin(scope, method, scope["path"] in QUIET_PATHS)
        except Exception:  # noqa: BLE001 - somebody else's sampler or span processor: no span, but the count stays
            instruments.health.add(names.PROM_ERRORS, "begin")
            self._span, self.context = Untraced(), served_by(instruments, Context())
        scope[MEASURED] = True
        scope[NATIVE] = None
        self._flight.add(1)

    async def receive(self) -> Message:
        """Passes a message on to the application; notes when the client went away."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._last:  # after the last byte servers always say so
            self._disconnected = True
        return message

    async def send(self, message: Message) -> None:
        """Passes a message on to the server; notes status, and the end of the last byte."""
        kind = message["type"]
        if kind == "http.response.start":
            if not self._disconnected:
                self._status = message["status"]
                self._trailers = message.get("trailers", False)
        elif not self._last:
            try:
                self._last = self._is_last(kind, message)
            except Exception:  # noqa: BLE001 - as below
                self._instruments.health.add(names.PROM_ERRORS, "send")
        try:
            await self._send(message)
        except OSError:  # how servers tell an application that the client went away (ASGI 2.4)
            self._disconnected = True
            raise
        if self._last and self._ended is None:
            self._ended = time.perf_counter()
            if self._status is not None and self._status < SERVER_ERROR:
                try:
                    self.over(None)
                except Exception:  # noqa: BLE001 - the outer guard: a request is never hurt by being watched
                    self._instruments.health.add(names.PROM_ERRORS, "report")

    def over(self, raised: BaseException | None) -> None:
        """It is answered, or the application has returned or raised: whatever is not reported yet is so now."""
        if not self._reported:
            self._reported = True
            self._report(raised)

    def _is_last(self, kind: str, message: Message) -> bool:
        if kind == "http.response.body":
            return not (message.get("more_body") or self._trailers)
        if kind == "http.response.trailers":
            return not message.get("more_trailers")
        return kind == "http.response.pathsend"

    def _report(self, raised: BaseException | None) -> None:
        instruments, flight, span, scope = self._instruments, self._flight, self._span, self._scope
        flight.add(-1)
        seconds = max(0.0, (self._ended or time.perf_counter()) - self._began)
        status, error = self._outcome(raised)
        try:
            route = instruments.template(scope)
        except Exception:  # noqa: BLE001 - a route that can't be read must not cost the count
            route = None
            instruments.health.add(names.PROM_ERRORS, "route")
        key: Key = (self._method, flight.scheme, route, status, error, scope.get("http_version"))
        exemplar = Exemplar(span.trace_id, span.span_id, seconds, time.time()) if span.sampled else None
        instruments.red.record(key, seconds, exemplar)
        if error is not None:
            instruments.on_failure()
        # Last, because somebody else's span processor may raise here: the request is counted by then.
        if span.__class__ is not Untraced:
            self._tracing.end(span, route, status, error, seconds)

    def _outcome(self, raised: BaseException | None) -> tuple[int, str | None]:
        """(status, error type) of the request: the one place where success, failure and a client's leaving are told apart."""
        status = self._status
        if raised is None and status is not None and status < SERVER_ERROR and self._ended is not None:
            return (CLIENT_GONE, None) if self._disconnected else (status, None)
        failed = status is not None and status >= SERVER_ERROR
        complete = self._ended is not None
        cancelled = raised is not None and not isinstance(raised, FAILURES) and not complete
        if (self._disconnected or cancelled) and not failed:
            return CLIENT_GONE, None
        if isinstance(raised, FAILURES):
            return SERVER_ERROR if status is None else status, error_name(raised)
        if status is None or not complete:
            return SERVER_ERROR if status is None else status, names.OTHER
        return status, str(status) if failed else None
