"""The life of a process: start, stop, fork, outgoing calls; with real servers and real processes."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from opentelemetry.trace import SpanKind, StatusCode


class Server:
    """An application on uvicorn, in a thread, on a free port."""

    def __init__(self, app):
        self.server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            self.thread.join(0.01)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self):
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture
def serve():
    """Serves applications; all are stopped after the test."""
    servers = []

    def start(app):
        servers.append(Server(app))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def echo():
    """A shop that answers with the trace headers it was sent."""
    app = FastAPI()

    @app.get("/headers")
    async def headers(request: __import__("fastapi").Request):
        wanted = ("traceparent", "x-amzn-trace-id", "baggage")
        return {name: request.headers[name] for name in wanted if name in request.headers}

    @app.get("/missing")
    async def missing():
        return 1

    return app


def test_server_s_start_and_end_are_heartbeat_and_good_bye(serve, watch, http_receiver):
    """Served by uvicorn a service says 1 without any traffic, and 0 when the server ends, after the last counts."""
    telemetry = watch(echo(), http_receiver)
    server = serve(telemetry.app)
    http_receiver.wait_for(lambda r: r.ups() == [1])
    httpx.get(f"{server.url}/missing")
    server.stop()

    assert http_receiver.ups() == [1, 0]
    assert http_receiver.count() == 1


@pytest.mark.parametrize("client", ["sync", "async"])
def test_outgoing_calls_carry_the_trace_on(serve, watch, http_receiver, client):
    """An httpx call from a handler is a CLIENT span, child of the request, and its headers name that span, twice."""
    far = serve(echo())
    near = FastAPI()

    @near.get("/relay")
    async def relay():
        if client == "sync":
            return await asyncio.to_thread(lambda: httpx.get(f"{far.url}/headers?sig=x").json())
        async with httpx.AsyncClient() as session:
            return (await session.get(f"{far.url}/headers?sig=x")).json()

    telemetry = watch(near, http_receiver)
    here = serve(telemetry.app)
    sent = httpx.get(f"{here.url}/relay", headers={"baggage": "tenant=acme"}).json()
    here.stop()

    spans = [s for s in http_receiver.spans() if s.kind == 3 or s.name == "GET /relay"]
    outgoing = next(span for span in spans if span.parent_span_id and span.kind == 3)
    request = next(span for span in spans if span.kind == 2)
    trace_id, span_id = outgoing.trace_id.hex(), outgoing.span_id.hex()
    assert outgoing.parent_span_id == request.span_id
    assert sent["traceparent"] == f"00-{trace_id}-{span_id}-03"
    assert sent["x-amzn-trace-id"] == f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={span_id};Sampled=1"
    assert sent["baggage"] == "tenant=acme"


def test_client_span_says_what_the_conventions_ask_for(serve, watch, rx):
    """Method, address, full URL without secrets, status; 4xx is an error to the one who called; so is no connection."""
    far = serve(echo())
    port = int(far.url.rsplit(":", 1)[1])
    telemetry = watch(echo(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    httpx.get(f"http://user:secret@127.0.0.1:{port}/missing?sig=x&a=b")
    httpx.get(f"{far.url}/nowhere")
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9/")

    good, missing, refused = telemetry._spans.take(9)
    assert good.kind is SpanKind.CLIENT
    assert good.name == "GET"
    assert good.status.status_code is StatusCode.UNSET
    assert dict(good.attributes) == {
        "http.request.method": "GET", "http.response.status_code": 200, "server.address": "127.0.0.1",
        "server.port": port, "url.full": f"http://127.0.0.1:{port}/missing?sig=REDACTED&a=b",
    }  # fmt: skip
    assert missing.attributes["error.type"] == "404"
    assert missing.status.status_code is StatusCode.ERROR
    assert refused.attributes["error.type"] == "httpx.ConnectError"


def test_outgoing_calls_can_be_left_alone(serve, watch, http_receiver):
    """clients=False: no span, no header."""
    far = serve(echo())
    near = FastAPI()

    @near.get("/relay")
    def relay():
        return httpx.get(f"{far.url}/headers").json()

    telemetry = watch(near, http_receiver, clients=False)
    here = serve(telemetry.app)
    assert httpx.get(f"{here.url}/relay").json() == {}


CHILD = """
import asyncio, os, sys
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from fournines.instrumentation import instrument

