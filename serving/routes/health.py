"""Whether the process lives, and whether it takes data in."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from ... import __version__
from .source import JSON, NoticeSource


@dataclass(frozen=True, slots=True)
class HealthRoutes:
    """/healthz and /readyz."""

    notices: NoticeSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes; who asks with HEAD is answered too."""
        for path, answer in (("/healthz", self.healthz), ("/readyz", self.readyz)):
            app.add_api_route(path, answer)
            app.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)

    async def healthz(self) -> JSON:
        """The process is alive."""
        return {"status": "ok", "version": __version__}

    async def readyz(self) -> JSONResponse:
        """Data is taken in; 503 with the reason where it can't be."""
        trouble = self.notices.trouble()
        return JSONResponse({"status": trouble or "ok"}, status_code=503 if trouble else 200)
