"""The metrics page on a port of its own."""

from __future__ import annotations

import gc
import http.client
import os
import socket
import threading

import pytest
from starlette.applications import Starlette

from fournines.instrumentation import names
from fournines.instrumentation.config.page import Page, read_page
from fournines.instrumentation.config.token import Token
from fournines.instrumentation.config.variables import Variables
from fournines.instrumentation.exposition.exposition import Answer
from fournines.instrumentation.exposition.server import PageServer
from fournines.instrumentation.health import Health


def ask(port, path="/metrics", method="GET", **headers):
    """One request, waited for until the port is open."""
    for _ in range(500):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        except ConnectionRefusedError:
            threading.Event().wait(0.02)
            continue
        finally:
            connection.close()
        return answer, body
    pytest.fail("the port stays closed")


def send(port, data):
    """Raw bytes; what came back until the server closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        said = b""
        while more := _received(connection):
            said += more
        return said


def _received(connection):
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


@pytest.fixture
def page_server(free_port, monkeypatch):
    """Makes servers of one port, the same for all of a test; they are closed after it."""
    monkeypatch.setattr("fournines.instrumentation.exposition.server.RETRY", 0.05)
    port, made = free_port(), []

    def one(answer=lambda headers: Answer(200, [(b"content-length", b"2")], b"ok")):
        server = PageServer(("127.0.0.1", port), answer, Health())
        server.port, server.health = port, server._health
        server.start()
        made.append(server)
        return server

    yield one
    for server in made:
        server.stop()


def test_a_port_takes_the_page_off_the_application(watch, call, free_port):
    """With a port of its own the page stands there, for whoever shows the token, and the application has none."""
    port = free_port()
    telemetry = watch(Starlette(), FOURNINES_METRICS_PORT=str(port), FOURNINES_METRICS_TOKEN="s3cret")
    telemetry.start()
    answer, body = ask(port, Authorization="Bearer s3cret", Accept="application/openmetrics-text")
    head, nothing = ask(port, method="HEAD", Authorization="Bearer s3cret")
    refused, hidden = ask(port)

    assert call(telemetry.app, "/metrics").status == 404
    assert answer.getheader("content-type") == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert body.endswith(b"# EOF\n")
    assert (head.status, nothing, int(head.getheader("content-length")) > 1000) == (200, b"", True)
    assert (refused.status, refused.getheader("www-authenticate"), b"up" in hidden) == (
        401,
        'Bearer realm="metrics"',
        False,
    )


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/", 200), ("GET", "/metrics?x=1", 200), ("GET", "/other", 404), ("POST", "/metrics", 405), ("OPTIONS", "/", 405),
])  # fmt: skip
def test_there_is_one_page(page_server, method, path, status):
    """Only the page is served, and only read."""
    assert ask(page_server().port, path, method)[0].status == status


@pytest.mark.parametrize(
    "data", [b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET / SPDY/3\r\n\r\n", b"A" * 40_000]
)
def test_what_is_no_http_is_hung_up_on(page_server, data):
    """Rubbish gets no answer, is counted, and the next scrape is served."""
    server = page_server()
    ask(server.port)

    assert send(server.port, data) == b""
    assert ask(server.port)[0].status == 200
    assert server.health.count(names.PROM_SCRAPES_REFUSED, "connection") == 1


def test_slow_clients_are_hung_up_on_and_are_few(page_server):
    """Who says nothing holds one of eight places until its time is over; a ninth is refused and counted."""
    server = page_server()
    ask(server.port)
    for thread in [one for one in threading.enumerate() if one.name == "fournines-scrape"]:
        thread.join(10)
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(9)]
    over = [one for one in idle if one is idle[8] and _received(one) == b""]
    assert over == [idle[8]]
    assert server.health.count(names.PROM_SCRAPES_REFUSED, "busy") == 1
    for one in idle:
        one.close()

    assert ask_until_served(server.port) == 200


def ask_until_served(port):
    """The hung-up clients' places come back as their threads notice."""
    for _ in range(200):
        try:
            return ask(port)[0].status
        except (http.client.HTTPException, OSError):
            threading.Event().wait(0.02)
    return None


def test_a_client_s_time_is_over(page_server, monkeypatch):
    """A head that does not end is waited for so long, however it drips, and no longer."""
    monkeypatch.setattr("fournines.instrumentation.exposition.server.DEADLINE", 0.2)
    server = page_server()
    ask(server.port)

    assert send(server.port, b"GET /metrics HTTP/1.1\r\nx: y\r\n") == b""
    assert server.health.count(names.PROM_SCRAPES_REFUSED, "connection") == 1


