"""OTLP over gRPC to another collector: the bytes that came in, as they are.

Source: OTLP specification, section "OTLP/gRPC", Failures: the codes that are tried again; RESOURCE_EXHAUSTED only where the server says
when (RetryInfo).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from ..columns import Signal
from .forwarder import Drop, QueuedRequest, Retry
from .otlp_http import TIMEOUT, check_partial

RETRIED: Final = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
_METHODS: Final = {
    Signal.TRACES: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    Signal.METRICS: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    Signal.LOGS: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}
_DETAILS: Final = "grpc-status-details-bin"
_UNLIMITED: Final = (("grpc.max_send_message_length", -1),)


class OtlpGrpcForwarder:
    """Calls the three services at `target` (host:port), over TLS unless told otherwise. Its headers are never shown."""

    def __init__(
        self,
        target: str,
        headers: Mapping[str, str] | None = None,
        *,
        tls: bool = True,
        compress: bool = True,
        timeout: float = TIMEOUT,
    ) -> None:
        self._target = target
        self._metadata = tuple((key.lower(), value) for key, value in (headers or {}).items())
        self._tls = tls
        self._compression = grpc.Compression.Gzip if compress else grpc.Compression.NoCompression
        self._timeout = timeout
        self._channel: Any = None
        self._calls: dict[Signal, Any] = {}

    def __repr__(self) -> str:
        return f"OtlpGrpcForwarder({self._target})"

    async def close(self) -> None:
        """Closes its connection."""
        if self._channel is not None:
            await self._channel.close()
            self._channel, self._calls = None, {}

    async def send(self, request: QueuedRequest) -> None:
        """Calls once."""
        call = self._calls.get(request.signal) or self._connect()[request.signal]
        try:
            answer: bytes = await call(
                request.body, timeout=self._timeout, metadata=self._metadata, compression=self._compression
            )
        except grpc.aio.AioRpcError as error:
            raise _verdict(error) from error
        check_partial(request, answer)

    def _connect(self) -> dict[Signal, Any]:
        """A channel belongs to the loop it is made in."""
        target, options = self._target, _UNLIMITED
        if self._tls:
            self._channel = grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(), options=options)
        else:
            self._channel = grpc.aio.insecure_channel(target, options=options)
        self._calls = {signal: self._channel.unary_unary(method) for signal, method in _METHODS.items()}
        return self._calls


def _verdict(error: Any) -> Retry | Drop:
    code, wait = error.code(), _asked(error)
    said = f"{code.name}: {str(error.details())[:200]}"
    if code in RETRIED or (code is grpc.StatusCode.RESOURCE_EXHAUSTED and wait is not None):
        return Retry(said, wait)
    return Drop(f"grpc_{code.name.lower()}", detail=said)


def _asked(error: Any) -> float | None:
    """Seconds to wait, where the server's RetryInfo says so."""
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS:
            try:
                for detail in Status.FromString(value).details:
                    info = RetryInfo()
                    if detail.Unpack(info):
                        return float(info.retry_delay.ToNanoseconds() / 1e9)
            except DecodeError:
                return None
    return None
