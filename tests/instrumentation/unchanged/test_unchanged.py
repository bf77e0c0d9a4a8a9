"""Services whose code knows nothing of us, under real servers, by `fournines instrument -- CMD`."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

PLAIN = """
import os
from fastapi import FastAPI

app = FastAPI()
below = FastAPI()

@app.get("/who/{number}")
async def who(number: int):
    return os.getpid()

@below.get("/deep/{number}")
async def deep(number: int):
    return number

app.mount("/below", below)

def make():
    return app

async def bare(scope, receive, send):
    assert scope["type"] == "http"  # it knows no lifespan, and no Starlette
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})

if __name__ == "__main__":
    import sys
    import uvicorn
    uvicorn.run("crowd:bare", port=int(sys.argv[1]), log_level="warning")
"""
ITSELF = (
    PLAIN
    + """
from fournines.instrumentation import instrument
instrument(app, service="by itself")
app = __import__("starlette.middleware.cors").middleware.cors.CORSMiddleware(app)
"""
)
QUIET = ["--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning"]
UVICORN = ["uvicorn", *QUIET]
FACTORY = [*UVICORN, "--factory", "crowd:make"]
GUNICORN = ["gunicorn", "-w", "2", "--bind", "127.0.0.1:{port}", "--log-level", "warning"]
UVICORN_S = ["-k", "uvicorn_worker.UvicornWorker"]
WAYS = {
    "uvicorn, a factory": FACTORY,
    "python main.py, any ASGI application": ["python", "crowd.py", "{port}"],
    "python -m uvicorn": ["python", "-m", *UVICORN, "crowd:app"],
    "uvicorn --workers": [*UVICORN, "--workers", "2", "crowd:app"],
    "uvicorn --reload": [*UVICORN, "--reload", "crowd:app"],
    "gunicorn": [*GUNICORN, *UVICORN_S, "crowd:app"],
    # With two of them one may wait for half a minute at its end for connections that are gone, whatever it serves.
    "gunicorn, its own ASGI worker": [*GUNICORN, "-w", "1", "-k", "asgi", "crowd:app"],
    "gunicorn --preload": [*GUNICORN, *UVICORN_S, "--preload", "crowd:app"],
    "hypercorn": ["hypercorn", "--bind", "127.0.0.1:{port}", "crowd:app"],
    "hypercorn, two workers": ["hypercorn", "-w", "2", "--bind", "127.0.0.1:{port}", "crowd:app"],
}
USUAL = ("python main.py, any ASGI application", "gunicorn --preload")
SERVE_APART = {"uvicorn --workers", "gunicorn", "gunicorn --preload", "hypercorn, two workers"}
REQUESTS = 24


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """An unchanged service in a process of its own, and what was asked of it."""

    def __init__(self, words, folder, receiver, **environment):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=20)
        self.answered, self.asked = {}, 0
        command = [word.format(port=self.port) for word in words]
        env = {
            **os.environ,
            "PYTHONWARNINGS": "ignore",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, **environment}
        options = ["--service", "crowd", "--version", "1.2.3"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fournines", "instrument", *options, "--", *command],
            cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, path="/who/1"):
        """One request, on a connection of its own."""
        answer = self.client.get(f"{self.url}{path}")
        assert answer.status_code == 200
        self.asked += 1
        return answer.json()

    def until_up(self):
        """Waits until it answers."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.process.stderr.read().decode()
            with contextlib.suppress(httpx.TransportError):
                return self.ask()
            time.sleep(0.1)
        raise AssertionError("it never came up")

    def crowd(self):
        """Asks often enough for every worker to be met."""
        for number in range(REQUESTS):
            pid = self.ask(f"/who/{number}")
            self.answered[pid] = self.answered.get(pid, 0) + 1

    def stop(self, by=signal.SIGTERM):
        """Stops it as an operator does; what it said on its standard error."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(by)
        try:
            return self.process.communicate(timeout=30)[1].decode()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.communicate()


@pytest.fixture
def unchanged(tmp_path, http_receiver):
    """Runs a service's text by one of the ways; all are stopped after the test."""
    made = []

    def start(words, text=PLAIN, **environment):
        (tmp_path / "crowd.py").write_text(text)
        made.append(Service(words, tmp_path, http_receiver, **environment))
        return made[-1]

    yield start
    for service in made:
        service.stop()


