"""What people do by hand: corrections, overrides of the gate, and the log of all of it."""

from __future__ import annotations

from typing import Any, Final, Literal

from typing_extensions import TypedDict

CorrectionSaid = TypedDict(
    "CorrectionSaid",
    {
        "id": int | None,
        "from": Literal["file", "api"],
        "slo": str | None,
        "service": str | None,
        "start": str,
        "end": str,
        "rule": str,
        "zone": str,
        "author": str,
        "reason": str,
        "made": str | None,
        "ended": str | None,
        "ended_by": str | None,
        "ended_reason": str | None,
    },
)
"""Time that is taken out as if it never was; `from` a file, or by hand."""


class Corrections(TypedDict):
    """What files say, then what was said by hand, also what was taken back."""

    corrections: list[CorrectionSaid]
    next: str | None


class AuditLine(TypedDict):
    """What somebody did."""

    id: int
    at: str
    author: str
    action: str
    subject: str
    reason: str
    detail: dict[str, Any]


class Audit(TypedDict):
    """What was done by hand, the newest first."""

    audit: list[AuditLine]
    next: str | None


CORRECTION: Final[CorrectionSaid] = {
    "id": 5,
    "from": "api",
    "slo": None,
    "service": "payments",
    "start": "2026-11-21T02:00:00Z",
    "end": "2026-11-21T03:00:00Z",
    "rule": "",
    "zone": "UTC",
    "author": "ana",
    "reason": "patches",
    "made": "2026-11-20T09:00:00Z",
    "ended": None,
    "ended_by": None,
    "ended_reason": None,
}
CORRECTIONS: Final[Corrections] = {"corrections": [CORRECTION], "next": None}
AUDIT: Final[Audit] = {
    "audit": [
        {
            "id": 12,
            "at": "2026-11-20T09:00:00Z",
            "author": "ana",
            "action": "correction.add",
            "subject": "payments",
            "reason": "patches",
            "detail": {"id": 5},
        }
    ],
    "next": None,
}
