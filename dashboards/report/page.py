"""The report as a page of the collector."""

from __future__ import annotations

from ...slo.report import Period, Report
from ..page import render
from .html import report_body


def render_report_page(report: Report, now: float, service: str = "") -> str:
    """The page at `/report`, with a form that asks for another period; `service` is the one asked for, empty for all."""
    return render(
        "report.html.j2",
        now,
        now,
        refreshing=False,
        title=f"SLO report, {Period.parse(report.period).name}",
        period=report.period,
        zone=report.zone,
        service=service,
        body=report_body(report),
    )
