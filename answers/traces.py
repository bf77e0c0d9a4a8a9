"""Traces that are kept."""

from __future__ import annotations

from typing import Any, Final, Literal

from typing_extensions import TypedDict

KeptAs = Literal["failed", "slow", "sampled"]
"""Why a trace is kept."""


class TraceLine(TypedDict):
    """A trace among others: of the span for which it is kept."""

    trace_id: str
    service: str
    route: str
    state: KeptAs
    start: float
    duration_seconds: float
    status_code: str
    error: str
    name: str


class Traces(TypedDict):
    """The newest traces that are kept."""

    traces: list[TraceLine]
    next: str | None


class SpanEvent(TypedDict):
    """What happened within a span."""

    name: str
    time: float
    attributes: dict[str, Any]


class SpanLine(TypedDict):
    """A span of the waterfall, `depth` below others and `offset_seconds` after the first begins."""

    span_id: str
    parent_id: str
    name: str
    service: str
    resource: dict[str, Any]
    kind: str
    start: float
    duration_seconds: float
    status: str
    status_message: str
    attributes: dict[str, Any]
    events: list[SpanEvent]
    depth: int
    offset_seconds: float


class LogLine(TypedDict):
    """A log record that carries the trace's id."""

    time: float
    service: str
    span_id: str
    severity: str
    severity_number: int
    body: Any
    attributes: dict[str, Any]


class Trace(TypedDict):
    """One trace with all that is kept of it, parents before their children."""

    trace_id: str
    service: str
    route: str
    state: KeptAs
    received: float
    spans: list[SpanLine]
    logs: list[LogLine]


TRACES: Final[Traces] = {
    "traces": [
        {
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "service": "payments",
            "route": "/payments",
            "state": "failed",
            "start": 1_795_317_161.2,
            "duration_seconds": 0.031,
            "status_code": "503",
            "error": "503",
            "name": "POST /payments",
        }
    ],
    "next": None,
}
TRACE: Final[Trace] = {
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "service": "payments",
    "route": "/payments",
    "state": "failed",
    "received": 1_795_317_162.0,
    "spans": [
        {
            "span_id": "b7ad6b7169203331",
            "parent_id": "",
            "name": "POST /payments",
            "service": "payments",
            "resource": {"service.name": "payments", "service.version": "7"},
            "kind": "server",
            "start": 1_795_317_161.2,
            "duration_seconds": 0.031,
            "status": "error",
            "status_message": "",
            "attributes": {"http.route": "/payments", "http.response.status_code": 503},
            "events": [],
            "depth": 0,
            "offset_seconds": 0.0,
        }
    ],
    "logs": [
        {
            "time": 1_795_317_161.21,
            "service": "payments",
            "span_id": "b7ad6b7169203331",
            "severity": "ERROR",
            "severity_number": 17,
            "body": "no connection to the ledger",
            "attributes": {},
        }
    ],
}
