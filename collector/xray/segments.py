"""OTLP spans as segment documents: what the receiver reads, written the other way round.

SERVER and CONSUMER spans and roots are segments, named after their service; all others are subsegments sent apart. Attributes that the
format has no place for become metadata. Source: AWS X-Ray developer guide, "X-Ray segment documents".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from ...slo import SPAN_STATUS, Verdict, availability
from ...slo.classify import THROTTLED, status_code
from .attributes import ANNOTATIONS, METADATA, OF_RESOURCE, OF_SPAN, URL
from .translate import CAUSE, EXCEPTION, SERVICE

LARGEST: Final = 64_000
"""Bytes of a document at most; the service takes 64 kB."""

LONGEST_NAME: Final = 200
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "http.method": ("http", "request", "method"),
    "http.url": ("http", "request", "url"),
    "http.user_agent": ("http", "request", "user_agent"),
    "http.client_ip": ("http", "request", "client_ip"),
    "http.status_code": ("http", "response", "status"),
    "db.statement": ("sql", "sanitized_query"),
    "db.system": ("sql", "database_type"),
    "rpc.method": ("aws", "operation"),
} | {rule.key: rule.path for rule in reversed(OF_SPAN)}
_RESOURCE_PLACES: Final = {rule.key: rule.path for rule in reversed(OF_RESOURCE)}
_PARTS_OF_URL: Final = frozenset({"url.scheme", "url.path", "url.query", "server.address", "server.port"})
_SEGMENTS: Final = frozenset({Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CONSUMER})
_CALLS: Final = frozenset({Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_PRODUCER})
_CALLEES: Final = ("peer.service", "server.address", "rpc.service", "db.namespace")
_NOT_IN_NAMES: Final = re.compile(r"[^\w\s.:/%&#=+\\\-@]")
_NOT_IN_KEYS: Final = re.compile(r"[^A-Za-z0-9_]")
_CLIENT_ERRORS: Final = range(400, 500)
_CUT: Final = 2_000


def segments_of(body: bytes) -> Iterator[str | None]:
    """A document for each span of an OTLP request, in order; None where X-Ray takes no such span: no ids, or too large.

    DecodeError where the body is no `ExportTraceServiceRequest`.
    """
    for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _values(of_resource.resource.attributes)
        for scope in of_resource.scope_spans:
            for span in scope.spans:
                yield _text(_segment(span, resource)) if _has_ids(span) else None


def _has_ids(span: Span) -> bool:
    return len(span.trace_id) == 16 and any(span.trace_id) and len(span.span_id) == 8 and any(span.span_id)


def _text(segment: dict[str, Any]) -> str | None:
    """The document's JSON. What it can best do without goes first where it is too large."""
    for shorten in (_whole, _without_metadata, _cut):
        shorten(segment)
        text = json.dumps(segment, separators=(",", ":"))
        if len(text) <= LARGEST:
            return text
    return None


def _whole(segment: dict[str, Any]) -> None:
    """Nothing is taken away."""


def _without_metadata(segment: dict[str, Any]) -> None:
    segment.pop("metadata", None)


def _cut(segment: dict[str, Any]) -> None:
    for key, value in segment.items():
        if isinstance(value, dict):
            _cut(value)
        elif isinstance(value, list):
            del value[50:]
            for one in value:
                if isinstance(one, dict):
                    _cut(one)
        elif isinstance(value, str):
            segment[key] = value[:_CUT]


def _segment(span: Span, resource: Mapping[str, Any]) -> dict[str, Any]:
    attributes = _values(span.attributes)
    is_segment = span.kind in _SEGMENTS or not any(span.parent_span_id)
    found: dict[str, Any] = {
        "name": _name(span, attributes, resource, is_segment=is_segment),
        "id": span.span_id.hex(),
        "trace_id": xray_trace_id(span.trace_id),
        "start_time": _seconds(span.start_time_unix_nano),
        "end_time": _seconds(max(span.start_time_unix_nano, span.end_time_unix_nano)),
    }
    if any(span.parent_span_id):
        found["parent_id"] = span.parent_span_id.hex()
    if is_segment:
        for key, path in _RESOURCE_PLACES.items():
            _plant(found, path, resource.get(key))
    else:
        found["type"] = "subsegment"
        _plant(found, ("namespace",), _namespace(span, attributes))
    found |= _flags(span, attributes)
    cause = attributes.pop(CAUSE, None)
    _plant_attributes(found, attributes, is_segment=is_segment)
    _plant_cause(found, span, cause)
    links = [
        {"trace_id": xray_trace_id(link.trace_id), "id": link.span_id.hex(), "attributes": _values(link.attributes)}
        for link in span.links
        if len(link.trace_id) == 16
    ]
    return found | ({"links": links} if links else {})


