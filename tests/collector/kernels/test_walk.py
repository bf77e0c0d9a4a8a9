"""The table of messages that are walked is that of opentelemetry-proto."""

from __future__ import annotations

from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    EntityRef,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Exemplar,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    NumberDataPoint,
    Sum,
    Summary,
    SummaryDataPoint,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

MESSAGES = {
    "ANY_VALUE": AnyValue,
    "ARRAY_VALUE": ArrayValue,
    "KEY_VALUE_LIST": KeyValueList,
    "KEY_VALUE": KeyValue,
    "ENTITY": EntityRef,
    "RESOURCE": Resource,
    "SCOPE": InstrumentationScope,
    "EVENT": Span.Event,
    "LINK": Span.Link,
    "EXEMPLAR": Exemplar,
    "SUMMARY_POINT": SummaryDataPoint,
    "QUANTILE": SummaryDataPoint.ValueAtQuantile,
    "STATUS": Status,
    "GAUGE": Gauge,
    "SUM": Sum,
    "HISTOGRAM": Histogram,
    "EXPONENTIAL": ExponentialHistogram,
    "SUMMARY": Summary,
    "NUMBER_POINT": NumberDataPoint,
    "HISTOGRAM_POINT": HistogramDataPoint,
    "EXPONENTIAL_POINT": ExponentialHistogramDataPoint,
    "BUCKETS": ExponentialHistogramDataPoint.Buckets,
}


def test_the_walked_fields_are_those_of_the_library(decoders):
    """Every text, every message within a message and every list of numbers is known by its field, and nothing else is."""
    from fournines.collector.kernels import walk

    number_of = {message.DESCRIPTOR.full_name: getattr(walk, name) for name, message in MESSAGES.items()}
    for name, message in MESSAGES.items():
        expected = {field.number: holds(field, walk, number_of) for field in message.DESCRIPTOR.fields}
        assert {number: what for number, what in expected.items() if what} == walk.FIELDS[getattr(walk, name)], name
    assert {getattr(walk, name) for name in MESSAGES} == set(walk.FIELDS)


def test_the_fields_that_redaction_looks_at_are_those_of_the_library(decoders):
    """From a request down, no text, no bytes of a value and no message is forgotten."""
    from fournines.collector import Signal
    from fournines.collector.kernels import redaction, walk

    requests = {
        Signal.TRACES: ExportTraceServiceRequest,
        Signal.METRICS: ExportMetricsServiceRequest,
        Signal.LOGS: ExportLogsServiceRequest,
    }
    for signal, request in requests.items():
        waiting, seen = [(request.DESCRIPTOR, redaction.REQUESTS[signal])], set()
        while waiting:
            descriptor, number = waiting.pop()
            seen.add(number)
            for field in descriptor.fields:
                known = redaction.MESSAGES[number].get(field.number, 0)
                if field.type == FieldDescriptor.TYPE_MESSAGE:
                    assert known > 0, field.full_name
                    waiting += [(field.message_type, known)] if known not in seen else []
                elif field.type == FieldDescriptor.TYPE_STRING:
                    assert walk.TEXT == known, field.full_name
                elif field.full_name.endswith(".bytes_value"):
                    assert redaction.BYTES == known


def holds(field, walk, number_of):
    """What the table says of a field; nothing of scalars that are not repeated, and of bytes."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return walk.TEXT
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return number_of[field.message_type.full_name]
    if field.is_repeated:
        return walk.VARINTS if field.type == FieldDescriptor.TYPE_UINT64 else walk.WORDS
    return None
