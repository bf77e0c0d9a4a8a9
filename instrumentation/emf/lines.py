"""Counts as CloudWatch's embedded metric format: one line of JSON for each attribute set and flush, from what was counted anyway.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html. Its limits are kept:
100 metrics to a directive, 30 dimensions to a set, 100 values to a metric, 1 MB to an event.

CloudWatch delivers such metrics at least once: some may be counted twice. They are for its graphs, and no source for an error budget.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from .. import names
from ..counts.point import Point

MOST_METRICS: Final = 100
MOST_DIMENSIONS: Final = 30
MOST_VALUES: Final = 100
LARGEST_EVENT: Final = 1_000_000
LONGEST_NAME: Final = 255
LONGEST_VALUE: Final = 1_024

_SERVER_ERROR: Final = 500
_NO_EVENTS: Final = frozenset({429, 499})


class Spread(NamedTuple):
    """How a metric's values lie: each value, and how often it was seen."""

    values: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


class EmfMetric(NamedTuple):
    """One metric of an event: CloudWatch's name of its unit, and a number or a spread."""

    name: str
    unit: str
    value: float | Spread


class Directive(NamedTuple):
    """What CloudWatch is to make of an event: whose metrics, and the sets of dimensions they are kept under."""

    namespace: str
    dimensions: Sequence[Sequence[str]]
    log_group: str = ""


def red_lines(
    directive: Directive, about: Mapping[str, str], at: float, points: Sequence[Point], boundaries: Sequence[float]
) -> Iterator[str]:
    """The lines of one flush at `at` (epoch seconds): requests, errors and durations of each attribute set that was counted."""
    for point in points:
        method, _, route, status, error, _ = point.key
        fields = {
            **about,
            names.METHOD: method,
            **({} if route is None else {names.ROUTE: route}),
            names.STATUS_CODE: str(status),
            **({} if error is None else {names.ERROR_TYPE: error}),
        }
        requests = point.requests
        metrics = [
            EmfMetric(names.EMF_REQUESTS, "Count", requests),
            EmfMetric(names.EMF_ERRORS, "Count", requests if is_bad(status, error) else 0),
            *(EmfMetric(names.REQUEST_DURATION, "Seconds", part) for part in parts(spread(point, boundaries))),
        ]
        yield from lines(directive, fields, at, metrics)


def is_bad(status: int, error: str | None) -> bool:
    """Whether availability counts it as bad: a 5xx, or an error that does more than repeat its 4xx. Not who was throttled, or left."""
    return status >= _SERVER_ERROR or (error not in (None, str(status)) and status not in _NO_EVENTS)


def spread(point: Point, boundaries: Sequence[float]) -> Spread:
    """Where a point's durations lie: the middle of each bucket; beyond the last boundary what the sum leaves for it.

    The total is the sum that was measured; and where all lie in one bucket, so is the value: their mean.
    """
    seen = [(slot, count) for slot, count in enumerate(point.counts) if count]
    if len(seen) == 1:
        slot, count = seen[0]
        return Spread((_within(point.seconds / count, slot, boundaries),), (count,), point.seconds)
    values, left = [], point.seconds
    for slot, count in seen:
        value = (
            (_floor(slot, boundaries) + boundaries[slot]) / 2
            if slot < len(boundaries)
            else max(boundaries[-1], left / count)
        )
        left -= value * count
        values.append(value)
    return Spread(tuple(values), tuple(count for _, count in seen), point.seconds)


def parts(whole: Spread) -> Iterator[Spread]:
    """A spread in pieces that an event may hold; all but the last say as their total what their values say."""
    left = whole.total
    for start in range(0, len(whole.values), MOST_VALUES):
        values, counts = whole.values[start : start + MOST_VALUES], whole.counts[start : start + MOST_VALUES]
        is_last = start + MOST_VALUES >= len(whole.values)
        total = left if is_last else sum(value * count for value, count in zip(values, counts, strict=True))
        left -= total
        yield Spread(values, counts, total)


def lines(directive: Directive, fields: Mapping[str, str], at: float, metrics: Sequence[EmfMetric]) -> Iterator[str]:
    """Events for these metrics, each within the format's limits: one, unless there are too many, or two of one name."""
    waiting = list(metrics)
    while waiting:
        taken: dict[str, EmfMetric] = {}
        left = []
        for metric in waiting:
            if metric.name in taken or len(taken) == MOST_METRICS:
                left.append(metric)
            else:
                taken[metric.name] = metric
        yield from _fitting(directive, fields, at, list(taken.values()))
        waiting = left


def _fitting(directive: Directive, fields: Mapping[str, str], at: float, metrics: Sequence[EmfMetric]) -> Iterator[str]:
    line = _line(directive, fields, at, metrics)
    if len(line) <= LARGEST_EVENT or len(metrics) == 1:
        yield line
        return
    half = len(metrics) // 2
    yield from _fitting(directive, fields, at, metrics[:half])
    yield from _fitting(directive, fields, at, metrics[half:])


def _line(directive: Directive, fields: Mapping[str, str], at: float, metrics: Sequence[EmfMetric]) -> str:
    said = {name: usable for name, value in fields.items() if len(name) <= LONGEST_NAME and (usable := _usable(value))}
    told = {
        "Namespace": directive.namespace,
        "Dimensions": _sets(directive.dimensions, said),
        "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in metrics],
    }
    meta: dict[str, object] = {"Timestamp": int(at * 1000), "CloudWatchMetrics": [told]}
    if directive.log_group:
        meta["LogGroupName"] = directive.log_group
    values = {metric.name: _value(metric.value) for metric in metrics}
    return json.dumps({"_aws": meta, **said, **values}, separators=(",", ":"))


def _sets(dimensions: Sequence[Sequence[str]], said: Mapping[str, str]) -> list[list[str]]:
    # A set that lacks one of its members would make CloudWatch refuse the event; with what is left of it, it would mean something else.
    whole = (tuple(each[:MOST_DIMENSIONS]) for each in dimensions if all(name in said for name in each))
    return [list(each) for each in dict.fromkeys(whole)] or [[]]


def _value(value: float | Spread) -> object:
    if not isinstance(value, Spread):
        return value
    return {
        "Values": value.values,
        "Counts": value.counts,
        "Count": sum(value.counts),
        "Sum": value.total,
        "Min": min(value.values),
        "Max": max(value.values),
    }


def _usable(value: str) -> str:
    """A dimension's value as CloudWatch takes it: printable ASCII, not blank, no colon first, at most 1,024 characters."""
    printable = "".join(each if each.isprintable() else "?" for each in value.strip().lstrip(":")[:LONGEST_VALUE])
    return printable.encode("ascii", "backslashreplace").decode("ascii")[:LONGEST_VALUE]


def _floor(slot: int, boundaries: Sequence[float]) -> float:
    return boundaries[slot - 1] if slot else 0.0


def _within(value: float, slot: int, boundaries: Sequence[float]) -> float:
    value = max(value, _floor(slot, boundaries))
    return value if slot >= len(boundaries) else min(value, boundaries[slot])
