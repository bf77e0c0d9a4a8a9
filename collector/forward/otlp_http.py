"""OTLP over HTTP to another collector: the bytes that came in, compressed.

Source: OTLP specification, section "OTLP/HTTP": 429, 502, 503 and 504 are tried again, after Retry-After where the server says so; a
partial success is not; every other refusal is for good.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Callable, Mapping
from typing import Final

import httpx
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ..columns import Signal
from .forwarder import Drop, QueuedRequest, Retry
from .retry_after import retry_after

TIMEOUT: Final = 10.0
RETRIED: Final = frozenset({429, 502, 503, 504})
PARTIAL: Final = "partial_success"

_PATHS: Final = {Signal.TRACES: "/v1/traces", Signal.METRICS: "/v1/metrics", Signal.LOGS: "/v1/logs"}
_LEVEL: Final = 1  # what is sent once is not worth more: a tenth larger than level 6, at a third of its time
_SMALL: Final = 1_024
_LARGE: Final = 64 * 1_024
_READ: Final = 64 * 1_024


class OtlpHttpForwarder:
    """Posts to `endpoint` + /v1/traces, /v1/metrics and /v1/logs. Neither headers nor more of the URL than its origin is ever shown.

    Redirects are not followed: they would carry headers, and the data, to strangers. `clock` gives epoch seconds, for dates in Retry-After.
    """

    def __init__(
        self,
        endpoint: str,
        clock: Callable[[], float],
        headers: Mapping[str, str] | None = None,
        *,
        compress: bool = True,
        timeout: float = TIMEOUT,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._clock = clock
        self._compress = compress
        self._timeout = timeout
        self._headers = {"user-agent": "fournines"} | dict(headers or {}) | {"content-type": "application/x-protobuf"}
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False)
        # httpx tells every request with its whole URL, at a level that operators do turn on.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    def __repr__(self) -> str:
        url = httpx.URL(self._endpoint)
        return f"OtlpHttpForwarder({url.scheme}://{url.host}:{url.port or ''})"

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def send(self, request: QueuedRequest) -> None:
        """Posts once, within the time-out in all."""
        headers, body = self._headers, request.body
        if self._compress and len(body) > _SMALL:
            headers = headers | {"content-encoding": "gzip"}
            body = await _compressed(body)
        try:
            async with asyncio.timeout(self._timeout):
                status, answer, wait = await self._post(self._endpoint + _PATHS[request.signal], body, headers)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Retry(f"no answer within {self._timeout:g} s") from error
        except httpx.TransportError as error:
            raise Retry(f"no connection ({type(error).__name__})") from error
        if status in RETRIED:
            raise Retry(f"HTTP {status}", wait)
        if not 200 <= status < 300:
            raise Drop(f"http_{status}", detail=_said(answer))
        check_partial(request, answer)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, float | None]:
        async with self._client.stream("POST", url, content=body, headers=dict(headers)) as response:
            answer = b""
            async for chunk in response.aiter_bytes():  # read to its end, so that the connection can be used again
                answer += chunk
                if len(answer) > _READ:
                    break
            return response.status_code, answer, retry_after(response.headers.get("retry-after"), self._clock())


def check_partial(request: QueuedRequest, answer: bytes) -> None:
    """Raises Drop for what the answer to an accepted request says was rejected. One that can't be read says nothing."""
    try:
        rejected, message = _rejected(request.signal, answer)
    except DecodeError:
        return
    if rejected > 0:
        raise Drop(PARTIAL, min(rejected, request.items), message)


def _rejected(signal: Signal, answer: bytes) -> tuple[int, str]:
    match signal:
        case Signal.TRACES:
            spans = ExportTraceServiceResponse.FromString(answer).partial_success
            return spans.rejected_spans, spans.error_message
        case Signal.METRICS:
            points = ExportMetricsServiceResponse.FromString(answer).partial_success
            return points.rejected_data_points, points.error_message
        case Signal.LOGS:
            records = ExportLogsServiceResponse.FromString(answer).partial_success
            return records.rejected_log_records, records.error_message


async def _compressed(body: bytes) -> bytes:
    if len(body) > _LARGE:
        return await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)
    return gzip.compress(body, _LEVEL, mtime=0)


def _said(answer: bytes) -> str:
    return answer[:200].decode("utf-8", "replace")
