"""One pass around each request: span, counts and the application's own `/metrics`; nothing of it may hurt.

Whatever of ours fails is caught, counted and forgotten; what the application raises is passed on as it came.
When is a request over? With the last byte of its body, whatever background tasks do afterwards. An answer of 5xx is
recorded only when the application has returned, because only then is the exception known that caused it (error pages are
sent before the exception is raised on); its duration still ends with the last byte.

On the request: ids, three readings of clocks, what the router found, one append. Everything else is the export thread's, and
whoever's who reads the counts (`Red.settle`).
"""

from __future__ import annotations

from typing import Final

from opentelemetry.context import Context

from .. import names
from ..clock import stopwatch
from ..counts.point import Key
from ..counts.red import ENOUGH, MOST
from ..errorname import FAILURES, error_name
from ..tracing.current import served_by
from ..tracing.tracing import UNTOLD, Untraced
from .asgi import Message, Receive, Scope, Send
from .instruments import Instruments
from .quiet_paths import QUIET_PATHS

MEASURED: Final = "fournines.measured"
"""Scope key: the request is measured already, by an outer application of the same process."""
NATIVE: Final = "fastapi.telemetry"
"""Scope key FastAPI (0.142 and later) looks at: where it is there, FastAPI does not report the request itself."""

CLIENT_GONE: Final = 499
SERVER_ERROR: Final = 500


class Request:
    """One HTTP request: what its messages say about it, until it is reported, once.

    Few functions, and slots: between the application's own work each call costs three times what it costs in a loop, because
    nothing of ours is in the processor's caches by then.
    """

    __slots__ = (
        "_began", "_disconnected", "_ended", "_instruments", "_last", "_receive", "_scope", "_send", "_span", "_status",
        "_tracing", "_trailers", "context", "method", "reported", "scheme",
    )  # fmt: skip

    def __init__(self, instruments: Instruments, scope: Scope, receive: Receive, send: Send) -> None:
        if instruments.worker.thread is None:
            instruments.start()
        self._instruments, self._scope, self._receive, self._send = instruments, scope, receive, send
        self._status: int | None = None
        self._ended: float | None = None
        self._disconnected = self._last = self._trailers = self.reported = False
        method: str = scope["method"]
        if method not in instruments.known_methods:
            method = names.OTHER
        self.method, self.scheme = method, scope.get("scheme", "http")
        tracing = self._tracing = instruments.tracing
        self._began = stopwatch()
        try:
            self._span, self.context = tracing.begin(scope, method, scope["path"] in QUIET_PATHS)
        except Exception:  # noqa: BLE001 - somebody else's sampler or span processor: no span, but the count stays
            instruments.failed("begin")
            self._span, self.context = Untraced(), served_by(instruments, Context())
        scope[MEASURED] = True
        scope[NATIVE] = None
        instruments.red.running.add(self)

    async def receive(self) -> Message:
        """Passes a message on to the application; notes when the client went away."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._last:  # after the last byte servers always say so
            self._disconnected = True
        return message

    async def send(self, message: Message) -> None:  # noqa: C901 - hot: what it would call costs a microsecond a call
        """Passes a message on to the server; notes status, and the end of the last byte."""
        try:
            kind = message["type"]
            if kind == "http.response.body":
                if not self._last and not message.get("more_body") and not self._trailers:
                    self._last = True
            elif kind == "http.response.start":
                if not self._disconnected:
                    self._status = message["status"]
                    self._trailers = message.get("trailers", False)
            elif not self._last:
                self._last = _is_last(kind, message)
        except Exception:  # noqa: BLE001 - the outer guard: a request is never hurt by being watched
            self._instruments.failed("send")
        try:
            await self._send(message)
        except OSError:  # how servers tell an application that the client went away (ASGI 2.4)
            self._disconnected = True
            raise
        if self._last and self._ended is None:
            self._ended = stopwatch()
            if self._status is not None and self._status < SERVER_ERROR:
                try:
                    self.over(None)
                except Exception:  # noqa: BLE001 - as above
                    self._instruments.failed("report")

    def over(self, raised: BaseException | None) -> None:
        """It is answered, or the application has returned or raised: whatever is not reported yet is so now."""
        if self.reported:
            return
        self.reported = True
        instruments, span, scope, status, error = self._instruments, self._span, self._scope, self._status, None
        red = instruments.red
        red.running.discard(self)
        ended = self._ended
        if (
            raised is None
            and ended is not None
            and status is not None
            and status < SERVER_ERROR
            and not self._disconnected
        ):
            seconds = ended - self._began
        else:
            seconds = (stopwatch() if ended is None else ended) - self._began
            status, error = self._outcome(raised)
        try:
            route = instruments.template(scope)
        except Exception:  # noqa: BLE001 - a route that can't be read must not cost the count
            route = None
            instruments.failed("route")
        key: Key = (self.method, self.scheme, route, status, error, scope.get("http_version"))
        tracing, to_count, sampled = self._tracing, red.ended, span.sampled
        later = sampled and instruments.later and span.said is None
        if later:
            span.open, span.seconds = False, seconds
        to_count.append((key, seconds, span if sampled else None, later))
        waiting = len(to_count)
        if waiting == ENOUGH or waiting > MOST:
            instruments.crowded(waiting)
        if error is not None:
            instruments.on_failure()
        # Last, because somebody else's span processor may raise here: the request is counted by then.
        if not later and span.__class__ not in UNTOLD:
            tracing.end(span, route, status, error, seconds)

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


def _is_last(kind: str, message: Message) -> bool:
    """Whether a message that is none of the usual two ends the answer."""
    if kind == "http.response.trailers":
        return not message.get("more_trailers")
    return kind == "http.response.pathsend"
