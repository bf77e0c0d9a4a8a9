"""The dashboard of one SLO: now, why, and the whole window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from ...slo import HOUR, OWNER, RUNBOOK, SLO, Severity, allowance, figures, link
from ..limits import limits_of, quickest_window
from . import catalog, expressions
from .board import KEEPING, board
from .board import link as linked
from .panels import (
    BUDGET_THRESHOLDS,
    COUNT_THRESHOLDS,
    GREEN,
    ORANGE,
    RED,
    YELLOW,
    GridPos,
    PanelThresholds,
    Query,
    override,
    row,
    series,
    stat,
    text,
    timeline,
)
from .slug import service_uid, uid
from .surroundings import Surroundings
from .words import markdown

_COLOURS: Final = {Severity.TICKET: YELLOW, Severity.PAGE: RED}
_QUIET: Final = {"0": "quiet", "1": "FIRING"}
_SOON: Final = 6 * HOUR
_SPENT_THRESHOLDS: Final[PanelThresholds] = ((RED, 0.0), (ORANGE, 0.0))


def slo_board(slo: SLO, around: Surroundings) -> Any:
    """The dashboard of `slo`, as a grafanalib dashboard without panel ids."""
    return board(
        f"SLO: {slo.name}",
        uid(slo.name),
        slo.description or allowance(slo),
        [*_now(slo), *_why(slo), *_whole_window(slo)],
        tags=["slo"],
        service=slo.service,
        links=_links(slo, around),
    )


def _links(slo: SLO, around: Surroundings) -> Iterable[Any]:
    service, name = quote(slo.service, safe=""), quote(slo.name, safe="")
    yield linked("Service", f"/d/{service_uid(slo.service)}?{KEEPING}", f"Rate, errors and duration of {slo.service}")
    yield linked(
        "Incident",
        f"/d/fournines-incident?var-service={service}&var-slo={name}&{KEEPING}",
        "One time axis for all of it",
    )
    yield linked("On-call page", around.slo_page(slo.name))


def _now(slo: SLO) -> Iterable[Any]:
    of = expressions.of_slo(slo)
    window = slo.window.seconds
    yield row("Now", 0)
    yield stat(
        catalog.BUDGET_REMAINING, GridPos(0, 1, 6, 4), expressions.budget_remaining(of), BUDGET_THRESHOLDS, decimals=1
    )
    quickest = quickest_window(slo)
    burn = catalog.BURN_NOW._replace(title=f"{catalog.BURN_NOW.title}, {quickest}")
    yield stat(burn, GridPos(6, 1, 6, 4), expressions.fastest_burn(of, [quickest]), _burn_thresholds(slo), decimals=1)
    soon: PanelThresholds = ((RED, 0.0), (ORANGE, float(_SOON)), (YELLOW, float(window // 4)), (GREEN, float(window)))
    says = {str(window): f"not within {slo.window}", "0": "spent"}
    yield stat(catalog.EXHAUSTED_IN, GridPos(12, 1, 6, 4), expressions.exhausted_in(slo), soon, decimals=1, says=says)
    yield stat(
        catalog.FIRING, GridPos(18, 1, 6, 4), f"sum({expressions.alerts(of)})", COUNT_THRESHOLDS, says={"0": "none"}
    )


def _why(slo: SLO) -> Iterable[Any]:
    of = expressions.of_slo(slo)
    yield row("Why", 5)
    lines = [Query(expressions.burn(of, slo.windows), "{{window}}")]
    symlog = {"type": "symlog", "log": 10, "linearThreshold": 1}
    logarithmic = {"fieldConfig": {"defaults": {"custom": {"scaleDistribution": symlog}}}}
    yield series(
        catalog.BURN_WINDOWS, GridPos(0, 6, 24, 10), lines, thresholds=_burn_thresholds(slo), extra=logarithmic
    )
    failed = Query(expressions.event_rate(f'{of}, result="bad"'), "failed")
    every = Query(expressions.event_rate(of), "all events")
    axes = {
        "overrides": [
            override("failed", color={"mode": "fixed", "fixedColor": RED}, custom__fillOpacity=40),
            override("all events", custom__axisPlacement="right", color={"mode": "fixed", "fixedColor": "blue"}),
        ]
    }
    yield series(catalog.FAILURES_AND_TRAFFIC, GridPos(0, 16, 12, 9), [failed, every], extra={"fieldConfig": axes})
    share = Query(expressions.bad_per_million(slo), "failed")
    allowed = Query(expressions.allowed_per_million(slo), "allowed")
    dashed = {"overrides": [override("allowed", custom__lineStyle={"fill": "dash", "dash": [10, 10]})]}
    yield series(catalog.BAD_PER_MILLION, GridPos(12, 16, 12, 9), [share, allowed], extra={"fieldConfig": dashed})


def _whole_window(slo: SLO) -> Iterable[Any]:
    of, window = expressions.of_slo(slo), str(slo.window.rolling)  # `1Y` is nothing to Grafana
    yield row(f"The last {window}", 25)
    left = [Query(expressions.budget_remaining(of), "budget left")]
    since = {"timeFrom": window}
    yield series(catalog.BURN_DOWN, GridPos(0, 26, 16, 9), left, thresholds=_SPENT_THRESHOLDS, extra=since)
    yield text(catalog.WHAT_TO_DO, GridPos(16, 26, 8, 15), _words(slo))
    alerts = [Query(expressions.alerts(of), "{{severity}}")]
    history = timeline(catalog.ALERT_HISTORY, GridPos(0, 35, 16, 6), alerts, _QUIET, ((GREEN, 0.0), (RED, 1.0)))
    history.timeFrom = window
    yield history


def _burn_thresholds(slo: SLO) -> PanelThresholds:
    """Green below every limit; from each rule's limit on, the colour of its severity."""
    limits = limits_of(slo.rules, slo.window)
    return ((GREEN, 0.0), *((_COLOURS[limit.severity], float(limit.factor)) for limit in limits))


def _words(slo: SLO) -> str:
    address, keeper = link(slo, RUNBOOK), slo.annotations.get(OWNER)
    lines = [
        f"**{markdown(slo.display_name or slo.name)}**",
        markdown(slo.description),
        markdown(allowance(slo)),
        f"Kept by {markdown(keeper)}." if keeper else "",
        f"[Runbook](<{address}>)" if address else "No runbook yet: annotate the SLO with `fournines/runbook`.",
        *(_rule_words(slo)),
    ]
    return "\n\n".join(line for line in lines if line)


def _rule_words(slo: SLO) -> Iterable[str]:
    for rule in slo.rules:
        yield (
            f"- {rule.severity.value}: {rule.long} and {rule.short} burn above {figures.factor(rule.factor(slo.window))}x "
            f"({figures.percent(rule.budget_share)} of the budget in {rule.long})"
        )
