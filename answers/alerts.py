"""Alerts, what people say of them, and silences."""

from __future__ import annotations

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

SeverityName = Literal["page", "ticket"]
"""How urgent an alert is."""


class Taken(TypedDict):
    """Who has taken an alert on."""

    by: str
    at: str
    until: str
    note: str


class Said(TypedDict):
    """What somebody wrote down."""

    at: str
    by: str
    text: str


class Decided(TypedDict):
    """What a stage decided about an alert, and why."""

    stage: str
    decision: Literal["passes", "held", "told", "quiet"]
    reason: str
    at: str


class Judged(TypedDict):
    """Whether somebody found an alert useful."""

    useful: bool
    by: str
    at: str
    note: str


class Alert(TypedDict):
    """An alert that is open, or was; of one that is over the last keys say how it ended."""

    number: int
    key: str
    slo: str
    service: str
    severity: SeverityName
    kind: str
    state: str
    since: str
    began: str
    opened_again: int
    flaps: int
    escalated_since: str | None
    reason: str
    summary: str
    told_at: str | None
    acknowledged: Taken | None
    notes: list[Said]
    inhibited: NotRequired[bool]
    held_back: NotRequired[str | None]
    why: NotRequired[list[Decided]]
    ended: NotRequired[str]
    duration_seconds: NotRequired[float]
    told: NotRequired[bool]
    answered: NotRequired[Taken | None]
    verdict: NotRequired[Judged | None]


class Alerts(TypedDict):
    """Alerts, pages first and then the oldest; of those that are over the newest first."""

    alerts: list[Alert]
    next: str | None


class SilenceSaid(TypedDict):
    """A silence: alerts that nobody is told of for a while."""

    id: int
    state: Literal["pending", "active", "over"]
    matchers: dict[str, str]
    start: str
    until: str
    author: str
    reason: str
    ended: str | None
    ended_by: str | None
    ended_reason: str | None


class Silences(TypedDict):
    """Silences in force and to come, the oldest first; then those that are over, the newest first."""

    silences: list[SilenceSaid]
    next: str | None


ALERT: Final[Alert] = {
    "number": 7,
    "key": "slo/payments-availability/page",
    "slo": "payments-availability",
    "service": "payments",
    "severity": "page",
    "kind": "page",
    "state": "firing",
    "since": "2026-11-22T03:12:45Z",
    "began": "2026-11-22T03:12:45Z",
    "opened_again": 0,
    "flaps": 1,
    "escalated_since": None,
    "reason": "1h and 5m burn above 14.4",
    "inhibited": False,
    "held_back": None,
    "summary": "payments-availability burns its budget 21 times as fast as allowed",
    "told_at": "2026-11-22T03:12:45Z",
    "acknowledged": {"by": "ana", "at": "2026-11-22T03:13:20Z", "until": "2026-11-22T04:13:20Z", "note": "on it"},
    "notes": [{"at": "2026-11-22T03:15:00Z", "by": "ana", "text": "only version 7 fails: rolling back"}],
    "why": [{"stage": "told", "decision": "told", "reason": "it fires", "at": "2026-11-22T03:12:45Z"}],
}
ALERTS: Final[Alerts] = {"alerts": [ALERT], "next": None}
SILENCE: Final[SilenceSaid] = {
    "id": 3,
    "state": "active",
    "matchers": {"service": "payments", "severity": "ticket"},
    "start": "2026-11-22T03:00:00Z",
    "until": "2026-11-22T05:00:00Z",
    "author": "ana",
    "reason": "moving the database",
    "ended": None,
    "ended_by": None,
    "ended_reason": None,
}
SILENCES: Final[Silences] = {"silences": [SILENCE], "next": None}
