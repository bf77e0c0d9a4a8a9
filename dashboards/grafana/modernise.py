"""grafanalib writes dashboards of schema version 12 (2016); this brings them to version 42, so that Grafana migrates nothing at load.

Each step repairs one family of what grafanalib 0.7.1 writes: strings for data sources, the word "null" for a threshold's null,
gauge options of Grafana 6, keys no panel has any more, a hundred points for thirty days. What is unset is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

Json = dict[str, Any]

SCHEMA_VERSION: Final = 42

_DASHBOARD_KEYS: Final = (
    "annotations", "description", "editable", "graphTooltip", "links", "panels", "refresh", "tags", "templating",
    "time", "timepicker", "timezone", "title", "uid",
)  # fmt: skip
_PANEL_KEYS: Final = (
    "collapsed", "datasource", "description", "fieldConfig", "gridPos", "id", "links", "options", "panels", "targets",
    "timeFrom", "title", "transformations", "transparent", "type",
)  # fmt: skip
_TARGET_KEYS: Final = ("datasource", "expr", "format", "legendFormat", "refId")
_VARIABLE_KEYS: Final = {
    "datasource": ("hide", "includeAll", "label", "multi", "name", "options", "query", "refresh", "regex", "type"),
    "query": (
        "allValue", "current", "datasource", "hide", "includeAll", "label", "multi", "name", "options", "query",
        "refresh", "regex", "sort", "type",
    ),
}  # fmt: skip
_AWS: Final = {"${cloudwatch}": "cloudwatch", "${xray}": "grafana-x-ray-datasource"}
_GRAFANA: Final = {"type": "grafana", "uid": "-- Grafana --"}
_ALL: Final = "$__all"


def modernise(dashboard: Mapping[str, Any]) -> Json:
    """The same dashboard in schema version 42. `dashboard` is grafanalib's JSON, with panels in `panels` (`ValueError` for rows)."""
    if dashboard.get("rows"):
        raise ValueError("panels belong into `panels`: a dashboard of rows is blank in the current schema")
    fresh = {key: dashboard[key] for key in _DASHBOARD_KEYS if dashboard.get(key) is not None}
    return fresh | {
        "annotations": {"list": [_annotation(entry) for entry in dashboard["annotations"]["list"]]},
        "fiscalYearStartMonth": 0,
        "panels": [_panel(panel) for panel in _numbered(dashboard["panels"])],
        "preload": False,
        "schemaVersion": SCHEMA_VERSION,
        "templating": {"list": [_variable(entry) for entry in dashboard["templating"]["list"]]},
        "timepicker": {},
        "weekStart": "",
    }


def datasource(value: str) -> Json:
    """A data source as a reference; grafanalib writes a string."""
    return dict(_GRAFANA) if value == _GRAFANA["uid"] else {"type": _AWS.get(value, "prometheus"), "uid": value}


def _numbered(panels: Iterable[Json]) -> Iterable[Json]:
    """Ids from 1, in the order of the panels: the same dashboard, the same ids."""
    return ({**panel, "id": number} for number, panel in enumerate(panels, start=1))


def _annotation(entry: Json) -> Json:
    return {**entry, "datasource": datasource(entry["datasource"])}


def _variable(entry: Json) -> Json:
    kept = {key: entry[key] for key in _VARIABLE_KEYS[entry["type"]] if entry.get(key) is not None}
    kept["regex"] = entry.get("regex") or ""
    if entry.get("dataSource") or entry.get("datasource"):
        kept["datasource"] = datasource(entry["datasource"])
    if entry["type"] == "query":
        kept["current"] = {"selected": True, "text": ["All"], "value": [_ALL]} if entry["includeAll"] else {}
    return kept


