"""Every fault of what grafanalib 0.7.1 writes is repaired, one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from grafanalib import core
from grafanalib._gen import DashboardEncoder

from fournines.dashboards.grafana.modernise import modernise

PLACE = core.GridPos(4, 6, 0, 0)


def raw(*panels: Any, **more: Any) -> dict[str, Any]:
    """A dashboard as grafanalib writes it."""
    more = {"templating": core.Templating(), "annotations": core.Annotations(), **more}
    return json.loads(DashboardEncoder().encode(core.Dashboard(title="t", uid="u", panels=list(panels), **more)))


def panel(made: Any) -> dict[str, Any]:
    """One panel, modernised."""
    return modernise(raw(made))["panels"][0]


def query() -> Any:
    """A target as an author writes it."""
    return core.Target(expr="up", refId="A", legendFormat="x", datasource="${datasource}")


def stat(**more: Any) -> Any:
    """A stat panel as an author writes it."""
    return core.Stat(title="s", dataSource="${datasource}", gridPos=PLACE, targets=[query()], **more)


def test_keys_of_old_schemas_are_gone() -> None:
    """What has no place in the current schema is not written, and the version says which schema it is."""
    fresh = modernise(raw(stat()))

    assert not {"__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style", "id", "version"} & set(fresh)
    assert fresh["schemaVersion"] == 42
    gone = {
        "cacheTimeout",
        "editable",
        "error",
        "height",
        "hideTimeOverride",
        "interval",
        "maxDataPoints",
        "minSpan",
        "span",
    }
    assert not gone & set(fresh["panels"][0])


def test_rows_of_the_old_kind_are_refused() -> None:
    """They would load as a blank dashboard."""
    with pytest.raises(ValueError, match="blank"):
        modernise({**raw(), "rows": [{}]})


def test_data_sources_are_references() -> None:
    """Of panels, targets, variables and annotations."""
    variable = core.Template(name="service", query="label_values(up, job)", dataSource="${datasource}", includeAll=True)
    note = {"name": "n", "datasource": "-- Grafana --", "iconColor": "blue", "enable": True}
    dashboard = raw(stat(), templating=core.Templating(list=[variable]), annotations=core.Annotations(list=[note]))
    fresh = modernise(dashboard)
    prometheus = {"type": "prometheus", "uid": "${datasource}"}

    assert fresh["panels"][0]["datasource"] == prometheus
    assert fresh["panels"][0]["targets"][0]["datasource"] == prometheus
    assert fresh["templating"]["list"][0]["datasource"] == prometheus
    assert fresh["annotations"]["list"][0]["datasource"] == {"type": "grafana", "uid": "-- Grafana --"}


def test_the_first_threshold_is_null_and_the_others_are_numbers() -> None:
    """Not the word null, and no line of the old graph."""
    steps = panel(stat(thresholds=[core.Threshold("red", 0, 0.0), core.Threshold("green", 1, 0.5)]))["fieldConfig"]

    assert steps["defaults"]["thresholds"]["steps"] == [
        {"color": "red", "value": None},
        {"color": "green", "value": 0.5},
    ]


def test_targets_ask_for_every_point() -> None:
    """No interval factor and no step thins them; instant and range exclude each other."""
    target = panel(stat())["targets"][0]

    assert not {"step", "intervalFactor", "metric", "target", "query", "interval"} & set(target)
    assert target["instant"] != target["range"]


def test_bar_gauges_get_their_options_of_today() -> None:
    """Grafana 6 kept unit, limits and thresholds among the options."""
    made = core.BarGauge(
        title="b", dataSource="${datasource}", gridPos=PLACE, targets=[query()], format="percentunit", calc="lastNotNull",
        min=-1, max=1, decimals=1, thresholds=[core.Threshold("red", 0, 0.0)],
    )  # fmt: skip
    fresh = panel(made)

    assert "fieldOptions" not in fresh["options"]
    assert fresh["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]
    defaults = fresh["fieldConfig"]["defaults"]
    assert (defaults["unit"], defaults["min"], defaults["max"], defaults["decimals"]) == ("percentunit", -1, 1, 1)
    assert defaults["thresholds"]["steps"] == [{"color": "red", "value": None}]


def test_tables_get_their_cell_options_of_today() -> None:
    """`displayMode` became `cellOptions`; what never belonged to a table's root is dropped."""
    fresh = panel(core.Table(title="t", dataSource="${datasource}", gridPos=PLACE, targets=[query()], unit="none"))

    assert fresh["fieldConfig"]["defaults"]["custom"]["cellOptions"] == {"type": "auto"}
    assert not {"color", "columns", "fontSize", "mappings"} & set(fresh)


def test_ids_follow_the_order_of_the_panels() -> None:
    """The same dashboard, the same ids."""
    assert [each["id"] for each in modernise(raw(stat(), stat(), stat()))["panels"]] == [1, 2, 3]


def test_nothing_unset_is_written() -> None:
    """No null but the first threshold's."""

    def nulls(value: Any, path: str = "") -> list[str]:
        if isinstance(value, dict):
            return [found for key, each in value.items() for found in nulls(each, f"{path}/{key}")]
        if isinstance(value, list):
            return [found for index, each in enumerate(value) for found in nulls(each, f"{path}/{index}")]
        return [path] if value is None else []

    fresh = modernise(raw(stat(thresholds=[core.Threshold("red", 0, 0.0)])))

    assert nulls(fresh) == ["/panels/0/fieldConfig/defaults/thresholds/steps/0/value"]
