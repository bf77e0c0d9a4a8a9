"""The HTTP application on port 8400: JSON API, /metrics, health, and the on-call page. It knows subjects, and no one behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from . import __version__
from .dashboards import STATIC


class Subject(Protocol):
    """One subject of the API."""

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        ...


def create_app(subjects: Iterable[Subject], write: ASGIApp) -> FastAPI:
    """The application. It holds no state of its own: every answer is made at the time of the request.

    `write` answers Prometheus' remote writes at /api/v1/write.
    """
    app = FastAPI(title="fournines", version=__version__, docs_url=None, redoc_url=None)
    for subject in subjects:
        subject.add_routes(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.router.routes.append(Route("/api/v1/write", _Whole(write)))
    return app


@dataclass(frozen=True, slots=True)
class _Whole:
    """An ASGI application as an endpoint: a bare function would be taken for one that answers a `Request`."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
