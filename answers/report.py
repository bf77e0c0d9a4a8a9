"""The report of a period."""

from __future__ import annotations

from typing import Final

from typing_extensions import TypedDict

from .report_slo import SLO_REPORT, SloReport


class Figure(TypedDict):
    """A figure, or `why` there is none."""

    value: float | None
    why: str


class Scorecard(TypedDict):
    """The seven figures; incident response is two, until somebody took a page on and until it was over."""

    concurrent_users: Figure
    mean_response_seconds: Figure
    uptime_ratio: Figure
    deployment_seconds: Figure
    monthly_cost: Figure
    currency: str
    releases_per_day: Figure
    seconds_to_answer: Figure
    seconds_to_resolve: Figure


class ReleaseTally(TypedDict):
    """Deployments that ended, how many failed, and how long those took whose length is known."""

    ended: int
    failed: int
    timed: int
    seconds: float


class Sums(TypedDict):
    """What the figures are made of; `cost` is an amount as a text."""

    good: int
    total: int
    releases: ReleaseTally
    pages: int
    answered: int
    seconds_to_answer: int
    resolved: int
    seconds_to_resolve: int
    durations: float | None
    requests: float | None
    in_flight: float | None
    cost: str | None
    currency: str


class Incident(TypedDict):
    """A page that was open at some time in the period, with what it burnt."""

    number: int
    slo: str
    service: str
    began: str
    ended: str | None
    answered: str | None
    by: str
    reason: str
    bad: int | None
    burnt: float | None
    useful: bool | None


class ReleaseLine(TypedDict):
    """A deployment that began in the period."""

    service: str
    version: str
    began: str
    ended: bool
    seconds: float | None
    author: str
    failures: list[str]


class AlertTally(TypedDict):
    """Alerts that began in the period and that anybody was told of; precision is of those that were judged."""

    pages: int
    others: int
    judged: int
    useful: int
    precision: float | None


class ServiceReport(TypedDict):
    """A service: its promises, what happened, and its figures."""

    name: str
    slos: list[SloReport]
    incidents: list[Incident]
    releases: list[ReleaseLine]
    alerts: AlertTally
    sums: Sums
    scorecard: Scorecard


class Report(TypedDict):
    """A period as it was at `made`; `complete` says whether it was over. `kept` of `judged` promises were kept."""

    period: str
    zone: str
    start: str
    end: str
    made: str
    complete: bool
    services: list[ServiceReport]
    alerts: AlertTally
    judged: int
    kept: int
    sums: Sums
    scorecard: Scorecard
    notes: list[str]


_NO_DURATIONS: Final = "the collector keeps no durations: say where Prometheus has them"

_RELEASES: Final[ReleaseTally] = {"ended": 31, "failed": 2, "timed": 31, "seconds": 5580.0}

_SUMS: Final[Sums] = {
    "good": 8639200,
    "total": 8640000,
    "releases": _RELEASES,
    "pages": 1,
    "answered": 1,
    "seconds_to_answer": 95,
    "resolved": 1,
    "seconds_to_resolve": 540,
    "durations": None,
    "requests": None,
    "in_flight": None,
    "cost": None,
    "currency": "",
}

_CARD: Final[Scorecard] = {
    "concurrent_users": {"value": None, "why": _NO_DURATIONS},
    "mean_response_seconds": {"value": None, "why": _NO_DURATIONS},
    "uptime_ratio": {"value": 0.9999074074074074, "why": ""},
    "deployment_seconds": {"value": 180.0, "why": ""},
    "monthly_cost": {"value": None, "why": "no costs were given"},
    "currency": "",
    "releases_per_day": {"value": 1.0, "why": ""},
    "seconds_to_answer": {"value": 95.0, "why": ""},
    "seconds_to_resolve": {"value": 540.0, "why": ""},
}

_INCIDENT: Final[Incident] = {
    "number": 41,
    "slo": "payments-availability",
    "service": "payments",
    "began": "2026-10-12T03:12:45Z",
    "ended": "2026-10-12T03:21:45Z",
    "answered": "2026-10-12T03:14:20Z",
    "by": "ana",
    "reason": "1h and 5m burn above 14.4",
    "bad": 700,
    "burnt": 0.8101851851851852,
    "useful": True,
}

_ALERTS: Final[AlertTally] = {"pages": 1, "others": 2, "judged": 1, "useful": 1, "precision": 1.0}

REPORT: Final[Report] = {
    "period": "2026-10",
    "zone": "UTC",
    "start": "2026-10-01T00:00:00Z",
    "end": "2026-11-01T00:00:00Z",
    "made": "2026-11-02T08:00:05Z",
    "complete": True,
    "services": [
        {
            "name": "payments",
            "slos": [SLO_REPORT],
            "incidents": [_INCIDENT],
            "releases": [
                {
                    "service": "payments",
                    "version": "2.14.0",
                    "began": "2026-10-12T03:05:00Z",
                    "ended": True,
                    "seconds": 180.0,
                    "author": "ben",
                    "failures": ["paged for payments-availability", "rolled back"],
                }
            ],
            "alerts": _ALERTS,
            "sums": _SUMS,
            "scorecard": _CARD,
        }
    ],
    "alerts": _ALERTS,
    "judged": 1,
    "kept": 1,
    "sums": _SUMS,
    "scorecard": _CARD,
    "notes": [],
}
