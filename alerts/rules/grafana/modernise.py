"""grafanalib writes alert rules as an interface of Grafana 9 took them; this brings them to the form that provisioning reads.

What grafanalib 0.7.1 writes is refused: title, condition and data lie under `grafana_alert`, where no file may have them. States are
renamed, expressions and queries keep only the keys that are theirs, and the data source of expressions is called by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

EXPRESSION: Final = "__expr__"
"""Grafana's own data source, which computes with what others answer."""

_STATES: Final = {"noDataState": "no_data_state", "execErrState": "exec_err_state"}
_KEPT: Final = ("uid", "for", "keepFiringFor", "dashboardUid", "panelId", "labels", "annotations")
_EXPRESSION_KEYS: Final = {"reduce": ("expression", "reducer", "type"), "math": ("expression", "type")}
_NO_DATA: Final = {"No Data": "NoData"}


def modernise(rule: Mapping[str, Any]) -> Json:
    """The same rule as a file has it. `rule` is grafanalib's JSON of an `AlertRulev9`."""
    inner = rule["grafana_alert"]
    states = {ours: _NO_DATA.get(inner[theirs], inner[theirs]) for ours, theirs in _STATES.items()}
    kept = {key: rule[key] for key in _KEPT if key in rule}
    data = [_expression(each) if _is_expression(each) else _query(each) for each in inner["data"]]
    return {"title": inner["title"], "condition": inner["condition"], "data": data, **states, **kept}


def _is_expression(entry: Mapping[str, Any]) -> bool:
    return entry["model"].get("type") in _EXPRESSION_KEYS


def _expression(entry: Mapping[str, Any]) -> Json:
    model = entry["model"]
    kept = {key: model[key] for key in _EXPRESSION_KEYS[model["type"]]}
    return _entry(entry, EXPRESSION, {"from": 0, "to": 0}, {**kept, "datasource": _named(EXPRESSION, EXPRESSION)})


def _query(entry: Mapping[str, Any]) -> Json:
    model, uid = entry["model"], entry["datasourceUid"]
    asked = {"expr": model["expr"], "instant": True, "range": False, "editorMode": "code"}
    return _entry(entry, uid, dict(entry["relativeTimeRange"]), {**asked, "datasource": _named("prometheus", uid)})


def _entry(entry: Mapping[str, Any], uid: str, times: Json, model: Json) -> Json:
    ref = entry["refId"]
    return {"refId": ref, "datasourceUid": uid, "relativeTimeRange": times, "model": {"refId": ref, **model}}


def _named(kind: str, uid: str) -> Json:
    return {"type": kind, "uid": uid}
