"""Who did what by hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse

from ...answers import AUDIT, Audit
from ...slo import timestamp
from ..contract import Cursor, answers_with, decode_cursor, encode_cursor, listed
from ..contract.paging import no_cursor
from .source import AuditSource


@dataclass(frozen=True, slots=True)
class AuditRoutes:
    """/api/v1/audit."""

    log: AuditSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        app.add_api_route("/api/v1/audit", self.audit, **answers_with(Audit, AUDIT))

    def audit(
        self,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="an `id`: what was done before it")] = None,
        cursor: Cursor = None,
    ) -> JSONResponse:
        """What was done by hand, the newest first."""
        found = self.log.audited(limit + 1, before if cursor is None else _entry(cursor))
        page = found[:limit]
        following = encode_cursor((page[-1].id,)) if len(found) > limit else None
        return listed(request, {"audit": [asdict(entry) | {"at": timestamp(entry.at)} for entry in page]}, following)


def _entry(cursor: str) -> int:
    """The number of the entry that a cursor is the place of."""
    match decode_cursor(cursor):
        case (int(number),) if 1 <= number < 2**63:
            return number
    raise no_cursor()
