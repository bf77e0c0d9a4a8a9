"""A kept trace as plain values, ready for JSON: its spans as a waterfall, its log records, and why it is kept."""

from __future__ import annotations

import base64
import json
import math
import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ..names import SERVICE_NAME, UNKNOWN_SERVICE
from .choice import TraceState

MOST_FOUND: Final = 1_001
"""One more than a page holds, to know whether there is more."""

_STATUS: Final = {0: "unset", 1: "ok", 2: "error"}
_FIND: Final = """
SELECT trace, service, route, max(state), start, duration, status, error, name FROM hit
WHERE (?1 IS NULL OR service = ?1) AND (?2 IS NULL OR route = ?2) AND (?3 IS NULL OR state = ?3) AND start >= ?4
GROUP BY trace HAVING ?6 IS NULL OR (-start / 1e9, trace) > (-?6, ?7) ORDER BY start / 1e9 DESC, trace LIMIT ?5
"""


def find_traces(
    connection: sqlite3.Connection,
    service: str | None,
    route: str | None,
    state: TraceState | None,
    since: float,
    limit: int,
    before: tuple[float, bytes] | None = None,
) -> list[dict[str, Any]]:
    """The newest traces in which a service (any, where None) had a reason of that state, one entry a trace.

    Where one's start (epoch seconds) and id are given, those that come behind it.
    """
    bounds = int(since * 1e9), max(0, min(limit, MOST_FOUND)), *(before or (None, None))
    rows = connection.execute(_FIND, (service, route, state, *bounds))
    return [
        {
            "trace_id": trace.hex(),
            "service": sender,
            "route": path,
            "state": TraceState(reason).name.lower(),
            "start": start / 1e9,
            "duration_seconds": duration / 1e9,
            "status_code": status,
            "error": error,
            "name": name,
        }
        for trace, sender, path, reason, start, duration, status, error, name in rows
    ]


def trace_view(connection: sqlite3.Connection, trace: bytes) -> dict[str, Any] | None:
    """One trace with all that is kept of it; None where it is not kept."""
    kept = connection.execute("SELECT service, route, state, received FROM trace WHERE id = ?", (trace,)).fetchone()
    if kept is None:
        return None
    spans = connection.execute("SELECT resource, data FROM span WHERE trace = ?", (trace,)).fetchall()
    logs = connection.execute("SELECT resource, data FROM log WHERE trace = ?", (trace,)).fetchall()
    service, route, state, received = kept
    return {
        "trace_id": trace.hex(),
        "service": service,
        "route": route,
        "state": TraceState(state).name.lower(),
        "received": received,
        "spans": _waterfall([_span(json.loads(resource), Span.FromString(data)) for resource, data in spans]),
        "logs": sorted(
            (_log(json.loads(resource), LogRecord.FromString(data)) for resource, data in logs),
            key=lambda log: log["time"],
        ),
    }


def _span(resource: dict[str, Any], span: Span) -> dict[str, Any]:
    end = max(span.start_time_unix_nano, span.end_time_unix_nano)
    return {
        "span_id": span.span_id.hex(),
        "parent_id": span.parent_span_id.hex(),
        "name": span.name,
        "service": str(resource.get(SERVICE_NAME) or UNKNOWN_SERVICE),
        "resource": resource,
        "kind": _kind(span.kind),
        "start": span.start_time_unix_nano / 1e9,
        "duration_seconds": (end - span.start_time_unix_nano) / 1e9,
        "status": _STATUS.get(span.status.code, str(span.status.code)),
        "status_message": span.status.message,
        "attributes": plain_attributes(span.attributes),
        "events": [
            {"name": event.name, "time": event.time_unix_nano / 1e9, "attributes": plain_attributes(event.attributes)}
            for event in span.events
        ],
    }


def _kind(kind: int) -> str:
    known: dict[int, str] = {number: name for name, number in Span.SpanKind.items()}
    return known.get(kind, str(kind)).removeprefix("SPAN_KIND_").lower()


def _log(resource: dict[str, Any], record: LogRecord) -> dict[str, Any]:
    return {
        "time": (record.time_unix_nano or record.observed_time_unix_nano) / 1e9,
        "service": str(resource.get(SERVICE_NAME) or UNKNOWN_SERVICE),
        "span_id": record.span_id.hex(),
        "severity": record.severity_text or str(record.severity_number),
        "severity_number": record.severity_number,
        "body": _value(record.body),
        "attributes": plain_attributes(record.attributes),
    }


def _waterfall(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parents before their children, each with its depth and its offset; spans whose parent is not there stand at the top."""
    spans.sort(key=lambda span: (span["start"], -span["duration_seconds"], span["span_id"]))
    known = {span["span_id"] for span in spans}
    children: dict[str, list[dict[str, Any]]] = {}
    for span in spans:
        parent = span["parent_id"] if span["parent_id"] in known and span["parent_id"] != span["span_id"] else ""
        children.setdefault(parent, []).append(span)
    start = spans[0]["start"] if spans else 0.0
    ordered: list[dict[str, Any]] = []
    waiting = [(span, 0) for span in reversed(children.pop("", []))]
    while waiting or children:
        if not waiting:  # parents that are their own descendants: begin anywhere
            waiting = [(span, 0) for span in reversed(children.pop(next(iter(children))))]
        span, depth = waiting.pop()
        ordered.append(span | {"depth": depth, "offset_seconds": span["start"] - start})
        waiting += [(child, depth + 1) for child in reversed(children.pop(span["span_id"], []))]
    return ordered


def plain_attributes(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    """Attributes as plain values."""
    return {pair.key: _value(pair.value) for pair in attributes}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return plain_attributes(value.kvlist_value.values)
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    found = getattr(value, kind)
    return str(found) if isinstance(found, float) and not math.isfinite(found) else found
