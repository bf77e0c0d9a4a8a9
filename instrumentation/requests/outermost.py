"""The outermost application: what a server calls first, with all that is the service's own inside."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

from ..tracing.current import enter, leave
from .asgi import App, Receive, Scope, Send
from .engine import ENGINES, put_inside
from .instruments import Instruments
from .lifespan import watched
from .placement import is_starlette, put_outermost, serves_itself
from .request import MEASURED, Request
from .websocket import connected

NO_TYPE: Final = "\0"
"""A type of scopes, and an end of paths, that there is not."""

_log = logging.getLogger("fournines.instrumentation")


class Service(Protocol):
    """What runs beside the application for as long as it is served."""

    def start(self) -> None:
        """The server starts."""

    def shutdown(self) -> object:
        """The server ends."""


class MetricsPage(Protocol):
    """What stands at the path of the metrics page."""

    async def respond(self, scope: Mapping[str, Any], send: Send) -> None:
        """Answers one scrape."""


class Outermost:
    """One application as its server calls it: each request measured, scrapes answered, the server's start and end heard.

    A FastAPI or Starlette application is changed in place: whoever calls it calls this first. `path`: where the metrics page
    stands, None where it does not. With the second engine, requests are measured inside of `app`.
    """

    def __init__(
        self, app: Any, instruments: Instruments, service: Service, page: MetricsPage, path: str | None, engine: str
    ) -> None:
        self._original, self._instruments, self._service, self._page, self._path = app, instruments, service, page, path
        self._aside = engine != ENGINES[0]
        self._type = NO_TYPE if self._aside else "http"  # of scopes that are requests to be measured here
        self._ending = path or NO_TYPE  # of paths that are looked at twice
        self._kind = type(app) if is_starlette(app) else None
        self._inner: App = app if self._kind is None else put_outermost(app, self.__call__)
        if self._aside:
            self._inner = put_inside(app, self._inner, instruments)

    @property
    def app(self) -> App:
        """What the server is to serve: the application where it was changed in place, else this."""
        served: App = self if self._kind is None else self._original
        return served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection, measured; raises what the application raises."""
        try:
            measured = scope["type"] == self._type
            if measured and scope["path"].endswith(self._ending):
                measured = not self._is_scrape(scope)
            request = Request(self._instruments, scope, receive, send) if measured and MEASURED not in scope else None
        except Exception:  # noqa: BLE001 - the outer guard: a request is never hurt by being watched
            self._instruments.failed("begin")
            measured, request = True, None
        if request is None:
            await (self._inner if measured else self._serve_other)(scope, receive, send)
            return
        token = enter(request.context)
        try:
            if (kind := self._kind) is None:
                await self._inner(scope, request.receive, request.send)
            else:  # as `_inner`, which is a call more
                await kind.__call__(self._original, scope, request.receive, request.send)
        except BaseException as raised:
            self._over(request, raised)
            raise
        else:
            if not request.reported:
                self._over(request, None)
        finally:
            try:
                leave(token)
            except Exception:  # noqa: BLE001 - as above: the application has come back on another thread's context
                self._instruments.failed("context")

    def _over(self, request: Request, raised: BaseException | None) -> None:
        try:
            request.over(raised)
        except Exception:  # noqa: BLE001 - as above
            self._instruments.failed("report")

    async def _serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever is no request to be measured here."""
        kind = scope["type"]
        if kind == "lifespan":
            await watched(self._inner, scope, receive, send, self._service.start, self._service.shutdown)
        elif kind == "http" and self._is_scrape(scope):
            await self._page.respond(scope, send)
        elif kind == "websocket" and not self._aside:
            await connected(self._inner, self._instruments, scope, receive, send)
        else:
            self._instruments.start()
            await self._inner(scope, receive, send)

    def _is_scrape(self, scope: Scope) -> bool:
        path = self._path
        if path is None or scope.get("method") not in ("GET", "HEAD"):
            return False
        if scope["path"] not in (path, scope.get("root_path", "") + path):
            return False
        if serves_itself(self._original, path):
            _log.warning("the application has a route %s of its own; ours is switched off", path)
            self._path = None
            return False
        return True
