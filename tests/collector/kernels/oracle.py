"""Spans and log records by way of protobuf objects: slow, plain, and what the kernels are compared with."""

from __future__ import annotations

import re

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from fournines.collector.attributes import scalars
from fournines.collector.columns import Logs, Spans
from fournines.collector.errors import BadRequest
from fournines.slo import OPERATIONAL_ROUTES, SPAN_STATUS

LATEST = 2**63 - 1
STRING = "string_value"
ROUTE = "http.route"
PATHS = ("url.path", "http.target", "url.full", "http.url")
THRESHOLD = re.compile(r"th:([0-9a-f]{1,14})")
URL = re.compile(r"[^/?#]*://[^/?#]*([^?#]*)", re.DOTALL)
PATH = re.compile(r"[^?#]*", re.DOTALL)


def decode_spans(body, wanted):
    """All spans, whatever their kind."""
    request = parsed(ExportTraceServiceRequest, body)
    resources, labels = {}, {}
    rows, ids = [], []
    for of_resource in request.resource_spans:
        resource = numbered(resources, scalars(of_resource.resource.attributes))
        for span in (span for scope in of_resource.scope_spans for span in scope.spans):
            label = numbered(labels, labels_of(span, wanted.attributes | {ROUTE, SPAN_STATUS}))
            start = min(span.start_time_unix_nano, LATEST)
            end = max(start, min(span.end_time_unix_nano, LATEST))
            rows.append((resource, label, span.kind, start, end, threshold(span.trace_state)))
            ids.append((*halves(span.trace_id), number(span.span_id, 8), number(span.parent_span_id, 8)))
    of, label_of, kind, starts, ends, rejected = np.array(rows, np.int64).reshape(-1, 6).T.copy()
    identity, place = np.array(ids, np.uint64).reshape(-1, 4), np.zeros((len(rows), 2), np.int64)
    return Spans(distinct(resources), distinct(labels), of, label_of, kind, starts, ends, rejected, identity, place)


def decode_logs(body, _wanted):
    """All log records."""
    request = parsed(ExportLogsServiceRequest, body)
    resources = {}
    rows, ids = [], []
    for of_resource in request.resource_logs:
        resource = numbered(resources, scalars(of_resource.resource.attributes))
        for record in (record for scope in of_resource.scope_logs for record in scope.log_records):
            time = min(record.time_unix_nano or record.observed_time_unix_nano, LATEST)
            rows.append((resource, record.severity_number, time))
            ids.append((*halves(record.trace_id), number(record.span_id, 8)))
    of, severity, times = np.array(rows, np.int64).reshape(-1, 3).T.copy()
    identity, place = np.array(ids, np.uint64).reshape(-1, 3), np.zeros((len(rows), 2), np.int64)
    return Logs(distinct(resources), of, severity, times, identity, place)


def numbered(known, attributes):
    """The number of a set of attributes, equal ones alike; a value's type is part of it."""
    return known.setdefault(frozenset(attributes.items()), len(known))


def distinct(known):
    """The sets by their number."""
    return tuple({name: value for name, (_, value) in each} for each in known)


def parsed(message, body):
    """The body as the protobuf library reads it."""
    try:
        return message.FromString(body)
    except DecodeError as error:
        raise BadRequest(f"the body can't be read as an OTLP {message.DESCRIPTOR.name}") from error


def number(identity, size):
    """An id as a number."""
    if len(identity) not in (0, size):
        raise BadRequest("a trace id has 16 bytes and a span id 8; the body holds other ones")
    return int.from_bytes(identity, "big")


def halves(trace_id):
    """A trace id as two numbers."""
    return divmod(number(trace_id, 16), 2**64)


def threshold(trace_state):
    """The threshold of the first member `ot`."""
    for member in trace_state.split(","):
        vendor, equals, value = member.strip(" \t").partition("=")
        if vendor == "ot" and equals:
            said = next((each for each in value.split(";") if each.startswith("th:")), "")
            found = THRESHOLD.fullmatch(said)
            return int(found[1].ljust(14, "0"), 16) if found else 0
    return 0


def labels_of(span, wanted):
    """What is kept of a span's attributes, and what is made of its path and its status."""
    found = scalars(span.attributes, wanted)
    if ROUTE not in found and (route := operational(scalars(span.attributes, frozenset(PATHS)))):
        found[ROUTE] = (STRING, route)
    if span.status.code == Status.STATUS_CODE_ERROR:
        found[SPAN_STATUS] = (STRING, "ERROR")
    return found


def operational(said):
    """The operational path in the first of PATHS that there is."""
    kind, text = next((said[key] for key in PATHS if key in said), ("", ""))
    if kind != STRING:
        return None
    url = URL.match(text)
    path = (url[1] if url else PATH.match(text)[0]).rstrip("/")
    return path if path in OPERATIONAL_ROUTES else None
