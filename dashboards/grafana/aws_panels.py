"""Panels that ask CloudWatch and X-Ray, where a service lives there: its embedded metrics, its traces, and what the account costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from grafanalib import core

from .board import source_variable
from .catalog import PanelText
from .panels import PLAIN_THRESHOLDS, GridPos, common

CLOUDWATCH: Final = "${cloudwatch}"
XRAY: Final = "${xray}"
BILLING_REGION: Final = "us-east-1"
"""Where AWS keeps what it estimates of costs, wherever things run."""


class Metric(NamedTuple):
    """One metric of CloudWatch, its statistic, and how its line is called."""

    name: str
    statistic: str
    label: str
    dimensions: dict[str, str]
    namespace: str
    region: str
    period: str = "60"


class _Target:
    """A query as the data source has it today."""

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said

    def to_json_data(self) -> dict[str, Any]:
        """It, for grafanalib's encoder."""
        return self._said


def cloudwatch_variable() -> Any:
    """Which CloudWatch is asked."""
    return source_variable("cloudwatch", "CloudWatch", "cloudwatch")


def xray_variable() -> Any:
    """Which X-Ray is asked."""
    return source_variable("xray", "X-Ray", "grafana-x-ray-datasource")


def cloudwatch_series(text: PanelText, place: GridPos, metrics: Sequence[Metric]) -> Any:
    """Metrics of CloudWatch over time."""
    return core.TimeSeries(
        **common(text, place, PLAIN_THRESHOLDS, source=CLOUDWATCH),
        targets=[_metric(index, metric) for index, metric in enumerate(metrics)],
        unit=text.unit,
        showPoints="auto",
        tooltipMode="multi",
        tooltipSort="desc",
    )


def xray_table(text: PanelText, place: GridPos, wanted: str) -> Any:
    """Traces that X-Ray's filter expression `wanted` finds."""
    said = {"refId": "A", "queryType": "getTraceSummaries", "query": wanted, "region": "default", "datasource": XRAY}
    return core.Table(
        **common(text, place, PLAIN_THRESHOLDS, source=XRAY),
        targets=[_Target(said)],
        unit=text.unit,
    )


def xray_text(text: str) -> str:
    """A string of X-Ray's filter expressions."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _metric(index: int, metric: Metric) -> _Target:
    ref = chr(ord("A") + index)
    return _Target(
        {
            "refId": ref,
            "id": f"m{index}",
            "queryMode": "Metrics",
            "metricQueryType": 0,
            "metricEditorMode": 0,
            "region": metric.region,
            "namespace": metric.namespace,
            "metricName": metric.name,
            "dimensions": metric.dimensions,
            "matchExact": True,
            "period": metric.period,
            "statistic": metric.statistic,
            "label": metric.label,
            "expression": "",
            "datasource": CLOUDWATCH,
        }
    )
