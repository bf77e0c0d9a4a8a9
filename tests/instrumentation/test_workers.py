"""Many processes of one service: gunicorn's forked workers, preloaded or not, uvicorn's spawned ones, and a reload."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

MODULE = """
import os
from fastapi import FastAPI
from fournines.instrumentation import instrument

app = FastAPI()

@app.get("/who/{number}")
async def who(number: int):
    return os.getpid()

instrument(app, service="crowd")
"""
SERVERS = {
    "gunicorn": ["gunicorn", "-w", "2", "-k", "uvicorn_worker.UvicornWorker", "--bind", "{host}:{port}"],
    "gunicorn --preload": ["gunicorn", "-w", "2", "-k", "uvicorn_worker.UvicornWorker", "--preload", "--bind", "{host}:{port}"],
    "uvicorn --workers": ["uvicorn", "--workers", "2", "--host", "{host}", "--port", "{port}", "--log-level", "warning"],
    "uvicorn": ["uvicorn", "--host", "{host}", "--port", "{port}", "--log-level", "warning"],
    "uvicorn --reload": ["uvicorn", "--reload", "--host", "{host}", "--port", "{port}", "--log-level", "warning"],
}  # fmt: skip
REQUESTS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(way, folder, receiver):
    """The module on a real server, in processes of its own; its address."""
    (folder / "crowd.py").write_text(MODULE)
    port = free_port()
    command = [part.format(host="127.0.0.1", port=port) for part in SERVERS[way]]
    env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "PYTHONWARNINGS": "ignore"}
    server = subprocess.Popen(
        [sys.executable, "-m", *command, "crowd:app"],
        cwd=folder,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.communicate(timeout=30)
        if server.poll() is None:
            server.kill()
            server.communicate()


def until_up(url, server):
    """Waits until it answers; the requests it took. A connection that is refused is none."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, server.stderr.read().decode()
        with contextlib.suppress(httpx.TransportError):
            # Patiently: a request that is given up while the workers start is answered, and counted, all the same.
            assert httpx.get(f"{url}/who/0", timeout=60).status_code == 200
            return 1
        time.sleep(0.1)
    raise AssertionError("it never came up")


def by_process(receiver, rx):
    """(instance id, pid) -> requests counted."""
    counts = {}
    for request in receiver.metrics():
        said = rx.labels(request.resource_metrics[0].resource)
        key = said["service.instance.id"], said["process.pid"]
        counts[key] = counts.get(key, 0) + sum(point.count for point in rx.duration_points(request))
    return counts


def observe(way, folder, receiver, rx):
    """Serves, asks, stops; the pids that answered, and how often each, and the requests made."""
    answered = {}
    with serving(way, folder, receiver) as (server, url):
        asked = until_up(url, server)
        for number in range(REQUESTS):
            pid = httpx.get(f"{url}/who/{number}").json()  # a connection of its own each, so that all workers are met
            answered[pid] = answered.get(pid, 0) + 1
            asked += 1
    return answered, asked


def check(way, folder, receiver, rx):
    """Every request is counted once, by the process that answered it, under an id of its own; as are the spans."""
    answered, asked = observe(way, folder, receiver, rx)
    counts = by_process(receiver, rx)
    spans = receiver.spans()

    assert sum(counts.values()) == asked
    assert {pid for (_, pid), count in counts.items() if count} >= set(answered)
    assert len({instance for instance, _ in counts}) == len(counts)
    assert len(spans) == len({span.span_id for span in spans}) == asked
    assert len({span.trace_id for span in spans}) == asked
    return answered, counts


def test_a_worker_of_its_own_counts_all_of_it(tmp_path, http_receiver, rx):
    """One uvicorn process, stopped by SIGTERM: every request is counted once, and its good-bye is said."""
    _, counts = check("uvicorn", tmp_path, http_receiver, rx)

    assert len(counts) == 1
    assert http_receiver.ups()[-1] == 0


@pytest.mark.long
@pytest.mark.parametrize("way", ["gunicorn", "gunicorn --preload", "uvicorn --workers"])
def test_workers_count_for_themselves(tmp_path, http_receiver, rx, way):
    """Forked, forked from a master that has the application loaded, or spawned: each worker is a sender of its own.

    The master serves nothing and says nothing.
    """
    answered, counts = check(way, tmp_path, http_receiver, rx)

    assert len(answered) == 2
    assert len(counts) == 2
    assert sorted(http_receiver.ups())[:2] == [0, 0]


@pytest.mark.long
def test_a_reload_begins_anew(tmp_path, http_receiver, rx):
    """The process that is replaced says its good-bye, the new one has an id of its own; nothing is counted twice."""
    with serving("uvicorn --reload", tmp_path, http_receiver) as (server, url):
        asked = until_up(url, server)
        before = httpx.get(f"{url}/who/1").json()
        (tmp_path / "crowd.py").write_text(MODULE + "\n# changed\n")
        deadline = time.monotonic() + 60
        now, asked = before, asked + 1
        while now == before and time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                now = httpx.get(f"{url}/who/2", timeout=60).json()
                asked += 1
            time.sleep(0.2)
    counts = by_process(http_receiver, rx)

    assert now != before
    assert sum(counts.values()) == asked
    assert len({instance for instance, _ in counts}) == 2
