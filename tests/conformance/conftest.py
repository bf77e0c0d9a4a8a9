"""A black-box suite of the OTLP specification's demands on a server: HTTP with protobuf and JSON, and gRPC, at any address.

    pytest tests/conformance --otlp-http http://127.0.0.1:4318 --otlp-grpc 127.0.0.1:4317 --conformance-table table.md

Without addresses it starts `fournines serve` and judges that. Each test is one demand; its marker cites the specification
(https://opentelemetry.io/docs/specs/otlp/). The level DEFINED is for what the text defines without a key word, HTTP and gRPC for what
it leaves to those protocols.
"""

from __future__ import annotations

import gzip
import json
import select
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import grpc
import httpx
import pytest
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

MEDIA_TYPES = {"protobuf": "application/x-protobuf", "json": "application/json"}
REQUESTS = {
    "traces": traces.ExportTraceServiceRequest,
    "metrics": metrics.ExportMetricsServiceRequest,
    "logs": logs.ExportLogsServiceRequest,
}
RESPONSES = {
    "traces": traces.ExportTraceServiceResponse,
    "metrics": metrics.ExportMetricsServiceResponse,
    "logs": logs.ExportLogsServiceResponse,
}
METHODS = {
    signal: f"/opentelemetry.proto.collector.{room}.v1.{service}Service/Export"
    for signal, room, service in (
        ("traces", "trace", "Trace"),
        ("metrics", "metrics", "Metrics"),
        ("logs", "logs", "Logs"),
    )
}
REFUSED_EARLY = "closed"
"""Stands for a connection that ended before an answer was sent."""

TIMEOUT = 30.0


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption("--otlp-http", help="the base URL of an OTLP/HTTP server, such as http://127.0.0.1:4318")
    group.addoption("--otlp-grpc", help="the address of an OTLP/gRPC server, such as 127.0.0.1:4317")
    group.addoption("--otlp-limit", type=int, help="bytes that surely are beyond the server's limit (64 MiB and one)")
    group.addoption("--conformance-table", help="a file to write the verdicts to, as a Markdown table")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(level, section, words): a demand of the OTLP specification")


@dataclass
class Row:
    """One demand and its verdicts, by the test's parameters."""

    level: str
    section: str
    words: str
    verdicts: dict[str, str] = field(default_factory=dict)

    def written(self) -> str:
        """The row of the table."""
        failed = [name for name, verdict in self.verdicts.items() if verdict == "failed"]
        if not failed:
            verdict = "yes"
        elif len(failed) == len(self.verdicts):
            verdict = "**no**"
        else:
            verdict = f"**no**: {', '.join(sorted(failed))}"
        return f"| {self.level} | {self.section} | {self.words} | {verdict} |"


ROWS: dict[str, Row] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    report = yield
    marker = item.get_closest_marker("requirement")
    if marker and (report.when == "call" or report.failed):
        row = ROWS.setdefault(item.nodeid.partition("[")[0], Row(*marker.args))
        name = item.callspec.id if hasattr(item, "callspec") else ""
        row.verdicts[name] = report.outcome
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("conformance_table", default=None)
    if path and ROWS:
        rows = ["| level | section | the server … | conforms |", "| --- | --- | --- | --- |"]
        Path(path).write_text("\n".join([*rows, *(row.written() for row in ROWS.values())]) + "\n", encoding="utf-8")


class Answer(NamedTuple):
    """What came back over HTTP."""

    status: int
    media_type: str
    body: bytes
    headers: httpx.Headers

    def message(self, kind: type[Message]) -> Message:
        """The body as a message, read by its own Content-Type; fails the test where it is none."""
        try:
            if self.media_type == MEDIA_TYPES["json"]:
                return json_format.Parse(self.body, kind(), ignore_unknown_fields=True)
            return kind.FromString(self.body)
        except (json_format.ParseError, DecodeError, UnicodeDecodeError) as error:
            raise AssertionError(f"the body is no {kind.__name__} in {self.media_type}: {self.body[:200]!r}") from error

    def error(self) -> status_pb2.Status:
        """The Status that describes what went wrong."""
        return self.message(status_pb2.Status)


