"""Whether the process lives, and whether it takes data in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from ... import __version__
from ...answers import ALIVE, READY, Alive, Ready
from ..contract.promise import shown
from .source import JSON, NoticeSource


@dataclass(frozen=True, slots=True)
class HealthRoutes:
    """/healthz and /readyz."""

    notices: NoticeSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes; who asks with HEAD is answered too."""
        alive: dict[str, Any] = {"response_model": None, "responses": {200: shown(Alive, ALIVE)}}
        ready: dict[str, Any] = {
            "response_model": None,
            "responses": {status: shown(Ready, READY) for status in (200, 503)},
        }
        for path, answer, said in (("/healthz", self.healthz, alive), ("/readyz", self.readyz, ready)):
            app.add_api_route(path, answer, **said)
            app.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)

    async def healthz(self) -> JSON:
        """The process is alive."""
        return {"status": "ok", "version": __version__}

    async def readyz(self) -> JSONResponse:
        """Data is taken in; 503 with the reason where it can't be."""
        trouble = self.notices.trouble()
        return JSONResponse({"status": trouble or "ok"}, status_code=503 if trouble else 200)
