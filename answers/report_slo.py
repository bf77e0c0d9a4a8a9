"""One SLO in the report of a period."""

from __future__ import annotations

from typing import Final

from typing_extensions import TypedDict


class Outcome(TypedDict):
    """`good` of `total`, in so many parts of `one`, and the budget of it."""

    good: int
    total: int
    one: int
    ratio: float | None
    allowed: float
    spent: float
    remaining_ratio: float | None
    kept: bool | None


class ReportCause(TypedDict):
    """What bad events had in common."""

    route: str
    status: str
    error: str
    version: str
    bad: int


class TakenOut(TypedDict):
    """Time that a correction takes out."""

    start: str
    end: str
    seconds: int
    author: str
    reason: str


class Month(TypedDict):
    """A month of the trend; `burnt` is the share of its budget that was spent."""

    period: str
    ratio: float | None
    burnt: float | None
    kept: bool | None
    unknown: str


class SloReport(TypedDict):
    """One promise: its outcome or why it is `unknown`, and what burnt it."""

    name: str
    service: str
    objective: str
    method: str
    unit: str
    is_availability: bool
    group_of: str
    zone: str
    start: str
    end: str
    observed_seconds: int
    heard: str | None
    outcome: Outcome | None
    unknown: str
    causes: list[ReportCause]
    causes_from: str | None
    corrections: list[TakenOut]
    trend: list[Month]


SLO_REPORT: Final[SloReport] = {
    "name": "payments-availability",
    "service": "payments",
    "objective": "0.9999",
    "method": "Occurrences",
    "unit": "events",
    "is_availability": True,
    "group_of": "",
    "zone": "UTC",
    "start": "2026-10-01T00:00:00Z",
    "end": "2026-11-01T00:00:00Z",
    "observed_seconds": 2678400,
    "heard": "2026-11-02T08:00:00Z",
    "outcome": {
        "good": 8639200,
        "total": 8640000,
        "one": 1,
        "ratio": 0.9999074074074074,
        "allowed": 864.0,
        "spent": 800.0,
        "remaining_ratio": 0.07407407407407407,
        "kept": True,
    },
    "unknown": "",
    "causes": [{"route": "/pay", "status": "503", "error": "", "version": "2.14.0", "bad": 700}],
    "causes_from": "2026-10-01T00:00:00Z",
    "corrections": [
        {
            "start": "2026-10-04T02:00:00Z",
            "end": "2026-10-04T02:30:00Z",
            "seconds": 1800,
            "author": "ana",
            "reason": "moved the database",
        }
    ],
    "trend": [
        {"period": "2026-10", "ratio": 0.9999074074074074, "burnt": 0.925925925925926, "kept": True, "unknown": ""}
    ],
}
