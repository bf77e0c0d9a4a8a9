"""Fixtures of this folder: receivers, applications under measurement, and a way to call them."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import sys
from pathlib import Path

import pytest

from fournines.instrumentation.clock import SystemClock
from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.export.transport import transport
from fournines.instrumentation.health import Health
from fournines.instrumentation.logs.logs import Logs
from fournines.instrumentation.redaction.redactor import Redactor
from fournines.instrumentation.telemetry import Telemetry

HERE = Path(__file__).parent


def _load(name):
    # Test folders are no packages (importlib mode): a helper module is loaded by its path, once.
    full = f"fournines_instrumentation_tests_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, HERE / f"{name}.py")
        module = sys.modules[full] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full]


@pytest.fixture(scope="session", autouse=True)
def first_application():
    """The first of the process, whose provider is the global one and whose sampler decides about all spans that libraries make.

    A test's own sampler, were it first, would decide in all tests after it, and whoever asks for its rules would never end.
    """
    environ = {"OTEL_METRICS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "none"}
    Telemetry(None, read_config("first", environ=environ), clients=False)


@pytest.fixture(scope="session")
def rx():
    """The module of receivers."""
    return _load("receivers")


@pytest.fixture(scope="session")
def plant():
    """Runs something with a fault planted in each function it passes."""
    return _load("planting").plant


@pytest.fixture(params=["http", "grpc"])
def receiver(request, rx):
    """A receiver of either protocol."""
    made = rx.HttpReceiver() if request.param == "http" else rx.GrpcReceiver()
    yield made
    made.close()


@pytest.fixture
def http_receiver(rx):
    """A receiver over HTTP."""
    made = rx.HttpReceiver()
    yield made
    made.close()


class Answer:
    """What an application sent: status, headers and body."""

    def __init__(self, messages):
        starts = [m for m in messages if m["type"] == "http.response.start"]
        self.status = starts[0]["status"] if starts else None
        self.headers = dict(starts[0].get("headers", ())) if starts else {}
        self.body = b"".join(m.get("body", b"") for m in messages if m["type"] == "http.response.body")


async def acall(app, path="/", method="GET", headers=(), disconnect=False, body=b"", **scope):
    """One request as an ASGI server makes it; what the application raises is swallowed, as servers do."""
    path, _, query = path.partition("?")
    asked = 0
    gone = asyncio.Event()
    sent = []

    async def receive():
        nonlocal asked
        asked += 1
        if asked == 1 and not disconnect:
            return {"type": "http.request", "body": body, "more_body": False}
        if not disconnect:
            await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    full = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"shop.example:8080"), *headers], "client": ("192.0.2.1", 4711), "server": ("127.0.0.1", 80),
        **scope,
    }  # fmt: skip
    with contextlib.suppress(Exception):
        await app(full, receive, send)
    return Answer(sent)


@pytest.fixture
def call():
    """Calls an application once, from plain code."""
    return lambda app, *args, **kwargs: asyncio.run(acall(app, *args, **kwargs))


@pytest.fixture
def async_call():
    """Calls an application once, from a coroutine."""
    return acall


@pytest.fixture
def watch(monkeypatch):
    """Instruments an application for a receiver (or none), with any further variables; all is ended after the test.

    With `runs=False` its export thread never starts: the test is the thread, and nobody counts, says or takes beside it.
    """
    made = []

    def instrumented(
        app,
        to=None,
        service="shop",
        metrics_path="/metrics",
        clients=True,
        clock=None,
        make=None,
        engine="fournines",
        runs=True,
        **env,
    ):
        settings = {"OTEL_METRICS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "none"}
        if to is not None:
            settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": to.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": to.protocol}
        config = read_config(service, environ={**settings, **env})
        more = {name: value for name, value in (("clock", clock), ("make_transport", make)) if value is not None}
        telemetry = Telemetry(app, config, metrics_path=metrics_path, clients=clients, engine=engine, **more)
        if not runs:
            telemetry._worker.start = lambda exporter: None
            telemetry.start()
            telemetry._life.start = lambda: None  # which every request would try again
        made.append(telemetry)
        return telemetry

    yield instrumented
    for telemetry in made:
        telemetry.shutdown(2)
    made.clear()  # pytest holds the fixture for longer, and what is begun beside them ends when nobody holds them


@pytest.fixture
def recorded():
    """The counts of a handle, as {(method, route, status, error type): requests}."""

    def read(telemetry):
        totals = telemetry._red.totals()
        return {(t.key[0], t.key[2], t.key[3], t.key[4]): sum(t.counts) for t in totals}

    return read


@pytest.fixture
def made_logs():
    """Makes the logs of an application, with a way out of a test's own or by the network; all is ended after the test."""
    made = []

    def make(way=None, redactor=None, wake=lambda: None, **env):
        health, clock = Health(), SystemClock()
        config = read_config("payments", environ=env)
        logs = Logs(
            config.logs, config.attributes, redactor=redactor or Redactor(health=health), health=health, clock=clock,
            make_transport=transport if way is None else lambda _: way, wake=wake,
        )  # fmt: skip
        logs.health, logs.clock = health, clock
        made.append(logs)
        return logs

    yield make
    for logs in made:
        logs.end()
        logs.show("off")
        if logs.export is not None:
            logs.export.close()


@pytest.fixture(scope="module")
def aws_url():
    """A server that stands in for AWS."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(aws_url):
    """Makes clients of it: `aws("sqs")`."""
    import boto3

    made = []

    def client(service):
        made.append(
            boto3.client(
                service,
                endpoint_url=aws_url,
                region_name="eu-west-1",
                aws_access_key_id="id",
                aws_secret_access_key="no",
            )
        )
        return made[-1]

    yield client
    for one in made:
        one.close()
