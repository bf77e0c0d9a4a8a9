"""Spans from the wire to columns: OTLP's `ExportTraceServiceRequest`, by way of protobuf objects."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.proto.trace.v1.trace_pb2 import Status as SpanStatus

from ..slo import OPERATIONAL_ROUTES, SPAN_STATUS, Attribute
from .attributes import STRING, Interner, scalars
from .columns import Spans, Wanted
from .errors import BadRequest

LATEST: Final = 2**63 - 1
"""The last nanosecond a column can hold, in the year 2262; the wire's unsigned times beyond it are taken as this one."""

_ROUTE: Final = "http.route"
_PATHS: Final = ("url.path", "http.target")
_URLS: Final = ("url.full", "http.url")
_READ_FOR_ROUTE: Final = frozenset({*_PATHS, *_URLS})
_THRESHOLD: Final = re.compile(r"(?:^|;)th:([0-9a-f]{1,14})(?:;|$)")
_TRACE_ID_BYTES: Final = (0, 16)
_SPAN_ID_BYTES: Final = (0, 8)


def decode_spans(body: bytes, wanted: Wanted) -> Spans:
    """The spans of an `ExportTraceServiceRequest`, in the order sent; raises BadRequest where it is none.

    Of a span's attributes those `wanted` are kept, of a resource's all, strings, booleans and finite numbers only. An id
    that is neither empty nor of its length is a BadRequest too. A span that ends before it starts, or never, takes no time.
    """
    request = _parsed(body)
    resources, labels = Interner(), Interner()
    rows: list[tuple[int, int, int, int, int, int]] = []
    ids: list[tuple[int, int, int, int]] = []
    for of_resource in request.resource_spans:
        resource = resources.number(scalars(of_resource.resource.attributes))
        for scope in of_resource.scope_spans:
            for span in scope.spans:
                _check_ids(span)
                label = labels.number(_labels(span, wanted.attributes))
                start = min(span.start_time_unix_nano, LATEST)
                end = max(start, min(span.end_time_unix_nano, LATEST))
                rows.append((resource, label, span.kind, start, end, _rejection_threshold(span.trace_state)))
                ids.append(_ids(span))
    of, label_of, kind, starts, ends, threshold = np.array(rows, np.int64).reshape(-1, 6).T.copy()
    identity = np.array(ids, np.uint64).reshape(-1, 4)
    place = np.zeros((len(rows), 2), np.int64)
    return Spans(resources.distinct, labels.distinct, of, label_of, kind, starts, ends, threshold, identity, place)


def _ids(span: Span) -> tuple[int, int, int, int]:
    high, low = span.trace_id[:8], span.trace_id[8:]
    parent = span.parent_span_id
    return (_number(high), _number(low), _number(span.span_id), _number(parent) if len(parent) == 8 else 0)


def _number(identity: bytes) -> int:
    return int.from_bytes(identity, "big")


def _rejection_threshold(trace_state: str) -> int:
    """The `th` of the `ot` member, 56 bits: OpenTelemetry, TraceState: probability sampling. 0 where there is none."""
    for member in trace_state.split(","):
        vendor, _, value = member.strip().partition("=")
        if vendor == "ot":
            found = _THRESHOLD.search(value)
            return int(found[1].ljust(14, "0"), 16) if found else 0
    return 0


def _parsed(body: bytes) -> ExportTraceServiceRequest:
    try:
        return ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise BadRequest("the body can't be read as an OTLP ExportTraceServiceRequest") from error


def _check_ids(span: Span) -> None:
    if len(span.trace_id) not in _TRACE_ID_BYTES or len(span.span_id) not in _SPAN_ID_BYTES:
        raise BadRequest("a trace id has 16 bytes and a span id 8; the body holds a span with other ones")


def _labels(span: Span, wanted: frozenset[str]) -> dict[str, tuple[str, Attribute]]:
    found = scalars(span.attributes, wanted)
    if _ROUTE not in found and (route := _operational_route(span)):
        found[_ROUTE] = (STRING, route)
    if span.status.code == SpanStatus.STATUS_CODE_ERROR:
        found[SPAN_STATUS] = (STRING, "ERROR")
    return found


def _operational_route(span: Span) -> str | None:
    """The path that was asked for, if it is an operational one: health checks often come from frameworks that set no route."""
    said = scalars(span.attributes, _READ_FOR_ROUTE)
    for key in (*_PATHS, *_URLS):
        if key in said:
            path = _path(str(said[key][1]), is_url=key in _URLS)
            return path if path in OPERATIONAL_ROUTES else None
    return None


def _path(text: str, *, is_url: bool) -> str:
    if is_url:
        try:
            text = urlsplit(text).path
        except ValueError:  # such as an unclosed bracket in the host
            return ""
    return text.partition("?")[0].rstrip("/") or "/"
