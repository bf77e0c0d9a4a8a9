"""Loopback OTLP receivers that answer as a test tells them, and keep every body they read."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

DURATION = "http.server.request.duration"
UP = "fournines.service.up"
OK = ("200", {})


class Receiver:
    """What arrived; `script` holds the next answers, then every answer is 200.

    An answer is (status, headers); "drop" reads the body and cuts the connection; "hang" answers once `release` is set.
    """

    def __init__(self):
        self.script = []
        self.bodies = {"metrics": [], "traces": [], "logs": []}
        self.acknowledged = {"metrics": [], "traces": [], "logs": []}
        self.headers = []
        self.release = threading.Event()
        self.arrived = threading.Condition()

    def take(self, signal, body, headers=None):
        """Notes one attempt and says how it is to be answered."""
        with self.arrived:
            self.bodies[signal].append(body)
            self.headers.append(dict(headers or {}))
            answer = self.script.pop(0) if self.script and signal == "metrics" else OK
            if answer[0] == "200" or answer[0] == "drop":
                self.acknowledged[signal].append(body)
            self.arrived.notify_all()
        return answer

    def wait_for(self, condition, timeout=20):
        """Waits until the condition over this receiver holds."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: condition(self), timeout), "it never arrived"

    def metrics(self):
        """Every distinct acknowledged metrics request, decoded: what a collector that knows repeats would count."""
        return [decoded_metrics(body) for body in dict.fromkeys(self.acknowledged["metrics"])]

    def points(self):
        """All histogram points of the request duration."""
        return [point for request in self.metrics() for point in duration_points(request)]

    def count(self):
        """How many requests a collector would have counted."""
        return sum(point.count for point in self.points())

    def ups(self):
        """The heartbeats, in order."""
        return [heartbeat(request) for request in self.metrics()]

    def spans(self):
        """All spans, in order of arrival."""
        requests = (ExportTraceServiceRequest.FromString(unpacked(body)) for body in self.acknowledged["traces"])
        return [
            span
            for request in requests
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        ]

    def logs(self):
        """All log records as (resource, scope, record), in order of arrival."""
        requests = (ExportLogsServiceRequest.FromString(unpacked(body)) for body in self.acknowledged["logs"])
        return [
            (of_resource.resource, of_scope.scope, record)
            for request in requests
            for of_resource in request.resource_logs
            for of_scope in of_resource.scope_logs
            for record in of_scope.log_records
        ]


def unpacked(body):
    """The body without its compression."""
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def decoded_metrics(body):
    """One metrics request."""
    return ExportMetricsServiceRequest.FromString(unpacked(body))


def metrics_named(request, name):
    """The metrics of one name in a request."""
    return [m for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name]


def duration_points(request):
    """The request duration's points in a request."""
    return [point for metric in metrics_named(request, DURATION) for point in metric.histogram.data_points]


def heartbeat(request):
    """The value of the heartbeat in a request."""
    (metric,) = metrics_named(request, UP)
    return metric.gauge.data_points[0].as_int


def labels(thing):
    """Attributes of a point, span or resource as a dict."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in thing.attributes}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers = receiver.take(self.path.rsplit("/", 1)[-1], body, self.headers)
        if status == "drop":
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        if status == "hang":
            receiver.release.wait(30)
            status = "503"
        self.send_response(int(status))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class HttpReceiver(Receiver):
    """OTLP over HTTP on a free port of 127.0.0.1."""

    protocol = "http/protobuf"

    def __init__(self):
        super().__init__()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.receiver = self
        self.server.handle_error = lambda *_: None
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self):
        """Stops serving."""
        self.release.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class GrpcReceiver(Receiver):
    """OTLP over gRPC on a free port of 127.0.0.1."""

    protocol = "grpc"

    def __init__(self):
        super().__init__()
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        services = {
            "metrics": "metrics.v1.MetricsService",
            "traces": "trace.v1.TraceService",
            "logs": "logs.v1.LogsService",
        }
        for signal, service in services.items():
            handler = grpc.unary_unary_rpc_method_handler(
                lambda body, ctx, signal=signal: self.answer(signal, body, ctx)
            )
            name = f"opentelemetry.proto.collector.{service}"
            self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": handler}),))
        self.endpoint = f"http://127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def answer(self, signal, body, context):
        """One call, answered by the script: HTTP's words are translated."""
        status, _ = self.take(signal, body, context.invocation_metadata())
        codes = {
            "503": grpc.StatusCode.UNAVAILABLE,
            "drop": grpc.StatusCode.UNAVAILABLE,
            "400": grpc.StatusCode.INVALID_ARGUMENT,
        }
        if status == "hang":
            self.release.wait(30)
            status = "503"
        if status in codes:
            context.abort(codes[status], "as told")
        return b""

    def close(self):
        """Stops serving."""
        self.release.set()
        self.server.stop(None).wait()
