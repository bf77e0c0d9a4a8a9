"""Traces that are kept: failed, slow and some ordinary ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse

from ...answers import TRACE, TRACES, Trace, Traces
from ..contract import Cursor, answers_with, decode_cursor, encode_cursor, listed
from ..contract.paging import no_cursor
from .interval import LATEST
from .source import JSON, TraceSource


@dataclass(frozen=True, slots=True)
class TraceRoutes:
    """/api/v1/traces and below. `now` gives epoch seconds."""

    kept: TraceSource
    now: Callable[[], float]

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        app.add_api_route("/api/v1/traces", self.traces, **answers_with(Traces, TRACES))
        app.add_api_route("/api/v1/traces/{trace_id}", self.trace, **answers_with(Trace, TRACE, 404))

    def traces(
        self,
        request: Request,
        service: str | None = None,
        route: str | None = None,
        state: Annotated[Literal["failed", "slow", "sampled"] | None, Query(description="why it is kept")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
        cursor: Cursor = None,
    ) -> JSONResponse:
        """The newest traces that are kept."""
        before = None if cursor is None else _place(cursor)
        found = self.kept.find(self.now(), service, route, state, limit + 1, before)
        page = found[:limit]
        following = encode_cursor((page[-1]["start"], page[-1]["trace_id"])) if len(found) > limit else None
        return listed(request, {"traces": page}, following)

    def trace(self, trace_id: Annotated[str, Path(pattern="^[0-9a-fA-F]{32}$")]) -> JSON:
        """One trace with its spans and log records."""
        found = self.kept.get(trace_id)
        if found is None:
            raise HTTPException(404, f"no trace {trace_id} is kept")
        return found


def _place(cursor: str) -> tuple[float, str]:
    """The start and the id of the trace that a cursor is the place of."""
    match decode_cursor(cursor):
        case (int() | float() as start, str(trace)) if abs(start) < LATEST and re.fullmatch("[0-9a-f]{32}", trace):
            return float(start), trace
    raise no_cursor()
