"""Spans gathered into one OTLP request, a service's together."""

from __future__ import annotations

from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

from .assembly import Placed
from .translate import write_span

SCOPE: Final = "fournines.collector.xray"


class RequestBuilder:
    """One request in the making; `len` says how many spans it holds."""

    def __init__(self) -> None:
        self._request = ExportTraceServiceRequest()
        self._scopes: dict[bytes, ScopeSpans] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, placed: Placed) -> None:
        """Adds a document as a span."""
        scope = self._scopes.get(placed.resource)
        if scope is None:
            scope = self._scopes[placed.resource] = self._of_service(placed.resource)
        span = scope.spans.add()
        try:
            write_span(span, placed.document)
        except BaseException:
            del scope.spans[-1]  # half a span is none
            raise
        self._size += 1

    def body(self) -> bytes:
        """The bytes of an `ExportTraceServiceRequest` with all that was added."""
        return self._request.SerializeToString()

    def _of_service(self, resource: bytes) -> ScopeSpans:
        spans = self._request.resource_spans.add()
        spans.resource.ParseFromString(resource)
        scope = spans.scope_spans.add()
        scope.scope.name = SCOPE
        return scope
