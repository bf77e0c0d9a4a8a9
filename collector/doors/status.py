"""What a receiver answers: the two protocols' codes for one outcome, and the messages that carry them.

    outcome                 HTTP   gRPC                  the sender
    Receipt                 200    OK                    goes on; with partial_success where something was rejected
    BadRequest              400    INVALID_ARGUMENT      drops it
    Unauthenticated         401    UNAUTHENTICATED       drops it
    TooLarge                413    RESOURCE_EXHAUSTED    drops it
    Unavailable             503    UNAVAILABLE           sends it again after retry_after seconds
    anything else           500    INTERNAL              drops it; the collector's log has the fault

Overload is Unavailable too, never 429: the specification allows either, and some SDKs' HTTP exporters drop what got a 429.
Source: the OTLP specification, sections "OTLP/gRPC Response" and "OTLP/HTTP Response".
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import BadRequest as BadRequestDetail
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status as RpcStatus
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ..columns import Signal
from ..errors import BadRequest, TooLarge, Unauthenticated, Unavailable
from ..receipt import Receipt

MAX_BODY: Final = 64 * 1024 * 1024
"""Bytes a body may have, before and after inflating: the specification's recommendation."""

INTERNAL: Final = "internal"
"""The reason of what is refused for a fault of the collector's own."""

Header = tuple[bytes, bytes]

_BEARER: Final = ((b"www-authenticate", b"Bearer"),)

logger = logging.getLogger("fournines.collector")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request was not taken: the word it is counted under, both protocols' codes, what its sender is told, and HTTP's headers."""

    reason: str
    http: int
    code: int
    message: str
    headers: tuple[Header, ...] = ()
    retry_after: int | None = None

    def status(self) -> RpcStatus:
        """As `google.rpc.Status`: the body of every 4xx and 5xx, and gRPC's status details."""
        status = RpcStatus(code=self.code, message=self.message)
        detail: Message | None = None
        if self.retry_after is not None:
            detail = RetryInfo(retry_delay=Duration(seconds=self.retry_after))
        elif self.http == 400:
            detail = BadRequestDetail(field_violations=[BadRequestDetail.FieldViolation(description=self.message)])
        if detail is not None:
            packed = AnyMessage()
            packed.Pack(detail)
            status.details.append(packed)
        return status


class RequestRefused(Exception):
    """A request is refused for its head."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refusal(error: BaseException) -> Refusal:
    """The refusal an error means. What is none of ours is logged, and its text is kept from the sender."""
    match error:
        case RequestRefused():
            return error.refusal
        case TooLarge():
            return Refusal("too_large", 413, code_pb2.RESOURCE_EXHAUSTED, str(error))
        case BadRequest():
            return Refusal("unreadable", 400, code_pb2.INVALID_ARGUMENT, str(error))
        case Unauthenticated():
            return Refusal("unauthenticated", 401, code_pb2.UNAUTHENTICATED, str(error), _BEARER)
        case Unavailable(retry_after=seconds):
            headers = ((b"retry-after", b"%d" % seconds),)
            return Refusal("unavailable", 503, code_pb2.UNAVAILABLE, str(error), headers, seconds)
        case _:
            logger.error("a request was not counted: a fault of the collector's own", exc_info=error)
            return Refusal(INTERNAL, 500, code_pb2.INTERNAL, "internal error; the collector's log says more")


def outcome(signal: Signal, decided: Future[Receipt]) -> Refusal | Message | None:
    """What is told of a request that was handed on: why it was not taken, or what there is to say of what was."""
    error = decided.exception()
    if error is not None:
        return refusal(error)
    receipt = decided.result()
    return _response(signal, receipt) if receipt.rejected or receipt.reason else None


def _response(signal: Signal, receipt: Receipt) -> Message:
    """The Export*ServiceResponse of a request that was taken. Nothing rejected, and a reason all the same: a warning."""
    message: ExportTraceServiceResponse | ExportMetricsServiceResponse | ExportLogsServiceResponse
    match signal:
        case Signal.TRACES:
            message = ExportTraceServiceResponse()
            message.partial_success.rejected_spans = receipt.rejected
        case Signal.METRICS:
            message = ExportMetricsServiceResponse()
            message.partial_success.rejected_data_points = receipt.rejected
        case Signal.LOGS:
            message = ExportLogsServiceResponse()
            message.partial_success.rejected_log_records = receipt.rejected
    message.partial_success.error_message = receipt.reason
    return message
