"""Our own judge of dashboards: what a schema can't see. Every generated dashboard must leave it without a finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any, Final, NamedTuple

import promql_parser

from ...slo.metric_names import LABELS

ALLOWED_TYPES: Final = frozenset({"bargauge", "row", "state-timeline", "stat", "table", "text", "timeseries"})
"""Panels drawn by Grafana itself; Angular ones (graph, singlestat, table-old) are gone since version 12."""

GRID: Final = 24

_VARIABLES: Final = {"$__rate_interval": "1m", "$__interval": "15s", "$__range": "1h", "$service": ".*"}


class LintFinding(NamedTuple):
    """One thing that is wrong, and in which panel (empty: the dashboard)."""

    panel: str
    problem: str


def lint(dashboard: Mapping[str, Any]) -> list[LintFinding]:
    """Everything wrong with a dashboard in the current schema; an empty list for a good one."""
    panels = list(dashboard["panels"])
    findings = [LintFinding("", problem) for problem in _of_dashboard(dashboard)]
    findings += [LintFinding(panel.get("title", ""), problem) for panel in panels for problem in _of_panel(panel)]
    return findings + [
        LintFinding(first.get("title", ""), f"overlaps {second.get('title', '')!r}")
        for first, second in _overlaps(panels)
    ]


def queries(dashboard: Mapping[str, Any], variables: Mapping[str, str] = _VARIABLES) -> list[tuple[str, str]]:
    """Every (panel title, PromQL) of a dashboard, with Grafana's variables replaced: what a Prometheus can be asked."""
    return [
        (panel["title"], substitute(target["expr"], variables))
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
    ]


def substitute(expr: str, variables: Mapping[str, str] = _VARIABLES) -> str:
    """PromQL with Grafana's variables replaced by values."""
    for name, value in variables.items():
        expr = expr.replace(name, value)
    return expr


def metrics_of(expr: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Every metric a PromQL expression selects, with the labels it matches on. `ValueError` when it does not parse."""
    return _selectors(promql_parser.parse(expr))


def _selectors(node: Any) -> Iterator[tuple[str, frozenset[str]]]:
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name or "", frozenset(matcher.name for matcher in node.matchers.matchers)
    for attribute in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(node, attribute, None)
        if child is not None:
            yield from _selectors(child)
    for child in getattr(node, "args", ()) or ():
        yield from _selectors(child)


def _of_dashboard(dashboard: Mapping[str, Any]) -> Iterator[str]:
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) != len(ids):
        yield "two panels have one id"
    if not 0 < len(dashboard["uid"]) <= 40:
        yield "the uid has 1 to 40 characters"
    if not dashboard.get("description"):
        yield "it has no description"
    if "datasource" not in {variable["name"] for variable in dashboard["templating"]["list"]}:
        yield "it has no variable `datasource`"


def _of_panel(panel: Mapping[str, Any]) -> Iterator[str]:
    place = panel["gridPos"]
    if panel["type"] not in ALLOWED_TYPES:
        yield f"panels of type {panel['type']!r} are not Grafana's own"
    if not panel.get("title"):
        yield "it has no title"
    if place["x"] < 0 or place["x"] + place["w"] > GRID or place["w"] < 1 or place["h"] < 1:
        yield "it stands outside the grid"
    if panel["type"] == "row":
        return
    if not panel.get("description"):
        yield "it has no description"
    if panel["type"] != "text":
        yield from _of_data_panel(panel)


def _of_data_panel(panel: Mapping[str, Any]) -> Iterator[str]:
    if not panel["fieldConfig"]["defaults"].get("unit"):
        yield "it has no unit"
    if not panel.get("targets"):
        yield "it asks nothing"
    if panel["datasource"].get("uid") != "${datasource}":
        yield "it does not ask the data source of the variable"
    references = [target["refId"] for target in panel.get("targets", ())]
    if len(set(references)) != len(references):
        yield "two queries have one refId"
    for target in panel.get("targets", ()):
        yield from _of_query(substitute(target["expr"]))


def _of_query(expr: str) -> Iterator[str]:
    try:
        found = list(metrics_of(expr))
    except ValueError as error:
        yield f"{expr!r} is no PromQL: {error}"
        return
    for name, labels in found:
        if name not in LABELS:
            yield f"{name!r} is not a metric of the collector"
        elif not labels <= LABELS[name]:
            yield f"{name!r} has no label {', '.join(sorted(labels - LABELS[name]))}"


def _overlaps(panels: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return (
        (first, second) for first, second in combinations(panels, 2) if _overlap(first["gridPos"], second["gridPos"])
    )


def _overlap(first: Mapping[str, int], second: Mapping[str, int]) -> bool:
    return (
        first["x"] < second["x"] + second["w"]
        and second["x"] < first["x"] + first["w"]
        and first["y"] < second["y"] + second["h"]
        and second["y"] < first["y"] + first["h"]
    )
