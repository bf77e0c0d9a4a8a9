"""Server-sent events: pages that are open learn at once that something changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol

from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

KEEPALIVE_SECONDS: Final = 15.0
"""Seconds after which something is said in any case, so that nobody on the way gives the connection up."""


class PulseSource(Protocol):
    """Whoever knows when something changed."""

    @property
    def has_room(self) -> bool:
        """Whether one more may wait."""
        ...

    async def wait(self, seconds: float) -> bool | None:
        """Whether something changed before the time was over; None where nothing more is to come."""
        ...


@dataclass(frozen=True, slots=True)
class LiveRoutes:
    """/live: an event `changed` whenever a state or an alert did."""

    pulse: PulseSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        app.add_api_route("/live", self.live, include_in_schema=False)

    async def live(self) -> Response:
        """Goes on until the viewer leaves, or the collector ends; 503 where too many look already: they reload instead."""
        if not self.pulse.has_room:
            return Response("too many look already", 503, {"Retry-After": "60"})
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(), media_type="text/event-stream", headers=headers)

    async def _events(self) -> AsyncIterator[str]:
        yield "retry: 5000\n\n"
        while (changed := await self.pulse.wait(KEEPALIVE_SECONDS)) is not None:
            yield "event: changed\ndata: {}\n\n" if changed else ": still here\n\n"
