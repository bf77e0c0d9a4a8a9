"""The kinds of panel we draw, authored with grafanalib: each with a unit, a description, exact thresholds and no averaged number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from grafanalib import core

from .catalog import PanelText

DATASOURCE: Final = "${datasource}"
NO_VALUE: Final = "no data"

RED: Final = "red"
ORANGE: Final = "orange"
YELLOW: Final = "yellow"
GREEN: Final = "green"
PLAIN: Final = "text"

PanelThresholds = Sequence[tuple[str, float]]
"""Colours and the value from which each holds; the first holds from minus infinity."""

BUDGET_THRESHOLDS: Final[PanelThresholds] = ((RED, 0.0), (ORANGE, 1e-9), (YELLOW, 0.25), (GREEN, 0.5))
COUNT_THRESHOLDS: Final[PanelThresholds] = ((GREEN, 0.0), (RED, 1.0))
PLAIN_THRESHOLDS: Final[PanelThresholds] = ((PLAIN, 0.0),)


class GridPos(NamedTuple):
    """Position and size in Grafana's grid, 24 columns wide."""

    x: int
    y: int
    w: int
    h: int


class Query(NamedTuple):
    """One expression and the legend of its series; with `exemplars` single requests are shown beside, each leading to its trace."""

    expr: str
    legend: str = ""
    exemplars: bool = False


class _Target(core.Target):  # type: ignore[misc]  # grafanalib has no types
    """A query as grafanalib has it, and whether exemplars are asked for, which it does not know."""

    def __init__(self, *, exemplars: bool, **more: Any) -> None:
        super().__init__(**more)
        self._exemplars = exemplars

    def to_json_data(self) -> dict[str, Any]:
        """What the class writes, and beside it what it does not."""
        return {**super().to_json_data(), **({"exemplar": True} if self._exemplars else {})}


def stat(
    text: PanelText,
    place: GridPos,
    expr: str,
    thresholds: PanelThresholds,
    *,
    decimals: int = 0,
    says: Mapping[str, str] | None = None,
) -> Any:
    """One number, now: an instant query, never an average over the range. `says` maps values to words."""
    return core.Stat(
        **common(text, place, thresholds),
        targets=[_target(0, Query(expr), instant=True)],
        format=text.unit,
        decimals=decimals,
        reduceCalc="lastNotNull",
        graphMode="none",
        noValue=NO_VALUE,
        mappings=value_mappings(says or {}),
        color={"mode": "thresholds"},
    )


def series(
    text: PanelText,
    place: GridPos,
    queries: Sequence[Query],
    *,
    thresholds: PanelThresholds = PLAIN_THRESHOLDS,
    stacked: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> Any:
    """Lines over time. With more than one step the limits are drawn as dashed lines; `stacked`, areas that add up to the whole."""
    return core.TimeSeries(
        **common(text, place, thresholds, extra),
        targets=[_target(index, query) for index, query in enumerate(queries)],
        unit=text.unit,
        thresholdsStyleMode="dashed" if len(thresholds) > 1 else "off",
        showPoints="never",
        lineInterpolation="stepAfter",
        tooltipMode="multi",
        tooltipSort="desc",
        **({"stacking": {"group": "A", "mode": "normal"}, "fillOpacity": 40} if stacked else {}),
    )


def timeline(
    text: PanelText, place: GridPos, queries: Sequence[Query], says: Mapping[str, str], thresholds: PanelThresholds
) -> Any:
    """States over time, as words and colours."""
    return core.StateTimeline(
        **common(text, place, thresholds, {"fieldConfig": {"defaults": {"unit": text.unit}}}),
        targets=[_target(index, query) for index, query in enumerate(queries)],
        mappings=value_mappings(says),
    )


def bars(
    text: PanelText,
    place: GridPos,
    query: Query,
    thresholds: PanelThresholds,
    *,
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """One bar a series, now; from `low` to `high`, or as far as the values go."""
    return core.BarGauge(
        **common(text, place, thresholds),
        targets=[_target(0, query, instant=True)],
        calc="lastNotNull",
        displayMode="gradient",
        format=text.unit,
        decimals=1,
        min=low,
        max=high,
    )


def table(text: PanelText, place: GridPos, columns: Sequence[Query], extra: Mapping[str, Any]) -> Any:
    """One row an SLO, each query a column."""
    return core.Table(
        **common(text, place, PLAIN_THRESHOLDS, extra),
        targets=[_target(index, query, instant=True, format="table") for index, query in enumerate(columns)],
        unit=text.unit,
    )


def text(words: PanelText, place: GridPos, markdown: str) -> Any:
    """Words, in Markdown."""
    return core.Text(
        title=words.title,
        description=words.description,
        gridPos=core.GridPos(place.h, place.w, place.x, place.y),
        content=markdown,
    )


def row(title: str, y: int) -> Any:
    """A heading over the panels below it."""
    return core.RowPanel(title=title, gridPos=core.GridPos(1, 24, 0, y))


def value_mappings(says: Mapping[str, str]) -> list[dict[str, Any]]:
    """Grafana's value mappings: a number is shown as a word, so that no colour speaks alone."""
    if not says:
        return []
    options = {value: {"text": word, "index": index} for index, (value, word) in enumerate(says.items())}
    return [{"type": "value", "options": options}]


def override(field: str, **properties: Any) -> dict[str, Any]:
    """A field override by the field's name; double underscores stand for dots (`custom__axisPlacement`)."""
    return {
        "matcher": {"id": "byName", "options": field},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def common(
    text: PanelText,
    place: GridPos,
    thresholds: PanelThresholds,
    extra: Mapping[str, Any] | None = None,
    source: str = DATASOURCE,
) -> dict[str, Any]:
    """What panels of all kinds are told, by the names of grafanalib's arguments."""
    return {
        "title": text.title,
        "description": text.description,
        "dataSource": source,
        "gridPos": core.GridPos(place.h, place.w, place.x, place.y),
        "thresholds": _thresholds(thresholds),
        "extraJson": dict(extra or {}),
    }


def steps(thresholds: PanelThresholds) -> dict[str, Any]:
    """Thresholds as a field override has them."""
    written = [
        {"color": colour, "value": None if index == 0 else value} for index, (colour, value) in enumerate(thresholds)
    ]
    return {"mode": "absolute", "steps": written}


def _thresholds(thresholds: PanelThresholds) -> list[Any]:
    return [core.Threshold(colour, index, float(value)) for index, (colour, value) in enumerate(thresholds)]


def _target(index: int, query: Query, *, instant: bool = False, format: str = "time_series") -> Any:  # noqa: A002 - Grafana's word
    return _Target(
        exemplars=query.exemplars,
        expr=query.expr,
        legendFormat=query.legend,
        refId=chr(ord("A") + index),
        instant=instant,
        format=format,
        datasource=DATASOURCE,
    )
