"""The report: /api/v1/report, and the same as a page."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import HTMLResponse

from ... import answers
from ...alerts import StoreError
from ...dashboards.report import render_report_page
from ...slo import InvalidValue
from ...slo.report import Period, Report, report_as_json
from ..contract import answers_with
from .pages import SECURITY_HEADERS
from .source import JSON

_Period = Annotated[
    str,
    Query(
        max_length=20,
        description="`2026-10`, `2026-W43`, `2026-Q4` or `2026`; the last month that is over unless given",
    ),
]
_Zone = Annotated[str, Query(max_length=100, description="IANA time zone of what has none of its own")]
_Service = Annotated[str, Query(max_length=1_000, description="of this service alone")]


class ReportSource(Protocol):
    """Whoever makes reports."""

    def report(self, period: Period, zone: str, service: str) -> Report:
        """That of every service, or of one. `InvalidValue` for no time zone; `sqlite3.Error`, `StoreError` where nothing can be read."""
        ...


@dataclass(frozen=True, slots=True)
class FakeReportSource:
    """Has the report it is given, whatever is asked."""

    told: Report

    def report(self, period: Period, zone: str, service: str) -> Report:
        """The report given."""
        return self.told


@dataclass(frozen=True, slots=True)
class ReportRoutes:
    """/api/v1/report and /report. `now` gives epoch seconds."""

    source: ReportSource
    now: Callable[[], float]

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        app.add_api_route("/api/v1/report", self.report, **answers_with(answers.Report, answers.REPORT, 503))
        app.add_api_route("/report", self.page, include_in_schema=False)

    def report(self, period: _Period = "", zone: _Zone = "UTC", service: _Service = "") -> JSON:
        """What a period was like: promises, budgets, incidents, releases, alerts and the scorecard, of each service and of all."""
        return report_as_json(self._made(period, zone, service))

    def page(self, period: _Period = "", zone: _Zone = "UTC", service: _Service = "") -> HTMLResponse:
        """The same for people."""
        report = self._made(period, zone, service)
        return HTMLResponse(render_report_page(report, self.now(), service), headers=SECURITY_HEADERS)

    def _made(self, period: str, zone: str, service: str) -> Report:
        try:
            asked = Period.parse(period) if period else Period.month_before(self.now(), zone)
            return self.source.report(asked, zone, service)
        except InvalidValue as error:
            raise HTTPException(422, str(error)) from error
        except (sqlite3.Error, StoreError) as error:
            raise HTTPException(503, f"the ledger can't be read: {error}", {"Retry-After": "5"}) from error
