"""The report of error budgets: which promises were kept in a time, and what was spent on what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ...slo import SLO
from . import catalog, expressions, metrics
from .board import board, service_variable, slo_variable
from .panels import (
    COUNT_THRESHOLDS,
    GREEN,
    PLAIN_THRESHOLDS,
    RED,
    GridPos,
    PanelThresholds,
    Query,
    bars,
    row,
    series,
    stat,
)
from .slo_table import SloColumn, budget_column, slo_table

BUDGETS_UID: Final = "fournines-budgets"

_SPENT: Final[PanelThresholds] = ((RED, 0.0), (GREEN, 0.0))
_MOST: Final = 10
_FAILED: Final = f'{expressions.OF_CHOSEN}, result="bad"'


def budget_board(slos: Sequence[SLO]) -> Any:
    """The budgets of `slos` over the dashboard's time: 30 days, until somebody chooses."""
    return board(
        "SLOs: error budgets",
        BUDGETS_UID,
        "Which promises were kept, what is left of each budget, and on which days it was spent.",
        [*_sums(), _table(slos), *_over_time()],
        variables=[service_variable(), slo_variable()],
        since="now-30d",
    )


def _sums() -> Iterable[Any]:
    of = expressions.OF_CHOSEN
    yield row("In all", 0)
    yield stat(catalog.KEPT_PROMISES, GridPos(0, 1, 6, 4), expressions.kept(of), PLAIN_THRESHOLDS)
    yield stat(catalog.BROKEN_PROMISES, GridPos(6, 1, 6, 4), expressions.exhausted(of), COUNT_THRESHOLDS)
    yield stat(catalog.EVENTS_COUNTED, GridPos(12, 1, 6, 4), f"sum({expressions.counted(of)})", PLAIN_THRESHOLDS)
    failed = f"sum({expressions.counted(_FAILED)})"
    yield stat(catalog.EVENTS_FAILED, GridPos(18, 1, 6, 4), failed, PLAIN_THRESHOLDS)


def _table(slos: Sequence[SLO]) -> Any:
    of = expressions.OF_CHOSEN
    columns = (
        SloColumn("Objective", expressions.objective(of), "percentunit", 3),
        SloColumn("Result", expressions.result(of), "percentunit", 4),
        budget_column(of),
        SloColumn("Events", expressions.counted(of), decimals=0),
        SloColumn("Failed", expressions.counted(_FAILED), decimals=0),
    )
    return slo_table(catalog.BUDGET_TABLE, GridPos(0, 5, 24, 11), columns, slos, ("Budget left", False))


def _over_time() -> Iterable[Any]:
    of, name = expressions.OF_CHOSEN, "{{slo}}"
    yield row("Over time", 16)
    left = Query(expressions.budget_remaining(of), name)
    yield series(catalog.BUDGETS_OVER_TIME, GridPos(0, 17, 24, 10), [left], thresholds=_SPENT)
    failed = expressions.counted(_FAILED, "1d")
    yield series(catalog.FAILED_BY_DAY, GridPos(0, 27, 16, 9), [Query(expressions.top(_MOST, failed), name)])
    releases = f"sum by (service) ({metrics.RELEASES}{{{expressions.OF_SERVICE}}})"
    yield bars(catalog.RELEASES_BY_SERVICE, GridPos(16, 27, 8, 9), Query(releases, "{{service}}"), PLAIN_THRESHOLDS)
