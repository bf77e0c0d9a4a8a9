"""What every generated dashboard has: its variables, the deployments on its time axis, the links to its siblings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from grafanalib import core

from ...slo.metric_names import OBJECTIVE
from .panels import DATASOURCE

TAG: Final = "fournines"
REFRESH: Final = "30s"
GRAFANA: Final = "-- Grafana --"


def board(
    title: str,
    uid: str,
    description: str,
    panels: Iterable[Any],
    *,
    tags: Iterable[str] = (),
    variables: Iterable[Any] = (),
    service: str = "",
) -> Any:
    """A grafanalib dashboard of `panels`, which have no ids yet; with the deployments of `service`, or of all where none is given."""
    return core.Dashboard(
        title=title,
        uid=uid,
        description=description,
        tags=[TAG, *tags],
        editable=False,
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        refresh=REFRESH,
        time=core.Time("now-3h", "now"),
        timezone="browser",
        templating=core.Templating(list=[_datasource_variable(), *variables]),
        annotations=core.Annotations(list=[_deployments(service)]),
        links=[_other_dashboards()],
        panels=list(panels),
    )


def _datasource_variable() -> Any:
    """Which Prometheus-compatible data source the dashboard asks."""
    return core.Template(name="datasource", label="Data source", type="datasource", query="prometheus", refresh=1)


def service_variable() -> Any:
    """Which services the dashboard shows: all of them, until somebody chooses."""
    return core.Template(
        name="service",
        label="Service",
        query=f"label_values({OBJECTIVE}, service)",
        dataSource=DATASOURCE,
        includeAll=True,
        allValue=".*",
        multi=True,
        default="$__all",
        refresh=2,
    )


def _deployments(service: str) -> dict[str, Any]:
    """Deployments on the time axis: organisation annotations tagged `deploy`, and with the service where one is given."""
    return {
        "name": "Deployments",
        "enable": True,
        "hide": False,
        "iconColor": "blue",
        "datasource": GRAFANA,
        "target": {
            "type": "tags",
            "tags": [tag for tag in ("deploy", service) if tag],
            "matchAny": False,
            "limit": 100,
        },
    }


def _other_dashboards() -> Any:
    """A drop-down of all dashboards we generated."""
    return core.DashboardLink(
        title="SLOs", type="dashboards", tags=[TAG], asDropdown=True, keepTime=True, includeVars=False
    )
