"""A probe's result as the span that whoever asked would have sent: kind CLIENT, by the semantic conventions for HTTP.

What was asked is told under a name of ours: told as `url.full` or `url.path`, a health page would count for nothing.
"""

from __future__ import annotations

import secrets
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from ..columns import nanoseconds
from ..names import SERVICE_INSTANCE, SERVICE_NAME
from .check import Checked
from .probe import Probe

ASKED: Final = "fournines.probe.url"
"""Attribute that says what was asked."""

INSTANCE: Final = "fournines-probe"
"""The instance that probes stand for: none of the service's own."""


def probe_request(probe: Probe, checked: Checked) -> bytes:
    """One `ExportTraceServiceRequest`."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    _put(resource.resource, SERVICE_NAME, probe.service)
    _put(resource.resource, SERVICE_INSTANCE, INSTANCE)
    scope = resource.scope_spans.add()
    scope.scope.name = "fournines.probe"
    span = scope.spans.add(
        trace_id=secrets.token_bytes(16),
        span_id=secrets.token_bytes(8),
        name="probe",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=nanoseconds(checked.began),
        end_time_unix_nano=nanoseconds(checked.ended),
    )
    _describe(span, probe, checked)
    return request.SerializeToString()


def _describe(span: Span, probe: Probe, checked: Checked) -> None:
    _put(span, ASKED, probe.shown)
    _put(span, "server.address", urlsplit(probe.url).hostname or "")
    if not probe.url.startswith("tcp:"):
        span.name = probe.method
        _put(span, "http.request.method", probe.method)
    if checked.status is not None:
        _put(span, "http.response.status_code", checked.status)
    if checked.error:
        _put(span, "error.type", checked.error)
        span.status.code = Status.STATUS_CODE_ERROR
        span.status.message = checked.detail[:200]


def _put(target: Any, key: str, value: str | int) -> None:
    attribute = target.attributes.add(key=key)
    if isinstance(value, int):
        attribute.value.int_value = value
    else:
        attribute.value.string_value = value
