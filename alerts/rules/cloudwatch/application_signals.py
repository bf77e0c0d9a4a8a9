"""The same promise as an objective of Application Signals, with a burn rate for each window of the rules."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Final

from ....slo import DAY, HOUR, MINUTE, SLO, CalendarUnit, CalendarWindow, TimeWindow, allowance, figures
from ....slo.local_time import to_epoch, zone_named
from ..slug import slug
from .emf_counts import emf_counts
from .limits import LONGEST_DESCRIPTION, LONGEST_SLO_NAME, MOST_BURN_RATES, PERIOD, can_look_back
from .resource import OBJECTIVE, Resource

Json = dict[str, Any]

_CALENDARS: Final[dict[CalendarUnit, tuple[str, int]]] = {
    "d": ("DAY", 1),
    "w": ("DAY", 7),
    "M": ("MONTH", 1),
    "Q": ("MONTH", 3),
    "Y": ("MONTH", 12),
}
_NAME: Final = re.compile(r"[0-9A-Za-z][-._0-9A-Za-z ]{0,126}[0-9A-Za-z]")
_DIGEST: Final = 8


def objective(slo: SLO) -> Resource:
    """The objective: request by request, of the metrics that its alarms are of."""
    counts = emf_counts(slo)
    part = "GoodCountMetric" if counts.is_latency else "BadCountMetric"
    sli = {
        "TotalRequestCountMetric": [_returned(counts.total(PERIOD))],
        "MonitoredRequestCountMetric": {part: [_returned(counts.part(PERIOD))]},
    }
    properties = {
        "Name": _name(slo.name),
        "Description": (slo.description or allowance(slo))[:LONGEST_DESCRIPTION],
        "RequestBasedSli": {"RequestBasedSliMetric": sli},
        "Goal": {
            "Interval": _interval(slo.window),
            "AttainmentGoal": float(figures.exact(100 * (1 - slo.objective.allowed))),
        },
        "BurnRateConfigurations": [{"LookBackWindowMinutes": minutes} for minutes in look_back_minutes(slo)],
    }
    return Resource(OBJECTIVE, f"slo-{properties['Name']}", properties)


def look_back_minutes(slo: SLO) -> list[int]:
    """The windows of its rules, in minutes; the shortest, where there are more than an objective may have."""
    windows = {window for rule in slo.rules for window in (rule.long, rule.short) if can_look_back(window)}
    return sorted(window.seconds // MINUTE for window in windows)[:MOST_BURN_RATES]


def _returned(metric: Json) -> Json:
    return {**metric, "ReturnData": True}


def _name(name: str) -> str:
    """Two characters at least, of which the first and the last are letters or digits."""
    found = slug(name, LONGEST_SLO_NAME)
    if _NAME.fullmatch(found):
        return found
    kept = found.strip("-_")[: LONGEST_SLO_NAME - _DIGEST - 1]
    return f"{kept}-{sha256(name.encode()).hexdigest()[:_DIGEST]}".strip("-")


def _interval(window: TimeWindow) -> Json:
    if isinstance(window, CalendarWindow):
        unit, each = _CALENDARS[window.unit]
        start = to_epoch(window.start, zone_named(window.zone))
        return {"CalendarInterval": {"StartTime": start, "DurationUnit": unit, "Duration": window.count * each}}
    units = (("DAY", DAY), ("HOUR", HOUR), ("MINUTE", MINUTE))
    unit, size = next(((unit, size) for unit, size in units if window.seconds % size == 0), units[-1])
    return {"RollingInterval": {"DurationUnit": unit, "Duration": -(-window.seconds // size)}}
