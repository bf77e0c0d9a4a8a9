"""The dashboard of one service: what it is asked, how it answers, what it runs out of, what changed, and what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote

from ...alerts.dependencies import Dependencies
from ...alerts.rules.promql import string
from ...alerts.rules.re2 import any_of
from ...slo import RUNBOOK, SLO, link
from ..limits import quickest_window
from . import aws_panels, catalog, expressions, metrics, service_expressions
from .aws_panels import Metric
from .board import KEEPING, board, variable
from .board import link as linked
from .panels import (
    GREEN,
    ORANGE,
    PLAIN_THRESHOLDS,
    RED,
    GridPos,
    PanelThresholds,
    Query,
    row,
    series,
    stat,
    text,
)
from .slo_table import columns_of_now, slo_table
from .slug import service_uid, uid
from .surroundings import Surroundings, TraceStore
from .words import markdown

_FAILING: Final[PanelThresholds] = ((GREEN, 0.0), (ORANGE, 0.001), (RED, 0.01))
_FULL: Final[PanelThresholds] = ((GREEN, 0.0), (ORANGE, 0.7), (RED, 0.9))
_MOST: Final = 10


def service_board(service: str, slos: Sequence[SLO], every: Sequence[SLO], around: Surroundings) -> Any:
    """The dashboard of `service`, which promises `slos`, of all that there are."""
    in_aws = [aws_panels.cloudwatch_variable()] if around.region else []
    in_xray = [aws_panels.xray_variable()] if around.traces is TraceStore.XRAY else []
    return board(
        f"Service: {service}",
        service_uid(service),
        f"Rate, errors and duration of {service} by route and status, its versions, what it runs out of and what it depends on.",
        [
            *_now(service, slos),
            *_requests(),
            *_saturation(),
            *_changes(service, slos, every, around),
            *_aws(service, around),
        ],
        tags=["service"],
        variables=[*_variables(service), *in_aws, *in_xray],
        service=service,
        links=_links(service, around),
    )


def _variables(service: str) -> Iterable[Any]:
    targets = service_expressions.is_target(service)
    routes = f"{metrics.DURATION_COUNT}{{{service_expressions.OF_SCRAPES}}}"
    yield variable("job", "Job", f"label_values({targets}, job)", hidden=True)
    yield variable("instance", "Instance", f"label_values({targets}, instance)")
    yield variable("route", "Route", f"label_values({routes}, {metrics.ROUTE})", chosen_from=".*")


def _links(service: str, around: Surroundings) -> Iterable[Any]:
    yield linked(
        "Incident",
        f"/d/fournines-incident?var-service={quote(service, safe='')}&{KEEPING}",
        "One time axis for all of it",
    )
    yield linked("On-call page", f"{around.pages}/?service={quote(service, safe='')}")
    yield linked("Kept traces", around.kept_traces(service), "Failed and slow requests that were kept")


def _now(service: str, slos: Sequence[SLO]) -> Iterable[Any]:
    now = service_expressions.NOW
    asked = service_expressions.requests(interval=now)
    slowest = service_expressions.quantile("0.99", interval=now)
    yield row("Now", 0)
    yield stat(catalog.REQUEST_RATE, GridPos(0, 1, 6, 4), asked, PLAIN_THRESHOLDS, decimals=1)
    share = service_expressions.failed_share(now)
    yield stat(catalog.FAILED_SHARE, GridPos(6, 1, 6, 4), share, _FAILING, decimals=2)
    yield stat(catalog.SLOWEST_NOW, GridPos(12, 1, 6, 4), slowest, PLAIN_THRESHOLDS, decimals=3)
    yield stat(catalog.IN_FLIGHT, GridPos(18, 1, 6, 4), service_expressions.in_flight(), PLAIN_THRESHOLDS)
    windows = [quickest_window(slo) for slo in slos]
    columns = columns_of_now(f"service={string(service)}", windows)
    yield slo_table(catalog.PROMISES, GridPos(0, 5, 24, 7), columns, slos, ("Alert", True), ("Budget left", False))


def _requests() -> Iterable[Any]:
    routes, name = service_expressions.requests(metrics.ROUTE), f"{{{{{metrics.ROUTE}}}}}"
    statuses = Query(service_expressions.requests(metrics.STATUS), f"{{{{{metrics.STATUS}}}}}")
    yield row("Rate, errors, duration", 12)
    yield series(catalog.BY_ROUTE, GridPos(0, 13, 12, 9), [Query(expressions.top(_MOST, routes), name)], stacked=True)
    yield series(catalog.BY_STATUS, GridPos(12, 13, 12, 9), [statuses], stacked=True)
    kinds = f"{metrics.ROUTE}, {metrics.STATUS}, {metrics.ERROR}"
    failing = Query(
        expressions.top(_MOST, service_expressions.failed(kinds)),
        f"{name} {{{{{metrics.STATUS}}}}} {{{{{metrics.ERROR}}}}}",
    )
    yield series(catalog.FAILED_BY_ROUTE, GridPos(0, 22, 12, 9), [failing])
    shares = {"half": "0.5", "95 %": "0.95", "99 %": "0.99"}
    lines = [
        Query(service_expressions.quantile(share), words, exemplars=words == "99 %") for words, share in shares.items()
    ]
    yield series(catalog.DURATIONS, GridPos(12, 22, 12, 9), lines)
    slow = Query(expressions.top(_MOST, service_expressions.quantile("0.99", metrics.ROUTE)), name)
    yield series(catalog.SLOWEST_ROUTES, GridPos(0, 31, 24, 9), [slow])


def _saturation() -> Iterable[Any]:
    name = "{{instance}}"
    yield row("Saturation", 40)
    yield series(catalog.CPU_USED, GridPos(0, 41, 8, 8), [Query(service_expressions.processors(), name)])
    yield series(catalog.MEMORY_USED, GridPos(8, 41, 8, 8), [Query(service_expressions.memory(), name)])
    files = Query(service_expressions.files_used(), name)
    yield series(catalog.FILES_USED, GridPos(16, 41, 8, 8), [files], thresholds=_FULL)


def _changes(service: str, slos: Sequence[SLO], every: Sequence[SLO], around: Surroundings) -> Iterable[Any]:
    version = f"{{{{{metrics.SERVICE_VERSION}}}}}"
    versions = Query(service_expressions.versions(service), version)
    blamed = Query(service_expressions.failed_share_by_version(service), version)
    needed = _needed(slos, every)
    yield row("What changed, and what it needs", 49)
    yield series(catalog.VERSIONS, GridPos(0, 50, 12, 8), [versions], stacked=True)
    yield series(catalog.FAILED_BY_VERSION, GridPos(12, 50, 12, 8), [blamed])
    if needed:
        of = f"slo=~{string(any_of({slo.name for slo in needed}))}"
        burning = Query(expressions.fastest_burn(of, [quickest_window(slo) for slo in needed]), "{{slo}}")
        yield series(catalog.DEPENDENCIES, GridPos(0, 58, 16, 8), [burning], thresholds=((GREEN, 0.0), (RED, 1.0)))
    place = GridPos(16, 58, 8, 8) if needed else GridPos(0, 58, 24, 8)
    yield text(catalog.WHERE_TO_LOOK, place, _words(service, slos, needed, around))


def _needed(slos: Sequence[SLO], every: Sequence[SLO]) -> list[SLO]:
    """The SLOs that those of a service depend on, that are not its own."""
    above, own = Dependencies(every), {slo.name for slo in slos}
    wanted = {name for slo in slos for name in above.above(slo.name)} - own
    return sorted((slo for slo in every if slo.name in wanted), key=lambda slo: slo.name)


def _words(service: str, slos: Sequence[SLO], needed: Sequence[SLO], around: Surroundings) -> str:
    runbooks = [(slo.name, address) for slo in slos if (address := link(slo, RUNBOOK))]
    lines = [
        f"[Kept traces](<{around.kept_traces(service)}>): failed and slow requests, with their logs.",
        *(f"[{markdown(slo.name)}](<{around.slo_page(slo.name)}>) on the on-call page." for slo in slos),
        *(f"[Runbook of {markdown(name)}](<{address}>)" for name, address in runbooks),
        *(f"Depends on [{markdown(slo.name)}](/d/{uid(slo.name)}) of {markdown(slo.service)}." for slo in needed),
        "" if needed else "No SLO says what it depends on: annotate with `fournines/depends-on`.",
    ]
    return "\n\n".join(line for line in lines if line)


def _aws(service: str, around: Surroundings) -> Iterable[Any]:
    if not around.region and around.traces is not TraceStore.XRAY:
        return
    yield row("In AWS", 66)
    if around.region:
        yield from _cloudwatch(service, around)
    if around.traces is TraceStore.XRAY:
        wanted = f"service({aws_panels.xray_text(service)}) {{ fault = true OR error = true }}"
        yield aws_panels.xray_table(catalog.XRAY_TRACES, GridPos(0, 75, 24, 9), wanted)


def _cloudwatch(service: str, around: Surroundings) -> Iterable[Any]:
    def metric(name: str, statistic: str, label: str) -> Metric:
        return Metric(name, statistic, label, {"service.name": service}, around.namespace, around.region)

    counts = [metric("http.server.requests", "Sum", "requests"), metric("http.server.errors", "Sum", "failures")]
    yield aws_panels.cloudwatch_series(catalog.CLOUDWATCH_REQUESTS, GridPos(0, 67, 12, 8), counts)
    duration = "http.server.request.duration"
    durations = [metric(duration, "p99", "99 %"), metric(duration, "Average", "mean")]
    yield aws_panels.cloudwatch_series(catalog.CLOUDWATCH_DURATION, GridPos(12, 67, 12, 8), durations)
