"""Tables with one row an SLO and one column a query, with words beside colours and a link from each name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from ...slo import SLO, TimeWindow
from . import catalog, expressions
from .board import KEEPING
from .catalog import PanelText
from .panels import (
    BUDGET_THRESHOLDS,
    GREEN,
    ORANGE,
    RED,
    GridPos,
    PanelThresholds,
    Query,
    override,
    steps,
    table,
    value_mappings,
)
from .slug import is_plain, uid

LEVELS: Final = {"2": "PAGE", "1": "TICKET", "0": "quiet"}
LEVEL_THRESHOLDS: Final[PanelThresholds] = ((GREEN, 0.0), (ORANGE, 1.0), (RED, 2.0))

_BURN: Final = catalog.FASTEST_BURN.unit


class SloColumn(NamedTuple):
    """A column's heading, its query, and how its values are shown: `more` are further properties of the field."""

    name: str
    expr: str
    unit: str = "none"
    decimals: int = 1
    more: dict[str, Any] = {}  # noqa: RUF012 - never changed


def alert_column(matchers: str) -> SloColumn:
    """PAGE, TICKET or quiet."""
    more = {
        "mappings": value_mappings(LEVELS),
        "thresholds": steps(LEVEL_THRESHOLDS),
        "custom__cellOptions": {"type": "color-background"},
    }
    return SloColumn("Alert", expressions.alert_level(matchers), decimals=0, more=more)


def budget_column(matchers: str) -> SloColumn:
    """The share of the error budget left."""
    more = {"thresholds": steps(BUDGET_THRESHOLDS), "custom__cellOptions": {"type": "color-text"}}
    return SloColumn("Budget left", expressions.budget_remaining(matchers), "percentunit", more=more)


def columns_of_now(matchers: str, windows: Iterable[TimeWindow]) -> tuple[SloColumn, ...]:
    """What fires, what was promised, what is left, and how fast it goes."""
    return (
        alert_column(matchers),
        SloColumn("Objective", expressions.objective(matchers), "percentunit", 3),
        budget_column(matchers),
        SloColumn("Burn", expressions.fastest_burn(matchers, windows), _BURN),
    )


def slo_table(
    text: PanelText, place: GridPos, columns: Sequence[SloColumn], slos: Sequence[SLO], *order: tuple[str, bool]
) -> Any:
    """The table, ordered by `order`: names of columns, and whether the greatest comes first."""
    extra = {
        "transformations": _joined([column.name for column in columns]),
        "options": {
            "cellHeight": "sm",
            "sortBy": [{"displayName": name, "desc": descending} for name, descending in order],
        },
        "fieldConfig": {"overrides": [*map(_override, columns), *_name_column(slos)]},
    }
    return table(text, place, [Query(column.expr) for column in columns], extra)


def _override(column: SloColumn) -> dict[str, Any]:
    return override(column.name, unit=column.unit, decimals=column.decimals, **column.more)


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
    url = f"/d/{uid('')}${{__value.raw}}?{KEEPING}"
    return [override("SLO", links=[{"title": "Open this SLO", "url": url}])]
