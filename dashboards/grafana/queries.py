"""What dashboards ask a Prometheus: their queries with Grafana's variables replaced, and the metrics in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import promql_parser

VARIABLES: Final = {
    "$__rate_interval": "1m",
    "$__interval": "15s",
    "$__range": "1h",
    "$service": ".*",
    "$slo": ".*",
    "$job": ".*",
    "$instance": ".*",
    "$route": ".*",
}
"""What Grafana would put in, as tests do: everything is chosen."""

_OVER_TIME: Final = frozenset({"rate", "irate", "increase", "resets", "changes"})


def queries(dashboard: Mapping[str, Any], variables: Mapping[str, str] = VARIABLES) -> list[tuple[str, str]]:
    """Every (panel title, PromQL) of a dashboard, with Grafana's variables replaced: what a Prometheus can be asked."""
    return [
        (panel["title"], substitute(target["expr"], variables))
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
        if target["datasource"]["type"] == "prometheus"
    ]


def substitute(expr: str, variables: Mapping[str, str] = VARIABLES) -> str:
    """PromQL with Grafana's variables replaced by values."""
    for name, value in variables.items():
        expr = expr.replace(name, value)
    return expr


def metrics_of(expr: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Every metric a PromQL expression selects, with the labels it matches on. `ValueError` when it does not parse."""
    return ((name, labels) for name, labels, _ in _selectors(promql_parser.parse(expr), ""))


def unrated(expr: str) -> Iterator[str]:
    """The counters of an expression that are looked at as they are, and not how fast they grow. `ValueError` when it does not parse."""
    return (
        name
        for name, _, function in _selectors(promql_parser.parse(expr), "")
        if name.endswith(("_total", "_bucket", "_count", "_sum")) and function not in _OVER_TIME
    )


def _selectors(node: Any, function: str) -> Iterator[tuple[str, frozenset[str], str]]:
    """Each selector, with the function that is called on it at once."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name or "", frozenset(matcher.name for matcher in node.matchers.matchers), function
    inside = function if isinstance(node, promql_parser.MatrixSelector) else ""
    for attribute in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(node, attribute, None)
        if child is not None:
            yield from _selectors(child, inside)
    for child in getattr(node, "args", ()) or ():
        yield from _selectors(child, node.func.name)
