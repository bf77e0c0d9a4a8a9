"""What every generated dashboard has: its variables, the deployments on its time axis, the links to its siblings."""

from __future__ import annotations

from typing import Any, Final

from grafanalib import core

from .catalog import OBJECTIVE
from .panels import DATASOURCE

TAG: Final = "fournines"
REFRESH: Final = "30s"
GRAFANA: Final = "-- Grafana --"


def datasource_variable() -> Any:
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


def deployments(service: str = "") -> dict[str, Any]:
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


def other_dashboards() -> Any:
    """A drop-down of all dashboards we generated."""
    return core.DashboardLink(
        title="SLOs", type="dashboards", tags=[TAG], asDropdown=True, keepTime=True, includeVars=False
    )
