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
    GREEN,
    ORANGE,
    PLAIN_THRESHOLDS,
    RED,
    GridPos,
    PanelThresholds,
    Query,
    bars,
    override,
    row,
    series,
    stat,
    table,
    timeline,
    value_mappings,
)
from .slug import is_plain, uid

OVERVIEW_UID: Final = "fournines-overview"
OVERVIEW_FILE: Final = "fournines-overview.json"

_LEVELS: Final = {"2": "PAGE", "1": "TICKET", "0": "quiet"}
_LEVEL_THRESHOLDS: Final[PanelThresholds] = ((GREEN, 0.0), (ORANGE, 1.0), (RED, 2.0))
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
    columns = (
        ("Alert", expressions.alert_level(of)),
        ("Objective", expressions.objective(of)),
        ("Budget left", expressions.budget_remaining(of)),
        ("Burn", expressions.fastest_burn(of, windows)),
        ("Events", expressions.event_rate(of, _PER_5_MINUTES)),
    )
    extra = {
        "transformations": _joined([name for name, _ in columns]),
        "options": {
            "cellHeight": "sm",
            "sortBy": [{"displayName": "Alert", "desc": True}, {"displayName": "Budget left", "desc": False}],
        },
        "fieldConfig": {"overrides": [*_COLUMNS, *_name_column(slos)]},
    }
    return table(catalog.ALL_SLOS, GridPos(0, 5, 16, 12), [Query(expr) for _, expr in columns], extra)


def _joined(columns: Sequence[str]) -> list[dict[str, Any]]:
    """The queries' answers as one table: a row an SLO, a column a query, by its name."""
    names = {f"Value #{chr(ord('A') + index)}": name for index, name in enumerate(columns)}
    options = {
        "excludeByName": {"Time": True},
        "indexByName": {name: index for index, name in enumerate(("slo", "service", *names))},
        "renameByName": {"slo": "SLO", "service": "Service", **names},
    }
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": options}]


def _name_column(slos: Sequence[SLO]) -> list[dict[str, Any]]:
    """A link from each name; it is built from the name, so it is there only while every dashboard's uid can be."""
    if not all(is_plain(slo.name) for slo in slos):
        return []
    url = f"/d/{uid('')}${{__value.raw}}?${{__url_time_range}}&${{datasource:queryparam}}"
    return [override("SLO", links=[{"title": "Open this SLO", "url": url}])]


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
    yield timeline(catalog.PAGES_OVER_TIME, GridPos(0, 27, 24, 10), [levels], _LEVELS, _LEVEL_THRESHOLDS)


def _written(thresholds: PanelThresholds) -> dict[str, Any]:
    written = [
        {"color": colour, "value": None if index == 0 else value} for index, (colour, value) in enumerate(thresholds)
    ]
    return {"mode": "absolute", "steps": written}


_COLUMNS: Final = (
    override(
        "Alert",
        mappings=value_mappings(_LEVELS),
        thresholds=_written(_LEVEL_THRESHOLDS),
        custom__cellOptions={"type": "color-background"},
    ),
    override("Objective", unit="percentunit", decimals=3),
    override(
        "Budget left",
        unit="percentunit",
        decimals=1,
        thresholds=_written(BUDGET_THRESHOLDS),
        custom__cellOptions={"type": "color-text"},
    ),
    override("Burn", unit=catalog.FASTEST_BURN.unit, decimals=1),
    override("Events", unit="reqps", decimals=1),
)
