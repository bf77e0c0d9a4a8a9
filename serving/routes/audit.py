"""Who did what by hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import FastAPI, Query

from ...slo import timestamp
from .source import JSON, AuditSource


@dataclass(frozen=True, slots=True)
class AuditRoutes:
    """/api/v1/audit."""

    log: AuditSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        app.add_api_route("/api/v1/audit", self.audit)

    def audit(
        self,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="an `id`: what was done before it")] = None,
    ) -> JSON:
        """What was done by hand, the newest first."""
        found = self.log.audited(limit, before)
        return {"audit": [asdict(entry) | {"at": timestamp(entry.at)} for entry in found]}