def xray_trace_id(trace: bytes) -> str:
    """A trace id as X-Ray writes it, such as `1-5759e988-bd862e3fe1be46a994272793`."""
    text = trace.hex()
    return f"1-{text[:8]}-{text[8:]}"


def _name(span: Span, attributes: Mapping[str, Any], resource: Mapping[str, Any], *, is_segment: bool) -> str:
    said = [resource.get(SERVICE)] if is_segment else []
    if not is_segment and span.kind in _CALLS and "aws.xray.namespace" not in attributes:
        said = [attributes.get(key) for key in _CALLEES]
    name = next((one for one in said if isinstance(one, str) and one), span.name)
    return _NOT_IN_NAMES.sub("_", name)[:LONGEST_NAME].strip() or "unknown"


def _namespace(span: Span, attributes: dict[str, Any]) -> str | None:
    said = attributes.pop("aws.xray.namespace", None)
    if isinstance(said, str):
        return said
    if span.kind not in _CALLS:
        return None
    return "aws" if attributes.get("rpc.system") == "aws-api" else "remote"


def _flags(span: Span, attributes: Mapping[str, Any]) -> dict[str, bool]:
    """Fault, error and throttle by the table that decides about events."""
    code = status_code(attributes)
    failed = span.status.code == Status.STATUS_CODE_ERROR
    if code == THROTTLED:
        return {"throttle": True, "error": True}
    if availability({**attributes, **({SPAN_STATUS: "ERROR"} if failed else {})}) is Verdict.BAD:
        return {"fault": True}
    return {"error": True} if code in _CLIENT_ERRORS else {}


def _plant_attributes(found: dict[str, Any], attributes: dict[str, Any], *, is_segment: bool) -> None:
    """Every attribute in its place, as an annotation where it was one, else as metadata."""
    annotated = attributes.pop(ANNOTATIONS, None)
    annotations = annotated if isinstance(annotated, list) else []
    others: dict[str, Any] = {}
    if is_segment and (url := attributes.get(URL) or _url(attributes)):
        attributes = {key: value for key, value in attributes.items() if key not in _PARTS_OF_URL} | {URL: url}
    for key, value in attributes.items():
        if key in annotations and isinstance(value, str | bool | int | float):
            found.setdefault("annotations", {})[_NOT_IN_KEYS.sub("_", key)] = value
        elif key.startswith(METADATA) and len(key) > len(METADATA):
            _plant(found, ("metadata", key.removeprefix(METADATA)), _from_json(value))
        elif key not in _PLACES or not _plant(found, _PLACES[key], value):
            others[key] = value
    if others:
        _plant(found, ("metadata", "otel"), others)


def _url(attributes: Mapping[str, Any]) -> str | None:
    """The URL a server was asked for, put together from its parts."""
    path = attributes.get("url.path")
    host = attributes.get("server.address")
    if not isinstance(path, str) or not isinstance(host, str):
        return None
    port = f":{attributes['server.port']}" if "server.port" in attributes else ""
    query = f"?{attributes['url.query']}" if attributes.get("url.query") else ""
    return f"{attributes.get('url.scheme', 'http')}://{host}{port}{path}{query}"


def _plant_cause(found: dict[str, Any], span: Span, cause: Any) -> None:
    exceptions = []
    for number, event in enumerate(one for one in span.events if one.name == EXCEPTION):
        said = _values(event.attributes)
        exception = {"id": f"{(int.from_bytes(span.span_id) + number) % 2**64:016x}"}
        exception |= {key: said[f"exception.{key}"] for key in ("type", "message") if f"exception.{key}" in said}
        exceptions.append(exception)
        if "exception.stacktrace" in said:
            _plant(found, ("metadata", "exception", f"stacktrace_{number}"), said["exception.stacktrace"])
    if exceptions:
        found["cause"] = {"working_directory": "", "exceptions": exceptions}
    elif isinstance(cause, str):
        found["cause"] = cause


def _plant(found: dict[str, Any], path: Iterable[str], value: Any) -> bool:
    """Puts a value at a place; False where it is None, or the place is taken."""
    if value is None:
        return False
    *way, last = path
    place: Any = found
    for step in way:
        place = place.setdefault(step, {})
    if not isinstance(place, dict) or last in place:
        return False
    place[last] = value
    return True


def _seconds(nanoseconds: int) -> float:
    return nanoseconds / 1_000_000_000


def _from_json(value: Any) -> Any:
    try:
        return json.loads(value, parse_constant=str)
    except (TypeError, ValueError, RecursionError):
        return value


def _values(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {one.key: _value(one.value) for one in attributes}


def _value(value: AnyValue) -> Any:
    """An OTLP value as JSON has it; bytes as hex, and numbers JSON has not as text."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return _values(value.kvlist_value.values)
    if kind is None:
        return None
    found = getattr(value, kind)
    if isinstance(found, bytes):
        return found.hex()
    return str(found) if isinstance(found, float) and not -1e308 < found < 1e308 else found
