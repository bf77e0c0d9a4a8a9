"""The OTLP/gRPC receiver. Handlers get raw bytes, so that no object is made of a message before it is decoded into columns.

Source: the OTLP specification, section "OTLP/gRPC".
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NoReturn

import grpc

from .columns import Signal
from .errors import TooLarge, Unavailable
from .listener import cannot_listen, listen
from .otlp_status import MAX_BODY, refusal, response
from .recent import Receipt

AcceptSync = Callable[[Signal, bytes], Future[Receipt]]
"""Keeps one request and says later what became of it; the future raises BadRequest or Unavailable. Called from several threads."""

THREADS: Final = 16
"""Requests that wait for their commit at the same time; they sleep, and together they make one commit."""

PATIENCE: Final = 30.0
"""Seconds a commit may take before the sender is told to come again."""

_SERVICES: Final[dict[str, Signal | None]] = {
    "opentelemetry.proto.collector.trace.v1.TraceService": Signal.TRACES,
    "opentelemetry.proto.collector.metrics.v1.MetricsService": Signal.METRICS,
    "opentelemetry.proto.collector.logs.v1.LogsService": None,  # taken and dropped, as over HTTP
}
_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


class GrpcReceiver:
    """OTLP/gRPC's three services on an address of their own. An OK means, as over HTTP, that what was sent is kept."""

    def __init__(
        self,
        accept: AcceptSync,
        host: str,
        port: int,
        *,
        option: str = "--otlp-grpc-port",
        limit: int = MAX_BODY,
    ) -> None:
        self._accept = accept
        self._limit = limit
        self._server = grpc.server(
            ThreadPoolExecutor(THREADS, thread_name_prefix="otlp-grpc"),
            options=[("grpc.max_receive_message_length", limit), ("grpc.so_reuseport", 0)],
        )
        for service, signal in _SERVICES.items():
            method = grpc.unary_unary_rpc_method_handler(self._export(signal))
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": method}),))
        self.port = self._bind(host, port, option)
        """The port that is listened on."""

    def _bind(self, host: str, port: int, option: str) -> int:
        listen(host, port, option).close()  # grpc says of a failure only that it was one, and writes to stderr itself
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound = int(self._server.add_insecure_port(address))
        except RuntimeError as error:
            raise cannot_listen(host, port, option) from error
        if bound == 0:
            raise cannot_listen(host, port, option)
        return bound

    def start(self) -> None:
        """Serves from when this returns."""
        self._server.start()

    def stop(self, grace: float) -> None:
        """Takes no new requests, lets those under way be answered for `grace` seconds, then ends; returns when all is over."""
        self._server.stop(grace).wait()

    def _export(self, signal: Signal | None) -> Callable[[bytes, Any], bytes]:
        def export(body: bytes, context: Any) -> bytes:
            if signal is None:
                return b""
            try:
                receipt = self._kept(signal, body)
            except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
                _abort(context, error)
            return response(signal, receipt).SerializeToString()

        return export

    def _kept(self, signal: Signal, body: bytes) -> Receipt:
        if len(body) > self._limit:
            raise TooLarge(f"the message inflates to more than {self._limit} bytes")
        try:
            return self._accept(signal, body).result(PATIENCE)
        except TimeoutError as error:
            raise Unavailable(f"not committed within {PATIENCE:g} seconds; send it again") from error


def _abort(context: Any, error: Exception) -> NoReturn:
    refused = refusal(error)
    context.set_trailing_metadata((("grpc-status-details-bin", refused.status().SerializeToString()),))
    context.abort(_CODES[refused.code], refused.message)
    raise AssertionError("abort raises")
