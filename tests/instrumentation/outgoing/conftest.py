"""The servers that are called, over loopback, and a way to see what a request's calls became."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI

KINDS = ("?", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
NOBODY = 65534


@dataclass
class Told:
    """A request's span, and those of its calls in the order they ended."""

    root: SimpleNamespace
    calls: list[SimpleNamespace]
    telemetry: object

    @property
    def call(self):
        """The one call there was."""
        (one,) = self.calls
        return one


def seen(span, rx):
    """A span of the wire, as a test likes to look at it."""
    return SimpleNamespace(
        name=span.name, kind=KINDS[span.kind], attributes=rx.labels(span), trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(), parent=span.parent_span_id.hex(), failed=span.status.code == 2,
        status=span.status.message, events=[(event.name, rx.labels(event)) for event in span.events],
        links=[link.span_id.hex() for link in span.links],
    )  # fmt: skip


@pytest.fixture
def told(watch, http_receiver, call, rx):
    """Runs a function in a request of an instrumented application, and says what the collector was sent of it."""

    def run(work, raises=None, clients=True, **env):
        app = FastAPI()

        async def awaited():
            if raises is None:
                await work()
            else:
                with pytest.raises(raises):
                    await work()

        def plain():
            if raises is None:
                work()
            else:
                with pytest.raises(raises):
                    work()

        import inspect

        app.get("/")(awaited if inspect.iscoroutinefunction(work) else plain)
        telemetry = watch(app, http_receiver, clients=clients, **env)
        before = len(http_receiver.spans())
        assert call(telemetry.app, "/").status == 200
        assert telemetry.flush()
        spans = [seen(span, rx) for span in http_receiver.spans()[before:]]
        (root,) = (span for span in spans if span.kind == "SERVER")
        return Told(root, [span for span in spans if span is not root], telemetry)

    return run


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        status = 503 if self.path.startswith("/broken") else 200
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    """An HTTP server that answers `/broken` with 503 and keeps the headers of all."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    server.headers = []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def running(command, port, **more):
    """A server that listens on `port` when the block begins, and is gone when it ends."""
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, **more,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not _listens(port):
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{command[0]} does not listen"
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def redis_port(redis_binary, free_port):
    """A Redis server."""
    port = free_port()
    libraries = ":".join(str(folder) for folder in redis_binary.parent.parent.glob("lib/*-linux-gnu"))
    command = [redis_binary, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with running(command, port, env={**os.environ, "LD_LIBRARY_PATH": libraries}, cwd="/"):
        yield port


@pytest.fixture(scope="session")
def postgres_url(postgres_folder, free_port):
    """A PostgreSQL server with one table, as a URL. It refuses to run as root, so there it runs as nobody."""
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="fournines-postgres-"))
    if user:
        os.chown(folder, NOBODY, NOBODY)
    port, data = free_port(), folder / "data"
    make = [
        postgres_folder / "initdb",
        "-D",
        data,
        "-U",
        "bank",
        "--auth=trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    serve = [postgres_folder / "postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", "", "-F"]
    try:
        subprocess.run([str(part) for part in make], check=True, capture_output=True, cwd="/", **user)
        with running(serve, port, cwd="/", **user):
            url = f"postgresql://bank@127.0.0.1:{port}/postgres"
            _create_table(url)
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _create_table(url):
    import psycopg

    deadline = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE payments (id int PRIMARY KEY, card text)")
            return
        except psycopg.OperationalError:  # it listens before it is ready
            assert time.monotonic() < deadline
            time.sleep(0.02)