def _panel(panel: Json) -> Json:
    kept = {key: panel[key] for key in _PANEL_KEYS if panel.get(key) not in (None, "", [])}
    if panel["type"] == "row":
        return {key: kept[key] for key in ("gridPos", "id", "title", "type")} | {"collapsed": False, "panels": []}
    if panel["type"] == "text":
        kept["options"] = {
            "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False},
            **panel["options"],
        }
        kept.pop("fieldConfig", None)
        return kept
    kept["datasource"] = datasource(panel["datasource"])
    kept["fieldConfig"] = _field_config(panel)
    kept["options"] = _OPTIONS.get(panel["type"], _options)(panel)
    kept["targets"] = [_target(target) for target in panel["targets"]]
    return kept


def _target(target: Json) -> Json:
    if (
        target["datasource"] in _AWS
    ):  # authored as these are today: grafanalib's own classes know one of the two, and that of once
        return {**target, "datasource": datasource(target["datasource"])}
    kept = {key: target[key] for key in _TARGET_KEYS} | {"datasource": datasource(target["datasource"])}
    if target.get("exemplar"):
        kept["exemplar"] = True
    return kept | {"editorMode": "code", "instant": target["instant"], "range": not target["instant"]}


def _field_config(panel: Json) -> Json:
    config = panel["fieldConfig"]
    defaults = {key: value for key, value in config["defaults"].items() if value not in (None, [], "")}
    if panel["type"] == "bargauge":
        defaults |= _bar_gauge_defaults(panel["options"]["fieldOptions"])
    if "custom" in defaults:
        defaults["custom"] = _custom(panel["type"], defaults["custom"])
    defaults.setdefault("color", {"mode": "thresholds"})
    defaults["thresholds"] = {"mode": "absolute", "steps": [_step(step) for step in _steps(panel)]}
    return {"defaults": defaults, "overrides": config.get("overrides", [])}


def _steps(panel: Json) -> list[Json]:
    if panel["type"] == "bargauge":
        return list(panel["options"]["fieldOptions"]["thresholds"])
    return list(panel["fieldConfig"]["defaults"]["thresholds"]["steps"])


def _step(step: Json) -> Json:
    """Null for minus infinity, where grafanalib writes the string "null", and nothing of the old graph's lines."""
    return {"color": step["color"], "value": None if step["value"] == "null" else step["value"]}


def _custom(kind: str, custom: Json) -> Json:
    kept = {key: value for key, value in custom.items() if value not in (None, {})}
    if kind == "table":
        kept["cellOptions"] = {"type": kept.pop("displayMode", "auto")}
        kept["inspect"] = False
    scale = kept.get("scaleDistribution")
    if scale is not None and scale["type"] == "linear":
        kept["scaleDistribution"] = {"type": "linear"}
    return kept


def _bar_gauge_defaults(old: Json) -> Json:
    """What Grafana 6 kept among the options belongs to the fields now."""
    defaults = old["defaults"]
    return {key: defaults[key] for key in ("decimals", "max", "min", "unit") if defaults.get(key) is not None}


def _options(panel: Json) -> Json:
    options = dict(panel["options"])
    if "legend" in options:
        options["legend"] = {"showLegend": True, "calcs": [], **options["legend"]}
    if "tooltip" in options:
        options["tooltip"] = {"sort": "none", **options["tooltip"]}
    return options


def _bar_gauge_options(panel: Json) -> Json:
    old = panel["options"]
    calcs = old["fieldOptions"]["calcs"]
    return {
        "displayMode": old["displayMode"],
        "orientation": old["orientation"],
        "reduceOptions": {"calcs": calcs, "fields": "", "values": False},
        "showUnfilled": True,
        "valueMode": "color",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "sizing": "auto",
    }


def _stat_options(panel: Json) -> Json:
    return {
        **panel["options"],
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
        "wideLayout": True,
    }


def _table_options(panel: Json) -> Json:
    return {"frameIndex": 0, **panel["options"]}


_OPTIONS: Final = {"bargauge": _bar_gauge_options, "stat": _stat_options, "table": _table_options}