class Target:
    """A server to be judged."""

    def __init__(self, http: str, grpc_address: str, limit: int) -> None:
        self.http = http.rstrip("/")
        self.grpc_address = grpc_address
        self.beyond = limit
        self._client = httpx.Client(trust_env=False, timeout=TIMEOUT)
        self._channel = grpc.insecure_channel(grpc_address, options=[("grpc.max_send_message_length", -1)])
        self._last = time.time_ns()

    def close(self) -> None:
        self._client.close()
        self._channel.close()

    # Bodies.

    def document(self, signal: str) -> dict:
        """A valid request as OTLP/JSON, unlike any before it."""
        self._last += 1
        now, number = str(time.time_ns()), f"{self._last:016x}"
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "conformance"}}]}
        if signal == "traces":
            span = {"traceId": number * 2, "spanId": number, "name": "GET /", "kind": 2}
            span |= {"startTimeUnixNano": now, "endTimeUnixNano": now}
            return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
        if signal == "metrics":
            point = {"asInt": "1", "startTimeUnixNano": str(int(now) - 10**9), "timeUnixNano": now}
            point["attributes"] = [{"key": "number", "value": {"stringValue": number}}]
            metric = {"name": "calls", "sum": {"isMonotonic": True, "aggregationTemporality": 1, "dataPoints": [point]}}
            return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": [metric]}]}]}
        record = {"timeUnixNano": now, "severityNumber": 9, "body": {"stringValue": f"hello {number}"}}
        return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}

    def message(self, signal: str) -> Message:
        """The same as a protobuf message."""
        document = self.document(signal)
        ids = {}
        if signal == "traces":
            span = document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
            ids = {"trace_id": bytes.fromhex(span.pop("traceId")), "span_id": bytes.fromhex(span.pop("spanId"))}
        message = json_format.ParseDict(document, REQUESTS[signal]())
        for name, value in ids.items():
            setattr(message.resource_spans[0].scope_spans[0].spans[0], name, value)
        return message

    def body(self, signal: str, encoding: str) -> bytes:
        """The same as bytes."""
        if encoding == "json":
            return json.dumps(self.document(signal)).encode()
        return self.message(signal).SerializeToString()

    # HTTP.

    def post(self, signal: str, encoding: str, body: bytes | None = None, **headers: str) -> Answer:
        """Posts a request, a valid one unless given."""
        content = self.body(signal, encoding) if body is None else body
        usual = {"Content-Type": MEDIA_TYPES[encoding], "Accept-Encoding": "identity"}
        return self.ask(
            "POST", f"/v1/{signal}", content, usual | {key.replace("_", "-"): value for key, value in headers.items()}
        )

    def ask(self, method: str, path: str, content: bytes | Iterator[bytes] | None, headers: dict[str, str]) -> Answer:
        """Sends anything."""
        answer = self._client.request(method, self.http + path, content=content, headers=headers)
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Answer(answer.status_code, media_type, answer.content, answer.headers)

    def post_json(self, signal: str, document: object) -> Answer:
        """Posts JSON."""
        return self.post(signal, "json", json.dumps(document).encode())

    def flood(self, headers: str, size: int) -> int | str:
        """Sends a body of so many bytes as fast as the server reads; the status, or REFUSED_EARLY where none came."""
        place = urlsplit(self.http)
        head = (
            f"POST {place.path}/v1/traces HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: {size}\r\n{headers}\r\n"
        )
        answer, piece = b"", bytes(2**16)
        with socket.create_connection((place.hostname, place.port or 80), timeout=TIMEOUT) as connection:
            try:
                connection.sendall(head.encode())
                while size > 0 and not select.select([connection], [], [], 0)[0]:
                    size -= connection.send(piece[:size])
            except ConnectionError:
                pass  # the answer may stand in our buffer all the same
            try:
                while b"\r\n" not in answer and (got := connection.recv(4_096)):
                    answer += got
            except ConnectionError:
                return REFUSED_EARLY
        return int(answer.split()[1]) if answer else REFUSED_EARLY

    # gRPC.

    def call(self, signal: str, body: bytes | None = None, *, compressed: bool = False, method: str = "") -> Message:
        """Calls Export with raw bytes, a valid request unless given; raises grpc.RpcError."""
        return self.future(signal, body, compressed=compressed, method=method).result()

    def future(
        self, signal: str, body: bytes | None = None, *, compressed: bool = False, method: str = ""
    ) -> grpc.Future:
        """The same, not waited for."""
        export = self._channel.unary_unary(
            method or METHODS[signal], request_serializer=bytes, response_deserializer=RESPONSES[signal].FromString
        )
        how = grpc.Compression.Gzip if compressed else grpc.Compression.NoCompression
        content = self.body(signal, "protobuf") if body is None else body
        return export.future(content, compression=how, timeout=TIMEOUT, wait_for_ready=True)

    def refusal(self, signal: str, body: bytes, **how: object) -> grpc.RpcError:
        """How a call that must be refused was refused."""
        with pytest.raises(grpc.RpcError) as refused:
            self.call(signal, body, **how)
        return refused.value


def retry_info(error: grpc.RpcError) -> list[error_details_pb2.RetryInfo]:
    """The RetryInfo of a gRPC error's details."""
    raw = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    details = status_pb2.Status.FromString(raw).details
    return [one for one in details if one.Is(error_details_pb2.RetryInfo.DESCRIPTOR)]


@pytest.fixture(scope="session")
def target(request, tmp_path_factory, run_server, free_port) -> Iterator[Target]:
    """The server that is judged: the one named on the command line, else one of ours."""
    option = request.config.getoption
    http, grpc_address = option("otlp_http", default=None), option("otlp_grpc", default=None)
    limit = option("otlp_limit", default=None) or 64 * 2**20 + 1
    if bool(http) != bool(grpc_address):
        pytest.exit("--otlp-http and --otlp-grpc go together", returncode=4)
    if http:
        judged = Target(http, grpc_address, limit)
        yield judged
        judged.close()
        return
    pages, http_port, grpc_port = free_port(), free_port(), free_port()
    command = [sys.executable, "-m", "fournines", "serve", "--data", tmp_path_factory.mktemp("conformance") / "data"]
    ports = {"--port": pages, "--otlp-http-port": http_port, "--otlp-grpc-port": grpc_port, "--xray-port": 0}
    arguments = [str(part) for pair in ports.items() for part in pair]
    with run_server([*command, *arguments], f"http://127.0.0.1:{pages}/readyz", timeout=120):
        judged = Target(f"http://127.0.0.1:{http_port}", f"127.0.0.1:{grpc_port}", limit)
        yield judged
        judged.close()


@pytest.fixture(scope="session")
def media_types() -> dict[str, str]:
    """The Content-Type of each encoding."""
    return MEDIA_TYPES


@pytest.fixture(scope="session")
def responses() -> dict[str, type[Message]]:
    """The response message of each signal."""
    return RESPONSES


@pytest.fixture(scope="session")
def zipped():
    """Bytes as a gzip member."""
    return gzip.compress


@pytest.fixture(scope="session")
def delay():
    """The RetryInfo of a gRPC error's details."""
    return retry_info
