"""What is open."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI

from .source import JSON, AlertSource


@dataclass(frozen=True, slots=True)
class AlertRoutes:
    """/api/v1/alerts."""

    open: AlertSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        app.add_api_route("/api/v1/alerts", self.alerts)

    def alerts(self) -> JSON:
        """The open alerts."""
        return {"alerts": [alert.as_json() for alert in self.open.alerts()]}
