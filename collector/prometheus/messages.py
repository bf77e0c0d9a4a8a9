"""Prometheus' protobuf messages, declared as tables: remote write 1.0 and 2.0, and the exposition's metric families.

Field numbers are those of `prompb/remote.proto`, `prompb/types.proto`, `io/prometheus/write/v2/types.proto` and
`io/prometheus/client/metrics.proto`. Labels and exemplars of 1.0 are left as bytes here: equal bytes are an equal label, so that a
series known already is found without an object for each of its labels.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE: Final = "fournines.prometheus"
_SCALARS: Final = {
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "sint32": FieldDescriptorProto.TYPE_SINT32,
    "sint64": FieldDescriptorProto.TYPE_SINT64,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}

_HISTOGRAM: Final = """
1 count_int uint64; 2 count_float double; 3 sum double; 4 schema sint32; 5 zero_threshold double; 6 zero_count_int uint64;
7 zero_count_float double; 8 negative_spans Span*; 9 negative_deltas sint64*; 10 negative_counts double*; 11 positive_spans Span*;
12 positive_deltas sint64*; 13 positive_counts double*; 14 reset_hint int32; 15 timestamp int64; 16 custom_values double*;
17 start_timestamp int64
"""
_MESSAGES: Final = {
    "Span": "1 offset sint32; 2 length uint32",
    "Histogram": _HISTOGRAM,
    "Label": "1 name string; 2 value string",
    "Sample": "1 value double; 2 timestamp int64; 3 start_timestamp int64",
    "TimeSeries": "1 labels bytes*; 2 samples Sample*; 3 exemplars bytes*; 4 histograms Histogram*",
    "WriteRequest": "1 timeseries TimeSeries*; 3 metadata bytes*",
    "Metadata2": "1 type int32; 3 help_ref uint32; 4 unit_ref uint32",
    "Exemplar2": "1 labels_refs uint32*; 2 value double; 3 timestamp int64",
    "TimeSeries2": "1 labels_refs uint32*; 2 samples Sample*; 3 histograms Histogram*; 4 exemplars Exemplar2*; 5 metadata Metadata2",
    "Request2": "4 symbols string*; 5 timeseries TimeSeries2*",
    "Time": "1 seconds int64; 2 nanos int32",
    "Number": "1 value double; 3 created_timestamp Time",
    "Bucket": "1 cumulative_count uint64; 2 upper_bound double; 4 cumulative_count_float double",
    "Summary": "1 sample_count uint64; 2 sample_sum double; 4 created_timestamp Time",
    "MetricHistogram": """
        1 sample_count uint64; 2 sample_sum double; 3 bucket Bucket*; 4 sample_count_float double; 5 schema sint32;
        6 zero_threshold double; 7 zero_count uint64; 8 zero_count_float double; 9 negative_span Span*; 10 negative_delta sint64*;
        11 negative_count double*; 12 positive_span Span*; 13 positive_delta sint64*; 14 positive_count double*;
        15 created_timestamp Time
    """,
    "Metric": """
        1 label Label*; 2 gauge Number; 3 counter Number; 4 summary Summary; 5 untyped Number; 6 timestamp_ms int64;
        7 histogram MetricHistogram
    """,
    "MetricFamily": "1 name string; 2 help string; 3 type int32; 4 metric Metric*; 5 unit string",
}


def _declared() -> DescriptorPool:
    file = FileDescriptorProto(name="fournines/prometheus.proto", package=_PACKAGE, syntax="proto3")
    for name, table in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for line in table.split(";"):
            number, field_name, kind = line.split()
            field = message.field.add(name=field_name, number=int(number))
            field.label = (
                FieldDescriptorProto.LABEL_REPEATED if kind.endswith("*") else FieldDescriptorProto.LABEL_OPTIONAL
            )
            scalar = _SCALARS.get(kind.rstrip("*"))
            field.type = FieldDescriptorProto.TYPE_MESSAGE if scalar is None else scalar
            if scalar is None:
                field.type_name = f".{_PACKAGE}.{kind.rstrip('*')}"
    pool = DescriptorPool()
    pool.Add(file)
    return pool


_POOL: Final = _declared()


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


Label: Final = _message("Label")
TimeSeries: Final = _message("TimeSeries")
WriteRequest: Final = _message("WriteRequest")
"""Remote write 1.0; `labels` are serialised `Label` messages."""

WriteRequest2: Final = _message("Request2")
"""Remote write 2.0."""

MetricFamily: Final = _message("MetricFamily")
"""One family of the protobuf exposition, where each is preceded by its length."""
