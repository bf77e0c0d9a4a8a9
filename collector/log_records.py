"""Log records from the wire to columns: OTLP's `ExportLogsServiceRequest`, by way of protobuf objects."""

from __future__ import annotations

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from .attributes import Interner, scalars
from .columns import Logs, Wanted
from .errors import BadRequest
from .wire import LATEST


def decode_logs(body: bytes, _wanted: Wanted) -> Logs:
    """The records of an `ExportLogsServiceRequest`, in the order sent; raises BadRequest where it is none.

    An id that is neither empty nor of its length is a BadRequest too.
    """
    try:
        request = ExportLogsServiceRequest.FromString(body)
    except DecodeError as error:
        raise BadRequest("the body can't be read as an OTLP ExportLogsServiceRequest") from error
    resources = Interner()
    rows: list[tuple[int, int, int]] = []
    ids: list[tuple[int, int, int]] = []
    for of_resource in request.resource_logs:
        resource = resources.number(scalars(of_resource.resource.attributes))
        for scope in of_resource.scope_logs:
            for record in scope.log_records:
                time = min(record.time_unix_nano or record.observed_time_unix_nano, LATEST)
                rows.append((resource, record.severity_number, time))
                ids.append(_ids(record.trace_id, record.span_id))
    resource_of, severity, times = np.array(rows, np.int64).reshape(-1, 3).T.copy()
    identity = np.array(ids, np.uint64).reshape(-1, 3)
    return Logs(resources.distinct, resource_of, severity, times, identity, np.zeros((len(rows), 2), np.int64))


def _ids(trace: bytes, span: bytes) -> tuple[int, int, int]:
    if len(trace) not in (0, 16) or len(span) not in (0, 8):
        raise BadRequest("a trace id has 16 bytes and a span id 8; the body holds a log record with other ones")
    return int.from_bytes(trace[:8], "big"), int.from_bytes(trace[8:], "big"), int.from_bytes(span, "big")
