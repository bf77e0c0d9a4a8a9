"""A WebSocket's span: from the handshake to the close, with the route it met. It is no request: nothing of it is counted.

The conventions have no word for it; name and attributes are those of FastAPI's own telemetry, and the handshake's request.
A client that goes away is how WebSockets end; only an exception of the application is a failure.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from opentelemetry.context import attach, detach

from .. import names
from ..clock import stopwatch
from ..errorname import FAILURES, error_name
from ..tracing.readable import WEBSOCKET
from ..tracing.tracing import UNTOLD
from .asgi import App, Message, Receive, Scope, Send
from .instruments import Instruments
from .request import MEASURED, NATIVE

ACCEPTED: Final = 101
REFUSED: Final = 403
"""What servers answer when an application closes before it accepted."""
SILENT: Final = 500
"""What they answer when it says nothing."""
DISCONNECT: Final = frozenset({"WebSocketDisconnect", "ClientDisconnected", "ConnectionClosed"})
"""Classes by which frameworks and servers say that the client has left."""


async def connected(app: App, instruments: Instruments, scope: Scope, receive: Receive, send: Send) -> None:
    """Calls `app` for one connection and reports it; raises what the application raises."""
    socket = None if MEASURED in scope else _begun(instruments, scope, send)
    if socket is None:
        await app(scope, receive, send)
        return
    token = attach(socket.context)
    try:
        await app(scope, receive, socket.send)
    except BaseException as raised:
        socket.over(raised)
        raise
    else:
        socket.over(None)
    finally:
        detach(token)


class Socket:
    """One connection: what was answered to its handshake, until it is over."""

    _status = SILENT

    def __init__(self, instruments: Instruments, scope: Scope, send: Send) -> None:
        self._instruments, self._scope, self._send = instruments, scope, send
        self._tracing = instruments.tracing
        self._began = stopwatch()
        self._span, self.context = self._tracing.begin({**scope, "method": "GET"}, WEBSOCKET, False)  # noqa: FBT003 - not quiet
        scope[MEASURED] = True
        scope[NATIVE] = None

    def send(self, message: Message) -> Awaitable[None]:
        """Passes a message on; notes the answer to the handshake."""
        if self._status is SILENT:
            self._status = _answer(message)
        return self._send(message)

    def over(self, raised: BaseException | None) -> None:
        """The application has returned, or raised."""
        try:
            error = error_name(raised) if isinstance(raised, FAILURES) and not _left(raised) else None
            if error is None and self._status == SILENT:
                error = names.OTHER
            route = self._instruments.template(self._scope)
            if self._span.__class__ not in UNTOLD:
                self._tracing.end(self._span, route, self._status, error, stopwatch() - self._began)
        except Exception:  # noqa: BLE001 - the outer guard: nobody is hurt by being watched
            self._instruments.failed("report")


def _begun(instruments: Instruments, scope: Scope, send: Send) -> Socket | None:
    instruments.start()
    try:
        return Socket(instruments, scope, send)
    except Exception:  # noqa: BLE001 - as above
        instruments.failed("begin")
        return None


def _answer(message: Message) -> int:
    kind = message["type"]
    if kind == "websocket.http.response.start":
        return int(message["status"])
    return {"websocket.accept": ACCEPTED, "websocket.close": REFUSED}.get(kind, SILENT)


def _left(raised: BaseException) -> bool:
    return any(kind.__name__ in DISCONNECT for kind in type(raised).__mro__) or isinstance(raised, ConnectionError)
