"""The dashboard of an incident: alerts, burn, failures, traffic, budget and deployments, one below the other on one time axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ...slo import SLO
from ..limits import quickest_window
from . import catalog, expressions, metrics
from .board import board, link, service_variable, slo_variable
from .panels import GREEN, PLAIN_THRESHOLDS, RED, GridPos, PanelThresholds, Query, bars, series, timeline
from .slo_table import LEVEL_THRESHOLDS, LEVELS
from .surroundings import Surroundings

INCIDENT_UID: Final = "fournines-incident"

_SHRINKING: Final[PanelThresholds] = ((GREEN, 0.0), (RED, 1.0))
_SPENT: Final[PanelThresholds] = ((RED, 0.0), (GREEN, 0.0))


def incident_board(slos: Sequence[SLO], around: Surroundings) -> Any:
    """What goes on in the services and SLOs that are chosen, of `slos`."""
    return board(
        "SLOs: incident",
        INCIDENT_UID,
        "What happened when, of the services and SLOs chosen: alerts, burn, failures, traffic, budget and deployments on one time axis.",
        list(_panels(slos)),
        variables=[service_variable(), slo_variable()],
        links=[link("On-call page", f"{around.pages}/"), link("Kept traces", f"{around.pages}/traces")],
    )


def _panels(slos: Sequence[SLO]) -> Iterable[Any]:
    of, name = expressions.OF_CHOSEN, "{{slo}}"
    levels = Query(expressions.alert_level(of), name)
    yield timeline(catalog.INCIDENT_ALERTS, GridPos(0, 0, 24, 7), [levels], LEVELS, LEVEL_THRESHOLDS)
    burn = Query(expressions.fastest_burn(of, [quickest_window(slo) for slo in slos]), name)
    symlog = {"type": "symlog", "log": 10, "linearThreshold": 1}
    logarithmic = {"fieldConfig": {"defaults": {"custom": {"scaleDistribution": symlog}}}}
    yield series(catalog.INCIDENT_BURN, GridPos(0, 7, 24, 8), [burn], thresholds=_SHRINKING, extra=logarithmic)
    failed = Query(expressions.event_rate(f'{of}, result="bad"'), name)
    yield series(catalog.INCIDENT_FAILURES, GridPos(0, 15, 24, 8), [failed], stacked=True)
    yield series(catalog.INCIDENT_TRAFFIC, GridPos(0, 23, 24, 8), [Query(expressions.event_rate(of), name)])
    left = Query(expressions.budget_remaining(of), name)
    yield series(catalog.INCIDENT_BUDGET, GridPos(0, 31, 24, 8), [left], thresholds=_SPENT)
    newest = f"1000 * max by (service, version) ({metrics.DEPLOYMENT_TIME}{{{expressions.OF_SERVICE}}})"
    yield bars(
        catalog.INCIDENT_DEPLOYMENTS, GridPos(0, 39, 24, 8), Query(newest, "{{service}} {{version}}"), PLAIN_THRESHOLDS
    )
