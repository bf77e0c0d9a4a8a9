"""Cases of SLOs, put together to promtool's tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from .promql import selector

_ALERTS: Final = "ALERTS"


class Expected(NamedTuple):
    """Whether an alert with these labels fires so many seconds from the beginning."""

    at: int
    labels: Mapping[str, str]
    fires: bool


class Case(NamedTuple):
    """One SLO's part of the test `name`: its series in steps of `step` seconds, in promtool's notation, and what is expected."""

    name: str
    step: int
    series: Mapping[str, str]
    expected: tuple[Expected, ...]


def merged(cases: Iterable[Case]) -> Iterator[dict[str, Any]]:
    """The tests of these cases: those of one name are one test, of all SLOs that have it."""
    by_name: dict[str, list[Case]] = {}
    for case in cases:
        by_name.setdefault(case.name, []).append(case)
    for name, parts in sorted(by_name.items()):
        yield {
            "name": name,
            "interval": f"{parts[0].step}s",
            "input_series": [
                {"series": series, "values": values} for part in parts for series, values in part.series.items()
            ],
            "promql_expr_test": [_written(each, name) for part in parts for each in part.expected],
        }


def _written(expected: Expected, name: str) -> dict[str, Any]:
    """The name is a comment too: older ones of promtool say which expression failed, and not of which test."""
    labels = {**expected.labels, "alertstate": "firing"}
    samples = [{"labels": "{}", "value": 1}] if expected.fires else []
    return {
        "expr": f"count({selector(_ALERTS, labels)}) # {name}",
        "eval_time": f"{expected.at}s",
        "exp_samples": samples,
    }


def values(increments: Iterable[tuple[int, float]]) -> str:
    """A counter from 0 that grows so many times by so much, and then by so much."""
    value, parts, first = 0.0, [], True
    for steps, each in increments:
        start, times = (value, steps) if first else (value + each, steps - 1)
        parts.append(f"{start:.9f}+{each:.9f}x{times}")
        value, first = value + steps * each, False
    return " ".join(parts)