def test_when_the_worker_with_the_port_goes_another_takes_it(page_server):
    """Several workers want one port: one has it, and when it goes the next is there."""
    first = page_server(lambda headers: Answer(200, [(b"content-length", b"1")], b"1"))
    assert ask(first.port)[1] == b"1"
    page_server(lambda headers: Answer(200, [(b"content-length", b"1")], b"2"))
    assert ask(first.port)[1] == b"1"
    first.stop()

    assert ask(first.port)[1] == b"2"


def test_a_forked_child_does_not_hold_the_port(page_server):
    """A child that forgets closes its copy: when the parent lets go of the port it is free, though the child lives."""
    server = page_server()
    ask(server.port)
    go, end = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - measured in the parent
        server.forget()
        os.write(go[1], b"x")
        os.read(end[0], 1)
        os._exit(0)
    os.read(go[0], 1)
    assert ask(server.port)[0].status == 200
    server.stop()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", server.port))
    os.write(end[1], b"x")
    os.waitpid(child, 0)
    for handle in (*go, *end):
        os.close(handle)


def test_stopped_it_leaves_neither_thread_nor_port(page_server):
    """After the end nothing of it is left; stopping twice is stopping once."""
    server = page_server()
    ask(server.port)
    server.stop()
    server.stop()

    assert "fournines-page" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_a_page_nobody_holds_leaves_neither_thread_nor_seat(free_port, tmp_path):
    """Tests make an application each and forget it: what its page started ends, and its counts are left to the others."""
    from fournines.instrumentation.config.config import read_config
    from fournines.instrumentation.multiprocess.folder import Folder
    from fournines.instrumentation.telemetry import Telemetry

    port = free_port()
    environ = {
        "FOURNINES_METRICS_DIR": str(tmp_path),
        "FOURNINES_METRICS_PORT": str(port),
        "OTEL_METRICS_EXPORTER": "none",
    }
    telemetry = Telemetry(Starlette(), read_config("shop", environ=environ))
    telemetry.start()
    ask(port)
    started = [thread for thread in threading.enumerate() if thread.name in ("fournines-metrics", "fournines-page")]
    del telemetry
    gc.collect()
    for thread in started:
        thread.join(10)
    (service,) = tmp_path.iterdir()

    assert len(started) == 2
    assert [thread for thread in started if thread.is_alive()] == []
    assert Folder(service).living() == []


@pytest.mark.parametrize(("environ", "expected"), [
    ({}, Page()),
    ({"FOURNINES_METRICS_PORT": "9100"}, Page(port=9100)),
    ({"FOURNINES_METRICS_PORT": "0"}, Page()),
    ({"FOURNINES_METRICS_PORT": "x"}, Page()),
    ({"FOURNINES_METRICS_PORT": "70000"}, Page()),
    ({"FOURNINES_METRICS_PORT": "9100", "FOURNINES_METRICS_HOST": "::"}, Page(port=9100, host="::")),
    ({"OTEL_METRICS_EXPORTER": "otlp, prometheus"}, Page(port=9464, host="localhost")),
    ({"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": "9"}, Page(port=9, host="localhost")),
    ({"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST": "h"}, Page(port=9464, host="h")),
    ({"OTEL_METRICS_EXPORTER": "prometheus", "FOURNINES_METRICS_PORT": "7"}, Page(port=7)),
    ({"FOURNINES_METRICS_TOKEN": " abc "}, Page(token=Token("abc"))),
    ({"FOURNINES_METRICS_DIR": "/d", "PROMETHEUS_MULTIPROC_DIR": "/p"}, Page(folder="/d", prometheus_folder="/p")),
])  # fmt: skip
def test_the_page_is_configured(environ, expected):
    """The environment says where the page stands; what can't be understood is left out."""
    assert read_page(Variables(environ)) == expected


def test_arguments_stand_above_the_environment():
    """A port and a token given in code replace those of the environment; empty ones switch off."""
    page = Page(port=1, token=Token("a"))

    assert page.with_arguments(None, None) == page
    assert page.with_arguments(2, "b") == Page(port=2, token=Token("b"))
    assert page.with_arguments(0, "") == Page()
    assert Token("a") != Token("b")
    assert "***" in repr(page)
