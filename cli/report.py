"""`fournines report`: a week, a month, a quarter or a year in one document."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .asking import asked
from .extra import collector_extra
from .failure import fail
from .options import PAGES

if TYPE_CHECKING:
    from ..slo.report import Costs, Period, Report

PATIENCE: Final = 120.0
"""Seconds that a collector of a thousand SLOs may take for the trend of each."""


class ReportFormat(Enum):
    """What a report is written as."""

    HTML = "html"
    MARKDOWN = "md"
    JSON = "json"
    PDF = "pdf"


_Period = Annotated[
    str, typer.Option(help="2026-10, 2026-W43, 2026-Q4 or 2026. (default: the last month that is over)")
]
_Format = Annotated[ReportFormat, typer.Option("--format", help="What to write.")]
_Out = Annotated[Path | None, typer.Option(help="Write into this file. (default: standard output)")]
_Service = Annotated[str, typer.Option(help="Of this service alone, by its service.name. (default: of all)")]
_Zone = Annotated[str, typer.Option(help="IANA time zone of what has none of its own.")]
_Costs = Annotated[
    str, typer.Option(help="What services cost: a CSV file of period, service, amount, currency, or `aws`.")
]
_Tag = Annotated[str, typer.Option(help="The cost allocation tag that names a service, for `--costs aws`.")]
_Prometheus = Annotated[
    str,
    typer.Option(help="A Prometheus that scrapes the services: response times and concurrent users.", metavar="URL"),
]
_Font = Annotated[Path | None, typer.Option(help="TrueType font of a PDF with other letters than Western ones.")]
_Url = Annotated[str, typer.Option(help="The collector's pages and API.")]


def report(
    period: _Period = "",
    output: _Format = ReportFormat.MARKDOWN,
    out: _Out = None,
    service: _Service = "",
    zone: _Zone = "UTC",
    costs: _Costs = "",
    cost_tag: _Tag = "service",
    prometheus: _Prometheus = "",
    font: _Font = None,
    url: _Url = PAGES,
) -> None:
    """Write a month in one document."""
    if output is ReportFormat.PDF and out is None and sys.stdout.isatty():
        raise typer.BadParameter("a PDF is no text: say a file", param_hint="--out")
    made = _told(url, _checked(period, zone), zone, service)
    if costs:
        made = made.with_costs(_costs(costs, made, cost_tag))
    if prometheus:
        made = _with_durations(made, prometheus)
    _put(_written(made, output, font), out)


def _checked(period: str, zone: str) -> str:
    """The period as it was typed, if it is one; which it is where nothing was typed, the collector's clock says."""
    with collector_extra():
        from ..slo import InvalidValue
        from ..slo.local_time import zone_named
        from ..slo.report import Period
    try:
        zone_named(zone)
        return Period.parse(period).text if period else ""
    except InvalidValue as error:
        raise typer.BadParameter(str(error)) from None


def _told(url: str, period: str, zone: str, service: str) -> Report:
    from ..slo.report import InvalidReport, read_report

    with asked(url, timeout=PATIENCE) as client:
        said = client.report(period, zone, service)
    try:
        return read_report(said)
    except InvalidReport as error:
        fail(f"the collector at {url} answers as none of this version does: {error}")


def _costs(said: str, made: Report, tag: str) -> Costs:
    from ..slo import InvalidValue
    from ..slo.report import Period, read_costs

    period = Period.parse(made.period)
    try:
        if said == "aws":
            return _of_aws(period, made.made, tag)
        with Path(said).open(encoding="utf-8-sig", newline="") as file:
            return read_costs(file, period, said)
    except OSError as error:
        fail(f"{said} can't be read: {error.strerror}")
    except UnicodeDecodeError:
        fail(f"{said} is no text in UTF-8")
    except InvalidValue as error:
        fail(error)


def _of_aws(period: Period, made: int, tag: str) -> Costs:
    from .aws_costs import aws_costs

    try:
        return aws_costs(period, tag, datetime.fromtimestamp(made, UTC).date())
    except ModuleNotFoundError as error:
        fail(f"--costs aws needs {error.name}: pip install 'fournines[costs]'")


def _with_durations(made: Report, url: str) -> Report:
    from ..collector.errors import EngineError
    from ..collector.promql.engine import Engine
    from ..slo import Interval
    from .durations import durations_in

    try:
        engine = Engine(url, timeout=PATIENCE)
        try:
            found = durations_in(engine, Interval(made.start, made.end), made.made)
        finally:
            engine.close()
    except EngineError as error:
        fail(f"the Prometheus at {url} can't be asked: {error}")
    note = f"response times and concurrent users are what {engine.address} has; users in all are those of the service that had most"
    return made.with_durations(found, note)


def _written(made: Report, output: ReportFormat, font: Path | None) -> bytes:
    from ..dashboards.report import render_report_html, render_report_markdown, render_report_pdf
    from ..slo.report import report_as_json

    match output:
        case ReportFormat.HTML:
            return render_report_html(made).encode()
        case ReportFormat.MARKDOWN:
            return render_report_markdown(made).encode()
        case ReportFormat.JSON:
            return f"{json.dumps(report_as_json(made), indent=2)}\n".encode()
        case ReportFormat.PDF:
            try:
                return render_report_pdf(made, font)
            except ModuleNotFoundError as error:
                fail(f"--format pdf needs {error.name}: pip install 'fournines[pdf]'")
            except OSError as error:
                fail(f"the font {font} can't be read: {error.strerror or error}")


def _put(document: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(document)
        return
    try:
        out.write_bytes(document)
    except OSError as error:
        fail(f"{out} can't be written: {error.strerror}")
