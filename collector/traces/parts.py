"""Spans and log records out of the bytes they came in: found by their rows, read one by one, and without secrets."""

from __future__ import annotations

from typing import Any

import xxhash
from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ...slo import Attributes
from ..cards import REDACTED
from ..columns import IdColumns, Logs, Spans
from ..credentials import is_secret
from ..errors import Unredactable
from ..redaction import clean_item, without_sensitive
from .store import TracePart


def trace_id_of(ids: IdColumns, row: int) -> bytes:
    """The trace id of a row."""
    return int(ids[row, 0]).to_bytes(8) + int(ids[row, 1]).to_bytes(8)


def span_id_of(ids: IdColumns, row: int) -> bytes:
    """The span id of a row."""
    return int(ids[row, 2]).to_bytes(8)


def messages(body: bytes, columns: Spans | Logs, rows: list[int]) -> dict[int, Any]:
    """The messages of some rows, by row; those that the library can't read are left out."""
    make: Any = Span if isinstance(columns, Spans) else LogRecord
    found = {}
    for row in rows:
        start, size = columns.place[row].tolist()
        try:
            found[row] = make.FromString(body[start : start + size])
        except DecodeError:
            continue  # counted by the caller, who misses it
    return found


def parts(body: bytes, columns: Spans | Logs, rows: list[int]) -> list[TracePart]:
    """Some rows as they are stored; those that can't be read, or not cleaned without holding up all others, are left out."""
    found = []
    for row, message in messages(body, columns, rows).items():
        try:
            data = clean_item(message)
        except Unredactable:
            continue  # missed by the caller
        identity = span_id_of(columns.ids, row) if isinstance(columns, Spans) else xxhash.xxh3_128_digest(data)
        resource = _cleaned(columns.resources[int(columns.resource[row])])
        found.append(TracePart(trace_id_of(columns.ids, row), identity, resource, data))
    return found


def _cleaned(resource: Attributes) -> Attributes:
    return {
        key: (REDACTED if is_secret(key) else without_sensitive(value)) if isinstance(value, str) else value
        for key, value in resource.items()
    }