app = Starlette(routes=[Route("/ok", lambda request: PlainTextResponse("ok"))])
telemetry = instrument(app, service="forked")
{body}
"""
CALL = """
async def receive():
    return {"type": "http.request", "body": b""}

async def send(message):
    pass

def call(times):
    for _ in range(times):
        scope = {"type": "http", "method": "GET", "path": "/ok", "headers": [], "query_string": b"", "root_path": ""}
        asyncio.run(app(scope, receive, send))
"""


def run(body, receiver):
    """Runs a service of its own process to its end."""
    env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "PYTHONWARNINGS": "ignore"}
    code = CHILD.replace("{body}", CALL + body)
    return subprocess.run([sys.executable, "-c", code], env=env, check=True, timeout=60, capture_output=True, text=True)


def test_forked_children_count_for_themselves(http_receiver, rx):
    """After a fork the parent's unsent counts stay the parent's; each process has its own id, and its own good-bye."""
    run(
        """
call(3)
pid = os.fork()
if pid == 0:
    call(5)
    done = telemetry.shutdown()
    os._exit(0 if done else 1)
status = os.waitpid(pid, 0)[1]
call(1)
assert status == 0
""",
        http_receiver,
    )

    counts, ups = {}, {}
    for request in http_receiver.metrics():
        said = rx.labels(request.resource_metrics[0].resource)
        key = said["service.instance.id"], said["process.pid"]
        counts[key] = counts.get(key, 0) + sum(point.count for point in rx.duration_points(request))
        ups.setdefault(key, []).append(rx.heartbeat(request))
    assert sorted(counts.values()) == [4, 5]
    assert len({instance for instance, _ in counts}) == 2
    assert all(said[-1] == 0 for said in ups.values())
    spans = http_receiver.spans()
    assert len(spans) == 9
    assert len({span.span_id for span in spans}) == 9


def test_the_interpreter_s_end_says_good_bye(http_receiver):
    """A script that just ends still sends its last counts and the good-bye."""
    run("call(2)", http_receiver)

    assert http_receiver.count() == 2
    assert http_receiver.ups()[-1] == 0


def test_a_child_that_serves_nothing_says_nothing(http_receiver, rx):
    """A forked helper that never serves does not pose as a service: its silence later must not look like an outage."""
    run(
        """
call(1)
telemetry.flush()
pid = os.fork()
if pid == 0:
    import time
    time.sleep(0.3)
    os._exit(0)
os.waitpid(pid, 0)
""",
        http_receiver,
    )

    pids = {rx.labels(r.resource_metrics[0].resource)["process.pid"] for r in http_receiver.metrics()}
    assert len(pids) == 1


def test_an_application_nobody_holds_leaves_no_thread(http_receiver, monkeypatch):
    """Tests make an application each and forget it: its thread says good-bye and ends."""
    from fournines.instrumentation import instrument

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", http_receiver.endpoint)

    def made():
        instrument(echo(), "forgotten").start()
        return [thread for thread in threading.enumerate() if thread.name == "fournines-export"][-1]

    thread = made()
    gc.collect()
    thread.join(10)

    assert not thread.is_alive()
    assert http_receiver.ups()[-1] == 0


def test_a_hanging_collector_holds_up_the_interpreter_s_end_once(http_receiver):
    """However many applications a process has, its end waits for a collector that hangs for one time-out (not 16)."""
    http_receiver.script = [("hang", {})] * 100

    run(
        """
import importlib
importlib.import_module("fournines.instrumentation.process").TIMEOUT = 4.0
others = [instrument(Starlette(), service=f"other-{number}") for number in range(16)]
for other in others:
    other.start()
""",
        http_receiver,
    )


def test_a_thread_that_can_t_be_started_is_said_once_and_hurts_nobody(watch, http_receiver, monkeypatch, caplog):
    """Where the system has no threads left the service starts and serves; a later start sends what was counted."""
    from fournines.instrumentation import names

    def refused(thread):
        raise RuntimeError("can't start new thread")

    telemetry = watch(echo(), http_receiver)
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", refused)
        telemetry.start()
        telemetry.start()
        assert telemetry.flush(30) is False

    assert telemetry._health.count(names.PROM_ERRORS, "start") == 3
    assert caplog.text.count("can't be started") == 1
    assert telemetry.flush()
