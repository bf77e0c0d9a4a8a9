"""SLOs: how they stand, what they counted, and what is to come of them."""

from __future__ import annotations

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from .alerts import ALERT, Alert

StateName = Literal["no_data", "burning", "exhausted", "at_risk", "no_traffic", "not_measurable", "healthy"]
"""The states of an SLO, as the API says them."""


class Events(TypedDict):
    """Events of the window; shares of some where `unit` is `parts`."""

    good: float
    total: float
    estimated_bad: float


class Budget(TypedDict):
    """An error budget in events, as a share, and in seconds of total outage."""

    allowed_events: float
    spent_events: float
    remaining_ratio: float
    remaining_events: float
    remaining_seconds: float


class LastingBudget(Budget):
    """The budget of an SLO's own window, and how long it lasts."""

    exhausted_in_seconds: float | None


class Slo(TypedDict):
    """One SLO as it is now."""

    name: str
    service: str
    objective: str
    window: str
    method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    unit: Literal["events", "slices", "parts"]
    origin: Literal["file", "declared", "automatic"]
    group_of: str | None
    signal: str
    state: StateName
    since: str
    reason: str
    data_age_seconds: float | None
    coverage: float
    events: Events
    budget: LastingBudget
    more_budgets: dict[str, Budget]
    burn_rates: dict[str, float | None]
    alerts: list[Alert]
    threshold_seconds: float | None
    threshold_used_seconds: float | None
    sampled: bool
    declared_since: str | None
    declared_version: str | None


class Forecast(TypedDict):
    """What is to come of an SLO."""

    window: str | None
    failed: float | None
    exhausted_earliest_seconds: float | None
    exhausted_latest_seconds: float | None
    confidence: float
    kept_probability: float | None
    kept_until: str | None
    history_seconds: int | None


class SloDetail(Slo):
    """One SLO, what is to come of it, and how its numbers came about."""

    forecast: Forecast
    explanation: str


class Slos(TypedDict):
    """All of them, or a page of them."""

    slos: list[Slo]
    next: str | None


class Explanation(TypedDict):
    """How the numbers of one SLO came about, in sentences."""

    explanation: str


class Point(TypedDict):
    """The counts of one step, which begins at `t` (epoch seconds)."""

    t: int
    good: float
    total: float


class History(TypedDict):
    """Counts in steps; those without events are left out."""

    points: list[Point]


class Cause(TypedDict):
    """What bad events had in common; what is not known of them is left out."""

    route: NotRequired[str]
    status: NotRequired[str]
    error: NotRequired[str]
    version: NotRequired[str]
    bad: int


class Instance(TypedDict):
    """The instance that answered bad events."""

    instance: NotRequired[str]
    bad: int


class Contributors(TypedDict):
    """The largest causes and instances of bad events, the largest first."""

    cause: list[Cause]
    instance: list[Instance]


SLO: Final[Slo] = {
    "name": "payments-availability",
    "service": "payments",
    "objective": "0.9999",
    "window": "30d",
    "method": "Occurrences",
    "unit": "events",
    "origin": "file",
    "group_of": None,
    "signal": "http.server.request.duration",
    "state": "burning",
    "since": "2026-11-22T03:12:40Z",
    "reason": "1h and 5m burn above 14.4",
    "data_age_seconds": 3.1,
    "coverage": 1.0,
    "events": {"good": 119880, "total": 120000, "estimated_bad": 0},
    "budget": {
        "allowed_events": 12.0,
        "spent_events": 120,
        "remaining_ratio": -9.0,
        "remaining_events": -108.0,
        "remaining_seconds": -2332.8,
        "exhausted_in_seconds": 0,
    },
    "more_budgets": {},
    "burn_rates": {"5m": 21.0, "30m": 12.0, "1h": 15.2, "2h": 7.6, "6h": 2.5, "1d": 1.1, "3d": 1.0, "30d": 10.0},
    "alerts": [ALERT],
    "threshold_seconds": None,
    "threshold_used_seconds": None,
    "sampled": False,
    "declared_since": None,
    "declared_version": None,
}
SLO_DETAIL: Final[SloDetail] = {
    **SLO,
    "forecast": {
        "window": "5m",
        "failed": 21,
        "exhausted_earliest_seconds": 0,
        "exhausted_latest_seconds": 0,
        "confidence": 0.9,
        "kept_probability": 0.0,
        "kept_until": "2026-12-22T03:12:50Z",
        "history_seconds": 7_776_000,
    },
    "explanation": "99.99 % of the requests to payments in 30d are promised good: 120 of 120,000 were not, where 12 may be.",
}
EXPLANATION: Final[Explanation] = {"explanation": SLO_DETAIL["explanation"]}
SLOS: Final[Slos] = {"slos": [SLO], "next": None}
HISTORY: Final[History] = {"points": [{"t": 1_795_317_160, "good": 396, "total": 400}]}
CONTRIBUTORS: Final[Contributors] = {
    "cause": [{"route": "/payments", "status": "503", "error": "503", "version": "7", "bad": 117}],
    "instance": [{"instance": "payments-2", "bad": 120}],
}
