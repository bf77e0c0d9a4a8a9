"""Trace Context Level 2 from end to end: an instrumented service that is asked, over HTTP, to call others.

The cases are those of the working group's validation service (https://github.com/w3c/trace-context/tree/main/test) with
SPEC_LEVEL 2 and STRICT_LEVEL 2: the service is sent a list of `{url, arguments}` and posts `arguments` to each `url`; what
counts are the headers of these calls.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from opentelemetry.sdk.trace import TracerProvider

from fournines.instrumentation import instrument

TRACE, OTHER, SPAN = "12345678901234567890123456789012", "12345678901234567890123456789011", "1234567890123456"
GOOD = f"00-{TRACE}-{SPAN}-01"
VALUE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in ",=")
KEY = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
TENS = [",".join(f"bar{n:02}={n:02}" for n in range(first, first + 10)) for first in (1, 11, 21)]


class Server:
    """An application on uvicorn, in a thread, on a free port."""

    def __init__(self, app, http):
        self.server = uvicorn.Server(uvicorn.Config(app, port=0, http=http, log_level="warning"))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            self.thread.join(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self):
        self.server.should_exit = True
        self.thread.join()


class Called:
    """What the service calls: keeps the headers of each call."""

    def __init__(self):
        self.calls = []

    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        await receive()
        self.calls.append([(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def relay():
    """The service: `/async` and `/sync` post to what the body lists, `/healthz` too, though it is no traffic."""
    clients = {}

    @contextlib.asynccontextmanager
    async def lifespan(app):
        async with httpx.AsyncClient(verify=False, trust_env=False) as clients["async"]:
            with httpx.Client(verify=False, trust_env=False) as clients["sync"]:
                yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/healthz")
    @app.post("/async")
    async def with_async(request: Request):
        for action in await request.json():
            await clients["async"].post(action["url"], json=action["arguments"])

    @app.post("/sync")
    def with_sync(actions: list[dict]):
        for action in actions:
            clients["sync"].post(action["url"], json=action["arguments"])

    return app


@pytest.fixture(scope="module", params=["h11", "httptools", "a provider that was there before"])
def service(request):
    """Sends headers to the instrumented service, byte for byte, and gives those of the calls it then made."""
    http = request.param if request.param in ("h11", "httptools") else "h11"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OTEL_METRICS_EXPORTER", "OTEL_TRACES_EXPORTER"):
            patch.setenv(name, "none")
        if http != request.param:
            patch.setattr("fournines.instrumentation.providers.global_provider", TracerProvider)
        app = relay()
        telemetry = instrument(app, service="suite")
    called = Called()
    far, near = Server(called, "httptools"), Server(app, http)

    def ask(headers, path="/async", times=1):
        called.calls.clear()
        body = json.dumps([{"url": f"http://127.0.0.1:{far.port}/{n}", "arguments": []} for n in range(times)])
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        with socket.create_connection(("127.0.0.1", near.port)) as to:
            to.sendall(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\n{head}\r\n{body}".encode("latin-1")
            )
            answer = b"".join(iter(lambda: to.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200"), answer
        assert len(called.calls) == times
        return [list(headers) for headers in called.calls]

    yield ask
    near.stop()
    far.stop()
    telemetry.shutdown()


def parent(headers):
    """(trace id, parent id, flags) of a call, which has to have one valid `traceparent` of version 00, in lower case."""
    (value,) = [value for name, value in headers if name == "traceparent"]
    found = re.fullmatch("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", value)
    assert found
    assert set(found[1]) != {"0"}
    assert set(found[2]) != {"0"}
    return found.groups()


def state(headers):
    """The `tracestate` of a call; None when there is none. It is sent as one header, never as an empty one."""
    values = [value for name, value in headers if name == "tracestate"]
    assert len(values) <= 1
    assert "" not in values
    return values[0] if values else None


@pytest.mark.parametrize("headers", [
    [("traceparent", GOOD)],
    [("TraceParent", GOOD)], [("TrAcEpArEnT", GOOD)], [("TRACEPARENT", GOOD)],
    [("traceparent", f"cc-{TRACE}-{SPAN}-01")],
    [("traceparent", f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like")],
    [("traceparent", f" {GOOD}")], [("traceparent", f"\t{GOOD}")], [("traceparent", f"{GOOD} ")], [("traceparent", f"{GOOD}\t")],
    [("traceparent", f"\t {GOOD} \t")],
])  # fmt: skip
def test_a_valid_traceparent_is_continued(service, headers):
    """Header names in any case, blanks around the value, versions to come: same trace, another parent id, sampled as it was."""
    (call,) = service(headers)

    trace_id, span_id, flags = parent(call)
    assert trace_id == TRACE
    assert span_id != SPAN
    assert flags == "01"


@pytest.mark.parametrize("headers", [
    [],
    [("traceparent", f"00-{OTHER}-{SPAN}-01"), ("traceparent", GOOD)],
    [("traceparent", GOOD), ("traceparent", GOOD)],
    [("traceparent", ""), ("traceparent", GOOD)],
    [("trace-parent", GOOD)], [("trace.parent", GOOD)],
    [("traceparent", f"{GOOD}.")], [("traceparent", f"{GOOD}-what-the-future-will-be-like")],
    [("traceparent", f"cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like")],
    [("traceparent", f"ff-{TRACE}-{SPAN}-01")],
    [("traceparent", f".0-{TRACE}-{SPAN}-01")], [("traceparent", f"0.-{TRACE}-{SPAN}-01")],
    [("traceparent", f"000-{TRACE}-{SPAN}-01")], [("traceparent", f"0000-{TRACE}-{SPAN}-01")],
    [("traceparent", f"0-{TRACE}-{SPAN}-01")],
    [("traceparent", f"00-{'0' * 32}-{SPAN}-01")],
    [("traceparent", f"00-.{TRACE[1:]}-{SPAN}-01")], [("traceparent", f"00-{TRACE[:-1]}.-{SPAN}-01")],
    [("traceparent", f"00-{TRACE}3-{SPAN}-01")], [("traceparent", f"00-{TRACE[:-1]}-{SPAN}-01")],
    [("traceparent", f"00-{TRACE}-{'0' * 16}-01")],
    [("traceparent", f"00-{TRACE}-.{SPAN[1:]}-01")], [("traceparent", f"00-{TRACE}-{SPAN[:-1]}.-01")],
    [("traceparent", f"00-{TRACE}-{SPAN}7-01")], [("traceparent", f"00-{TRACE}-{SPAN[:-1]}-01")],
    [("traceparent", f"00-{TRACE}-{SPAN}-.0")], [("traceparent", f"00-{TRACE}-{SPAN}-0.")],
    [("traceparent", f"00-{TRACE}-{SPAN}-001")], [("traceparent", f"00-{TRACE}-{SPAN}-1")],
])  # fmt: skip
def test_otherwise_a_new_trace_is_begun(service, headers):
    """Without a traceparent, with an invalid one or with several: a new, random trace id, and no tracestate of the old."""
    (call,) = service([*headers, ("tracestate", "foo=1,bar=2")])

    trace_id, _, flags = parent(call)
    assert trace_id not in (TRACE, OTHER)
    assert TRACE[:31] not in trace_id
    assert TRACE[1:] not in trace_id
    assert flags == "03"
    assert state(call) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["foo=1,bar=2"], "foo=1,bar=2"),
        ([""], None),
        (["foo=1", ""], "foo=1"),
        (["", "foo=1"], "foo=1"),
        (["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
        (["foo=1,foo=1"], "foo=1"),
        (["foo=1,foo=2"], "foo=1"),
        (["foo=1", "foo=1"], "foo=1"),
        (["foo=1", "foo=2"], "foo=1"),
        ([f"{KEY}={VALUE}"], f"{KEY}={VALUE}"),
        ([f"{KEY}@a-z0-9_-*/={VALUE}"], f"{KEY}@a-z0-9_-*/={VALUE}"),
        (["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        (["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"),
        ([" foo=1"], "foo=1"),
        (["\tfoo=1"], "foo=1"),
        (["foo=1 "], "foo=1"),
        (["foo=1\t"], "foo=1"),
        (["\t foo=1 \t"], "foo=1"),
        (["foo =1"], None),
        (["FOO=1"], None),
        (["foo.bar=1"], None),
        (["foo@=1,bar=2"], "foo@=1,bar=2"),
        (["@foo=1,bar=2"], None),
        (["foo@@bar=1,bar=2"], "foo@@bar=1,bar=2"),
        (["foo@bar@baz=1,bar=2"], "foo@bar@baz=1,bar=2"),
        ([*TENS, "bar31=31,bar32=32"], ",".join([*TENS, "bar31=31,bar32=32"])),
        ([*TENS, "bar31=31,bar32=32,bar33=33"], None),
        (["foo=1", f"{'z' * 256}=1"], f"foo=1,{'z' * 256}=1"),
        (["foo=1", f"{'z' * 257}=1"], None),
        (["foo=1", f"{'t' * 241}@{'v' * 14}=1"], f"foo=1,{'t' * 241}@{'v' * 14}=1"),
        (["foo=1", f"{'t' * 242}@v=1"], f"foo=1,{'t' * 242}@v=1"),
        (["foo=1", f"t@{'v' * 15}=1"], f"foo=1,t@{'v' * 15}=1"),
        (["foo=bar=baz"], None),
        (["foo=,bar=3"], None),
    ],
)
def test_tracestate_is_sent_on_or_discarded_whole(service, values, expected):
    """Several headers are one, in their order; what is valid is sent on, an invalid one never costs the traceparent."""
    (call,) = service([("traceparent", f"00-{TRACE}-{SPAN}-00"), *[("tracestate", value) for value in values]])

    assert parent(call)[0] == TRACE
    assert state(call) == expected


@pytest.mark.parametrize(("name", "kept"), [
    ("TraceState", True), ("TrAcEsTaTe", True), ("TRACESTATE", True), ("trace-state", False), ("trace.state", False),
])  # fmt: skip
def test_tracestate_s_name_may_be_in_any_case(service, name, kept):
    """It is expected in upper, lower and mixed case; another name is another header."""
    (call,) = service([("traceparent", f"00-{TRACE}-{SPAN}-00"), (name, "foo=1")])

    assert state(call) == ("foo=1" if kept else None)


@pytest.mark.parametrize("flags", ["00", "01", "02", "03", "ff"])
def test_random_is_propagated_as_it_came(service, flags):
    """Set it stays set, unset it stays unset; sampled is followed; what is not defined is sent as zero."""
    (call,) = service([("traceparent", f"00-{TRACE}-{SPAN}-{flags}")])

    assert int(parent(call)[2], 16) == int(flags, 16) & 3


@pytest.mark.parametrize("path", ["/async", "/sync", "/healthz"])
@pytest.mark.parametrize(("headers", "same"), [
    ([("traceparent", GOOD), ("tracestate", "foo=1")], True), ([], False), ([("traceparent", f"00-{'0' * 32}-{SPAN}-01")], False),
])  # fmt: skip
def test_each_call_is_of_the_request_s_trace(service, headers, same, path):
    """Three calls of one request: one trace, the caller's if that was valid, and a parent id for each that sends one."""
    calls = service(headers, path, times=3)

    traces, parents = {parent(call)[0] for call in calls}, {parent(call)[1] for call in calls}
    assert len(traces) == 1
    assert (TRACE in traces) == same
    assert SPAN not in parents
    assert len(parents) == 3
    assert {state(call) for call in calls} == ({"foo=1"} if same else {None})


