"""What scrapers read."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, Request, Response

from .source import ExpositionSource


@dataclass(frozen=True, slots=True)
class MetricsRoute:
    """/metrics."""

    source: ExpositionSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        app.add_api_route("/metrics", self.metrics, include_in_schema=False)

    def metrics(self, request: Request) -> Response:
        """The exposition, in the form that is asked for."""
        body, content_type = self.source.exposition(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type})
