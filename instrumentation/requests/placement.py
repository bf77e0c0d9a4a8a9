"""Putting the instrumentation outermost, in place: the same object, measured from now on.

Not `add_middleware`: FastAPI's own telemetry and the page for unhandled errors lie outside of it. The object's class
becomes a subclass of itself whose `__call__` goes through the handle first; `isinstance` and everything else stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .asgi import App, Receive, Scope, Send

STARLETTE: Final = ("starlette.applications", "Starlette")
FASTAPI: Final = ("fastapi.applications", "FastAPI")


def is_starlette(app: Any) -> bool:
    """Whether it is an application of Starlette or of what is built on it, asked without importing either."""
    return any((kind.__module__, kind.__qualname__) == STARLETTE for kind in type(app).__mro__)


def is_fastapi(app: Any) -> bool:
    """Whether it is an application of FastAPI, asked without importing it."""
    return any((kind.__module__, kind.__qualname__) == FASTAPI for kind in type(app).__mro__)


def serves_itself(app: Any, path: str) -> bool:
    """Whether the application has a route for this very path: its own, or one of a router it includes.

    A route that takes any path (`/{page}`, a mount at `/`) is none for this one.
    """
    return any(getattr(route, "path", None) == path or _includes(route, path) for route in getattr(app, "routes", ()))


def _includes(route: Any, path: str) -> bool:
    # FastAPI keeps an included router as one route, with no path of its own.
    if hasattr(route, "path") or not hasattr(route, "matches"):
        return False
    return _matches(route, path) and not _matches(route, f"{path}-{id(route)}")


def _matches(route: Any, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return route.matches(scope)[0].name == "FULL"  # type: ignore[no-any-return]  # Starlette's own enum


def put_outermost(app: Any, outer: App) -> App:
    """From now on calling `app` calls `outer`; returned is `app` as it was called before."""
    kind = type(app)

    def inner(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # The class is asked at each call: others replace its `__call__` too, now and later.
        called: Awaitable[None] = kind.__call__(app, scope, receive, send)
        return called

    # A bound method: one coroutine less on every request than a function around it, and still a coroutine function.
    described = {"__call__": staticmethod(outer), "__module__": kind.__module__, "__doc__": kind.__doc__}
    app.__class__ = type(kind.__name__, (kind,), described)
    return inner
