"""The dashboard over all SLOs: how many burn, which is worst, and where it happens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ...slo import SLO, TimeWindow
from ..limits import quickest_window
from . import catalog, expressions
from .board import board, service_variable
from .panels import (
    BUDGET_THRESHOLDS,
    COUNT_THRESHOLDS,
    PLAIN_THRESHOLDS,
    GridPos,
    Query,
    bars,
    row,
    series,
    stat,
    timeline,
)
from .slo_table import LEVEL_THRESHOLDS, LEVELS, SloColumn, columns_of_now, slo_table

OVERVIEW_UID: Final = "fournines-overview"
OVERVIEW_FILE: Final = "fournines-overview.json"

_WORST: Final = 10
_PER_5_MINUTES: Final = "5m"


def overview(slos: Sequence[SLO]) -> Any:
    """The overview of `slos`, as a grafanalib dashboard without panel ids."""
    windows = tuple(quickest_window(slo) for slo in slos)
    return board(
        "SLOs: overview",
        OVERVIEW_UID,
        "Every SLO, worst first: what fires, what budget is left, how fast it goes. Generated from the SLO files.",
        [*_now(), _all(slos, windows), *_over_time(windows)],
        variables=[service_variable()],
    )


def _now() -> Iterable[Any]:
    of = expressions.OF_SERVICE
    yield row("Now", 0)
    yield stat(catalog.SLOS_PAGING, GridPos(0, 1, 6, 4), expressions.paging(of), COUNT_THRESHOLDS)
    yield stat(catalog.SLOS_EXHAUSTED, GridPos(6, 1, 6, 4), expressions.exhausted(of), COUNT_THRESHOLDS)
    yield stat(catalog.SLOS_WATCHED, GridPos(12, 1, 6, 4), expressions.watched(of), PLAIN_THRESHOLDS)
    traffic = f"sum({expressions.event_rate(of, _PER_5_MINUTES)})"
    yield stat(catalog.TRAFFIC_ALL, GridPos(18, 1, 6, 4), traffic, PLAIN_THRESHOLDS, decimals=1)


def _all(slos: Sequence[SLO], windows: Iterable[TimeWindow]) -> Any:
    of = expressions.OF_SERVICE
    columns = (*columns_of_now(of, windows), SloColumn("Events", expressions.event_rate(of, _PER_5_MINUTES), "reqps"))
    return slo_table(catalog.ALL_SLOS, GridPos(0, 5, 16, 12), columns, slos, ("Alert", True), ("Budget left", False))


def _over_time(windows: Iterable[TimeWindow]) -> Iterable[Any]:
    of, name = expressions.OF_SERVICE, "{{slo}}"
    worst = Query(expressions.worst_by_service(of), "{{service}}")
    yield bars(catalog.WORST_BY_SERVICE, GridPos(16, 5, 8, 12), worst, BUDGET_THRESHOLDS, low=-1, high=1)
    yield row("Over time", 17)
    burning = Query(expressions.top(_WORST, expressions.fastest_burn(of, windows)), name)
    yield series(catalog.FASTEST_BURN, GridPos(0, 18, 12, 9), [burning])
    failing = Query(expressions.top(_WORST, expressions.event_rate(f'{of}, result="bad"')), name)
    yield series(catalog.FAILURES_BY_SLO, GridPos(12, 18, 12, 9), [failing])
    levels = Query(expressions.alert_level(of), name)
    yield timeline(catalog.PAGES_OVER_TIME, GridPos(0, 27, 24, 10), [levels], LEVELS, LEVEL_THRESHOLDS)
