"""Log entries as OTLP bytes: https://opentelemetry.io/docs/specs/otel/logs/data-model/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from ..clock import NANOS
from ..identity import Resource
from .entry import LogEntry
from .values import Plain

if TYPE_CHECKING:
    from ..redaction.redactor import Redactor

SAMPLED: Final = 1

_RANGES: Final = ((50, 21), (40, 17), (30, 13), (20, 9), (10, 5), (5, 1))
"""From which level of `logging` on which severity number counts: CRITICAL is FATAL, WARNING is WARN, and what is below DEBUG is TRACE."""


def severity_number(level: int) -> int:
    """The severity number of a level of `logging`: four to each range; 0, unspecified, below 5.

    "Log data model", appendix B: https://opentelemetry.io/docs/specs/otel/logs/data-model-appendix/
    """
    for lowest, number in _RANGES:
        if level >= lowest:
            return number + min(3, level - lowest)
    return 0


def logs_request(
    resource: Resource, entries: Iterable[LogEntry], redactor: Redactor, most_attributes: int, longest: int | None
) -> bytes:
    """One `ExportLogsServiceRequest`: one scope for each logger, records in the order in which they were logged.

    Limits are those of the specification's "Attribute Limits". Raises what the redactor raises.
    """
    of_resource = ResourceLogs()
    of_resource.resource.attributes.extend(_pairs(resource))
    scopes: dict[str, ScopeLogs] = {}
    for entry in entries:
        scope = scopes.get(entry.logger)
        if scope is None:
            scope = scopes[entry.logger] = of_resource.scope_logs.add()
            scope.scope.name = entry.logger
        scope.log_records.append(_record(entry, redactor, most_attributes, longest))
    return ExportLogsServiceRequest(resource_logs=[of_resource]).SerializeToString()


def _record(entry: LogEntry, redactor: Redactor, most: int, longest: int | None) -> LogRecord:
    body, fields = entry.told(redactor)
    kept = {key: _cut(value, longest) for key, value in list(fields.items())[:most]}
    at = int(entry.at * NANOS)
    record = LogRecord(
        time_unix_nano=at,
        observed_time_unix_nano=at,
        severity_number=severity_number(entry.number),  # type: ignore[arg-type]  # an enumeration's number
        severity_text=entry.level,
        body=_value(body),
        attributes=_pairs(kept),
        dropped_attributes_count=len(fields) - len(kept),
    )
    if entry.ids is not None:
        record.trace_id, record.span_id = entry.ids.trace.to_bytes(16, "big"), entry.ids.span.to_bytes(8, "big")
        record.flags = SAMPLED if entry.ids.sampled else 0
    return record


def _cut(value: Plain, longest: int | None) -> Plain:
    if longest is None:
        return value
    if isinstance(value, str):
        return value[:longest]
    return [_cut(each, longest) for each in value] if isinstance(value, list) else value


def _pairs(mapping: Mapping[str, Plain]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in mapping.items()]


def _value(value: Plain) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_value(each) for each in value]))
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=_pairs(value)))
    return AnyValue()
