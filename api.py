"""The HTTP application on port 8400: JSON API, /metrics, health, and the on-call page. It knows subjects, and no one behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from fastapi import FastAPI, HTTPException
from fastapi.staticfiles import StaticFiles
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import __version__
from .dashboards import STATIC
from .serving.contract import DescribedApp, Tagged, add_problems
from .serving.routes.csrf import FormGuard, Guarded

MOST_BYTES: Final = 64 * 1024
"""What a body holds at most: each is read whole, by who answers everybody, and becomes many times as much."""

_WRITE: Final = "/api/v1/write"


class Subject(Protocol):
    """One subject of the API."""

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        ...


def create_app(subjects: Iterable[Subject], write: ASGIApp, public_host: str = "") -> FastAPI:
    """The application. It holds no state of its own: every answer is made at the time of the request.

    `write` answers Prometheus' remote writes at /api/v1/write. `public_host` is what browsers call the collector behind a proxy.
    """
    app = DescribedApp(title="fournines", version=__version__, docs_url=None, redoc_url=None)
    app.add_middleware(_Bounded)
    app.add_middleware(Tagged)
    app.add_middleware(Guarded, guard=FormGuard(public_host))
    add_problems(app)
    for subject in subjects:
        subject.add_routes(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.router.routes.append(Route(_WRITE, _Whole(write)))
    return app


@dataclass(frozen=True, slots=True)
class _Whole:
    """An ASGI application as an endpoint: a bare function would be taken for one that answers a `Request`."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Bounded:
    """An application whose bodies are short, but for remote writes, which are bounded by who takes them."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = MOST_BYTES

        async def bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"a body holds {MOST_BYTES} bytes at most", {"Connection": "close"})
            return message

        await self.app(scope, receive if scope.get("path") == _WRITE else bounded, send)
