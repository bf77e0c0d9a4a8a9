"""Our own judge of dashboards: what a schema can't see. Every generated dashboard must leave it without a finding."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any, Final, NamedTuple

from .metrics import LABELS, SCRAPED
from .queries import metrics_of, substitute, unrated

ALLOWED_TYPES: Final = frozenset({"bargauge", "row", "state-timeline", "stat", "table", "text", "timeseries"})
"""Panels drawn by Grafana itself; Angular ones (graph, singlestat, table-old) are gone since version 12."""

GRID: Final = 24
LONGEST_TITLE: Final = 50
"""Characters that a phone shows of a title in two lines."""
MOST_COLUMNS: Final = 8
FIRST_SCREEN: Final = 9

_Labels = Mapping[str, frozenset[str]]
_FIXED_RATE: Final = re.compile(r"\brate\([^\[\]]*\[(?!\$__rate_interval)")
_QUOTED: Final = re.compile(r'"(?:\\.|[^"\\])*"')
_ON_TIME_CHANGE: Final = 2
_LABEL_VALUES: Final = re.compile(r"label_values\((.+), *\w+\)")
_BOARD_LINK: Final = re.compile(r"/d/([\w$-]+)")


class LintFinding(NamedTuple):
    """One thing that is wrong, and in which panel (empty: the dashboard)."""

    panel: str
    problem: str


def lint(dashboard: Mapping[str, Any], known: _Labels = LABELS) -> list[LintFinding]:
    """Everything wrong with a dashboard in the current schema; an empty list for a good one.

    `known` are the metrics that may be asked for, with their labels: whoever asks for others adds them to `LABELS`.
    """
    panels = list(dashboard["panels"])
    findings = [LintFinding("", problem) for problem in _of_dashboard(dashboard, known)]
    sources = {
        f"${{{each['name']}}}": each["query"]
        for each in dashboard["templating"]["list"]
        if each["type"] == "datasource"
    }
    findings += [
        LintFinding(panel.get("title", ""), problem) for panel in panels for problem in _of_panel(panel, sources, known)
    ]
    return findings + [
        LintFinding(first.get("title", ""), f"overlaps {second.get('title', '')!r}")
        for first, second in _overlaps(panels)
    ]


def lint_links(dashboards: Iterable[Mapping[str, Any]]) -> list[LintFinding]:
    """Links of a set of dashboards, each of which has to lead to one of them; and those of them that have one uid."""
    boards = list(dashboards)
    uids = [board["uid"] for board in boards]
    twice = [
        LintFinding("", f"two dashboards have the uid {uid!r}")
        for uid in sorted({u for u in uids if uids.count(u) > 1})
    ]
    return twice + [
        LintFinding(board["title"], f"nothing is at /d/{uid}")
        for board in boards
        for uid in _BOARD_LINK.findall(json.dumps(board))
        if "$" not in uid and uid not in uids
    ]


def _of_dashboard(dashboard: Mapping[str, Any], known: _Labels) -> Iterator[str]:
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) != len(ids):
        yield "two panels have one id"
    if not 0 < len(dashboard["uid"]) <= 40:
        yield "the uid has 1 to 40 characters"
    if not dashboard.get("description"):
        yield "it has no description"
    if dashboard.get("editable"):
        yield "it can be edited in Grafana, where the next build would undo it"
    if "datasource" not in {variable["name"] for variable in dashboard["templating"]["list"]}:
        yield "it has no variable `datasource`"
    first = next((panel["gridPos"] for panel in dashboard["panels"] if panel["type"] != "row"), None)
    if first is not None and first["y"] + first["h"] > FIRST_SCREEN:
        yield f"its first panel ends below line {FIRST_SCREEN}, where a screen may end"
    for variable in dashboard["templating"]["list"]:
        yield from _of_variable(variable, known)
    for each in dashboard["annotations"]["list"]:
        if each.get("expr"):
            yield from _of_query(each["expr"], known)


def _of_variable(variable: Mapping[str, Any], known: _Labels) -> Iterator[str]:
    if variable["type"] != "query":
        return
    if variable["refresh"] != _ON_TIME_CHANGE:
        yield f"the variable {variable['name']!r} is not read anew when the time changes"
    values = _LABEL_VALUES.fullmatch(variable["query"])
    if values is None:
        yield f"the variable {variable['name']!r} is no label_values(metric, label)"
    else:
        yield from _of_query(substitute(values[1]), known)


def _of_panel(panel: Mapping[str, Any], sources: Mapping[str, str], known: _Labels) -> Iterator[str]:
    place = panel["gridPos"]
    if panel["type"] not in ALLOWED_TYPES:
        yield f"panels of type {panel['type']!r} are not Grafana's own"
    if not panel.get("title"):
        yield "it has no title"
    if len(panel.get("title", "")) > LONGEST_TITLE:
        yield f"its title has more than {LONGEST_TITLE} characters, and a phone cuts it off"
    if place["x"] < 0 or place["x"] + place["w"] > GRID or place["w"] < 1 or place["h"] < 1:
        yield "it stands outside the grid"
    if panel["type"] == "row":
        return
    if not panel.get("description"):
        yield "it has no description"
    if panel["type"] != "text":
        yield from _of_data_panel(panel, sources, known)


def _of_data_panel(panel: Mapping[str, Any], sources: Mapping[str, str], known: _Labels) -> Iterator[str]:
    defaults, targets, source = panel["fieldConfig"]["defaults"], panel.get("targets", ()), panel["datasource"]
    if not defaults.get("unit"):
        yield "it has no unit"
    if not defaults.get("thresholds", {}).get("steps"):
        yield "it has no thresholds"
    if not targets:
        yield "it asks nothing"
    if sources.get(source.get("uid", "")) != source.get("type"):
        yield "it does not ask the data source of a variable"
    references = [target["refId"] for target in targets]
    if len(set(references)) != len(references):
        yield "two queries have one refId"
    yield from _of_looks(panel)
    for target in targets:
        if target["datasource"]["type"] == "prometheus":
            yield from _of_target(target, known)


def _of_looks(panel: Mapping[str, Any]) -> Iterator[str]:
    """What can't be read on a phone, or by who does not see colours."""
    if panel["options"].get("legend", {}).get("placement") == "right":
        yield "its legend stands on the right, where a phone has no room"
    if panel["type"] == "table" and len(panel["targets"]) > MOST_COLUMNS:
        yield f"it has more than {MOST_COLUMNS} columns, and a phone shows three"
    if panel["type"] == "state-timeline" and not panel["fieldConfig"]["defaults"].get("mappings"):
        yield "its states are colours without words"


def _of_target(target: Mapping[str, Any], known: _Labels) -> Iterator[str]:
    if target["range"] and _FIXED_RATE.search(_QUOTED.sub("", target["expr"])):
        yield "it rates over a fixed time: over $__rate_interval no scrape is passed over"
    yield from _of_query(substitute(target["expr"]), known)


def _of_query(expr: str, known: _Labels) -> Iterator[str]:
    try:
        found, counters = list(metrics_of(expr)), list(unrated(expr))
    except ValueError as error:
        yield f"{expr!r} is no PromQL: {error}"
        return
    yield from (f"{name!r} only ever grows: ask for its rate or its increase" for name in counters if "(" in expr)
    for name, labels in found:
        if name not in known:
            yield f"{name!r} is not a metric of the collector or of a service"
        elif not labels <= known[name] | SCRAPED:
            yield f"{name!r} has no label {', '.join(sorted(labels - known[name] - SCRAPED))}"


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
