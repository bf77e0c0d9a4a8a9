"""Segments as OTLP spans: one span a segment or subsegment, of the kind and with the status that the one table of events expects.

A segment is a SERVER span, a subsegment of namespace `remote` or `aws` a CLIENT one, any other INTERNAL. A `fault` is an error; an
`error` alone is an answered refusal and none; `throttle` reads as 429.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from .attributes import RESOURCE_TREE, attributes_of, described, put_attributes
from .document import SegmentDocument, id_of, parse_trace_id
from .drop import Dropped

SERVICE: Final = "service.name"
NOBODY: Final = Resource().SerializeToString()
"""The resource of a subsegment whose segment never came."""

EXCEPTION: Final = "exception"
CAUSE: Final = "aws.xray.cause"
_REMOTE: Final = frozenset({"remote", "aws"})
_SAMPLED: Final = 1


def segment_resource(segment: SegmentDocument) -> bytes:
    """The OTLP resource, as bytes, of whoever sent a segment."""
    fields = segment.fields
    # Marshalled it is a key that distinguishes 1 from True, and costs a tenth of reading it.
    return _resource(segment.name, marshal.dumps([fields.get(part) for part in RESOURCE_TREE]))


@lru_cache(512)
def _resource(name: str, parts: bytes) -> bytes:
    fields = dict(zip(RESOURCE_TREE, marshal.loads(parts), strict=True))  # noqa: S302 - of our own making
    resource = Resource()
    put_attributes(
        resource.attributes, {SERVICE: name, "cloud.provider": "aws", **attributes_of(fields, RESOURCE_TREE)}
    )
    return resource.SerializeToString()


def write_span(span: Span, document: SegmentDocument) -> None:
    """Writes a document onto an empty span."""
    fields = document.fields
    span.trace_id = document.trace
    span.span_id = document.id
    span.parent_span_id = document.parent
    span.flags = _SAMPLED
    span.name = document.name
    span.start_time_unix_nano = document.start
    span.end_time_unix_nano = document.end
    attributes = described(fields, is_server=not document.is_subsegment)
    span.kind = _kind(document)
    if fields.get("fault") is True:
        span.status.code = Status.STATUS_CODE_ERROR
    if "cause" in fields:
        _write_cause(span, document, attributes)
    if "links" in fields:
        _write_links(span, fields["links"])
    put_attributes(span.attributes, attributes)


def _kind(document: SegmentDocument) -> Span.SpanKind.ValueType:
    if not document.is_subsegment:
        return Span.SPAN_KIND_SERVER
    return Span.SPAN_KIND_CLIENT if document.fields.get("namespace") in _REMOTE else Span.SPAN_KIND_INTERNAL


def _write_cause(span: Span, document: SegmentDocument, attributes: dict[str, Any]) -> None:
    """A cause is either exceptions, which are events, or the id of one told elsewhere in the trace."""
    cause = document.fields["cause"]
    if isinstance(cause, str):
        attributes.setdefault(CAUSE, cause)
    for exception in _exceptions(cause):
        said_of = _described_exception(exception)
        event = span.events.add(name=EXCEPTION, time_unix_nano=document.end)
        put_attributes(event.attributes, said_of)
        if span.status.code == Status.STATUS_CODE_ERROR:
            attributes.setdefault("error.type", said_of.get("exception.type", EXCEPTION))
            span.status.message = span.status.message or said_of.get("exception.message", "")


def _exceptions(cause: object) -> Iterator[Mapping[str, Any]]:
    exceptions = cause.get("exceptions") if isinstance(cause, dict) else None
    if isinstance(exceptions, list):
        yield from (exception for exception in exceptions if isinstance(exception, dict))


def _described_exception(exception: Mapping[str, Any]) -> dict[str, str]:
    found = {f"exception.{key}": text for key in ("type", "message") if isinstance(text := exception.get(key), str)}
    stack = exception.get("stack")
    if isinstance(stack, list) and stack:
        lines = (frame for frame in stack if isinstance(frame, dict))
        found["exception.stacktrace"] = "\n".join(
            f"  at {frame.get('label')} ({frame.get('path')}:{frame.get('line')})" for frame in lines
        )
    return found


def _write_links(span: Span, links: object) -> None:
    for link in links if isinstance(links, list) else ():
        try:
            written = Span.Link(trace_id=parse_trace_id(link["trace_id"]), span_id=id_of(link["id"]))
        except (Dropped, KeyError, TypeError):  # a link that leads nowhere
            continue
        if isinstance(link.get("attributes"), dict):
            put_attributes(written.attributes, link["attributes"])
        span.links.append(written)