def test_x_ray_and_baggage_travel_beside_it(service):
    """Both are sent on with the recommendation's headers: the same trace, what is passed on, and properties."""
    (call,) = service([
        ("traceparent", GOOD), ("baggage", "tenant=acme;p=1"), ("baggage", "b=%2C"),
        ("X-Amzn-Trace-Id", "Self=1-67891234-12456789abcdef012345678f;Root=1-65a1b2c3-d4e5f60718293a4b5c6d7e8f;Lineage=1:e65a2c4d:2"),
    ])  # fmt: skip
    sent = dict(call)

    trace_id, span_id, _ = parent(call)
    assert sent["baggage"] == "tenant=acme;p=1,b=%2C"
    assert sent["x-amzn-trace-id"] == (
        f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={span_id};Sampled=1;"
        "Lineage=1:e65a2c4d:2;Self=1-67891234-12456789abcdef012345678f"
    )


def test_a_load_balancer_s_trace_is_continued(service):
    """`Root=` alone: the calls are of that trace, in both headers; nobody said that its id is random."""
    (call,) = service([("X-Amzn-Trace-Id", f"Root=1-{TRACE[:8]}-{TRACE[8:]}")])

    assert parent(call)[0] == TRACE
    assert parent(call)[2] == "01"
    assert dict(call)["x-amzn-trace-id"].startswith(f"Root=1-{TRACE[:8]}-{TRACE[8:]};")
