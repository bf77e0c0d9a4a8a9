"""Traces that are kept: failed, slow and some ordinary ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException, Path, Query

from .source import JSON, TraceSource


@dataclass(frozen=True, slots=True)
class TraceRoutes:
    """/api/v1/traces and below. `now` gives epoch seconds."""

    kept: TraceSource
    now: Callable[[], float]

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        app.add_api_route("/api/v1/traces", self.traces)
        app.add_api_route("/api/v1/traces/{trace_id}", self.trace)

    def traces(
        self,
        service: str | None = None,
        route: str | None = None,
        state: Annotated[Literal["failed", "slow", "sampled"] | None, Query(description="why it is kept")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
    ) -> JSON:
        """The newest traces that are kept."""
        return {"traces": self.kept.find(self.now(), service, route, state, limit)}

    def trace(self, trace_id: Annotated[str, Path(pattern="^[0-9a-fA-F]{32}$")]) -> JSON:
        """One trace with its spans and log records."""
        found = self.kept.get(trace_id)
        if found is None:
            raise HTTPException(404, f"no trace {trace_id} is kept")
        return found
