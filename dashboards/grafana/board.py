"""What every generated dashboard has: its variables, the deployments on its time axis, the links to its siblings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from grafanalib import core

from ...alerts.rules.promql import string
from ...slo.metric_names import OBJECTIVE
from . import metrics
from .panels import DATASOURCE

TAG: Final = "fournines"
REFRESH: Final = "30s"
GRAFANA: Final = "-- Grafana --"
KEEPING: Final = "${__url_time_range}&${datasource:queryparam}"
"""What an address of another dashboard ends with, so that it shows the same time from the same source."""


def board(
    title: str,
    uid: str,
    description: str,
    panels: Iterable[Any],
    *,
    tags: Iterable[str] = (),
    variables: Iterable[Any] = (),
    service: str = "",
    links: Iterable[Any] = (),
    since: str = "now-3h",
) -> Any:
    """A grafanalib dashboard of `panels`, which have no ids yet; with the deployments of `service`, or of all where none is given.

    `links` stand beside the drop-down of all dashboards; `since` is where its time begins until somebody chooses.
    """
    return core.Dashboard(
        title=title,
        uid=uid,
        description=description,
        tags=[TAG, *tags],
        editable=False,
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        refresh=REFRESH,
        time=core.Time(since, "now"),
        timezone="browser",
        templating=core.Templating(list=[source_variable("datasource", "Data source", "prometheus"), *variables]),
        annotations=core.Annotations(list=[_told(service), _counted(service)]),
        links=[_other_dashboards(), *links],
        panels=list(panels),
    )


def source_variable(name: str, label: str, kind: str) -> Any:
    """Which data source of a kind the dashboard asks."""
    return core.Template(name=name, label=label, type="datasource", query=kind, refresh=1)


def variable(name: str, label: str, query: str, *, chosen_from: str | None = None, hidden: bool = False) -> Any:
    """A choice of label values, several or all. `chosen_from`: what all means, where it is more than those that are known."""
    return core.Template(
        name=name,
        label=label,
        query=query,
        dataSource=DATASOURCE,
        includeAll=True,
        allValue=chosen_from,
        multi=True,
        default="$__all",
        refresh=2,
        hide=2 if hidden else 0,
        sort=1,
    )


def service_variable() -> Any:
    """Which services the dashboard shows: all of them, until somebody chooses."""
    return variable("service", "Service", f"label_values({OBJECTIVE}, service)", chosen_from=".*")


def slo_variable() -> Any:
    """Which SLOs of those services it shows: all of them, until somebody chooses."""
    return variable("slo", "SLO", f'label_values({OBJECTIVE}{{service=~"$service"}}, slo)', chosen_from=".*")


def link(title: str, url: str, tooltip: str = "") -> Any:
    """A link to another dashboard or page, in the dashboard's head."""
    return core.DashboardLink(title=title, type="link", uri=url, tooltip=tooltip or title, icon="external link")


def _told(service: str) -> dict[str, Any]:
    """Deployments that were told to Grafana: organisation annotations tagged `deploy`, and with the service where one is given."""
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


def _counted(service: str) -> dict[str, Any]:
    """Deployments that the collector knows: the newest of each service, at the time at which it began."""
    of = f"{{service={string(service)}}}" if service else ""
    return {
        "name": "Deployments the collector knows",
        "enable": True,
        "hide": False,
        "iconColor": "purple",
        "datasource": DATASOURCE,
        "expr": f"1000 * max by (service, version) ({metrics.DEPLOYMENT_TIME}{of})",
        "step": "60s",
        "titleFormat": "{{service}} {{version}}",
        "textFormat": "began to go out",
        "tagKeys": "service,version",
        "useValueForTime": True,
    }


def _other_dashboards() -> Any:
    """A drop-down of all dashboards we generated."""
    return core.DashboardLink(
        title="SLOs", type="dashboards", tags=[TAG], asDropdown=True, keepTime=True, includeVars=False
    )