def by_process(receiver, rx):
    """(service, pid) -> requests counted."""
    counts = {}
    for request in receiver.metrics():
        said = rx.labels(request.resource_metrics[0].resource)
        assert said["service.version"] == "1.2.3"
        key = said["service.name"], said["process.pid"]
        counts[key] = counts.get(key, 0) + sum(point.count for point in rx.duration_points(request))
    return counts


def judged(way, unchanged, receiver, rx):
    """Every request is counted once, under the name it was given, by the process that answered; each says its good-bye."""
    service = unchanged(WAYS[way])
    service.until_up()
    service.crowd()
    service.stop()
    counts, spans = by_process(receiver, rx), receiver.spans()

    assert sum(counts.values()) == service.asked
    assert {("crowd", pid) for pid in service.answered} <= set(counts)
    assert len(counts) == (2 if way in SERVE_APART else 1)
    assert len({span.span_id for span in spans}) == service.asked
    assert receiver.ups().count(0) == len(counts)
    return service, spans


@pytest.mark.parametrize("way", USUAL)
def test_an_unchanged_service_is_measured(unchanged, http_receiver, rx, way):
    """Any ASGI application, by a program of its own, and FastAPI's by forked workers: once, and wholly."""
    judged(way, unchanged, http_receiver, rx)


@pytest.mark.long
@pytest.mark.parametrize("way", sorted(set(WAYS) - set(USUAL)))
def test_every_way_to_serve_is_measured(unchanged, http_receiver, rx, way):
    """The other servers, workers and supervisors: whoever serves is a sender; a supervisor says nothing."""
    judged(way, unchanged, http_receiver, rx)


@pytest.mark.long
def test_a_service_that_does_it_itself_is_not_doubled(unchanged, http_receiver, rx):
    """Its own instrument() stands, with its own name, also where what is served is wrapped into something else by then."""
    service = unchanged([*UVICORN, "crowd:app"], text=ITSELF)
    service.until_up()
    service.crowd()
    service.stop()
    counts = by_process(http_receiver, rx)

    assert {name for name, _ in counts} == {"by itself"}
    assert sum(counts.values()) == service.asked
    assert http_receiver.ups().count(0) == 1


@pytest.mark.long
def test_a_mounted_application_is_not_doubled(unchanged, http_receiver, rx):
    """Only what the server serves is instrumented: a request to a part of it is one request, with its whole route."""
    service = unchanged([*UVICORN, "crowd:app"])
    service.until_up()
    for number in range(5):
        service.ask(f"/below/deep/{number}")
    service.stop()
    routes = [rx.labels(point)["http.route"] for point in http_receiver.points()]

    assert http_receiver.count() == service.asked
    assert set(routes) == {"/who/{number}", "/below/deep/{number}"}


@pytest.mark.long
def test_a_reload_begins_anew(unchanged, http_receiver, rx, tmp_path):
    """The process that takes over after a change is instrumented too; the one before says its good-bye."""
    service = unchanged(WAYS["uvicorn --reload"])
    before = now = service.until_up()
    (tmp_path / "crowd.py").write_text(PLAIN + "\n# changed\n")
    deadline = time.monotonic() + 60
    while now == before and time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            now = service.ask()
        time.sleep(0.2)
    service.stop()
    counts = by_process(http_receiver, rx)

    assert set(counts) == {("crowd", before), ("crowd", now)}
    assert sum(counts.values()) == service.asked
