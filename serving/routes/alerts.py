"""What is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI

from .source import JSON, AlertSource


@dataclass(frozen=True, slots=True)
class AlertRoutes:
    """/api/v1/alerts."""

    open: AlertSource
    of_itself: Callable[[], Sequence[JSON]] = tuple
    """The open alerts about the collector itself."""

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        app.add_api_route("/api/v1/alerts", self.alerts)

    def alerts(self) -> JSON:
        """The open alerts."""
        return {"alerts": [*self.of_itself(), *(alert.as_json() for alert in self.open.alerts())]}
