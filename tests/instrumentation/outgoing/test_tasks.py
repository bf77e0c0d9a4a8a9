"""celery's tasks: the trace goes from who asks for one to who does it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest

pytest.importorskip("celery")


@pytest.fixture
def tasks():
    """A celery application with an in-memory broker."""
    from celery import Celery

    app = Celery("bank", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.update(broker_connection_retry_on_startup=False, worker_hijack_root_logger=False, task_always_eager=False)

    @app.task(name="settle", shared=False)
    def settle(amount):
        if amount < 0:
            raise ValueError("negative")
        return amount

    app.settle = settle
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield app
    app.close()
    root.setLevel(level)  # a worker makes it its own
    root.handlers[:] = handlers


def test_a_task_is_done_in_the_trace_of_who_asked_for_it(told, tasks, http_receiver, rx):
    """A PRODUCER span below the request, a CONSUMER span below that; a failed task says what it failed with."""
    from celery.contrib.testing.worker import start_worker

    asked = []
    seen = told(lambda: asked.extend(tasks.settle.delay(amount) for amount in (1, -1)))
    with start_worker(tasks, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        for one in asked:
            one.get(timeout=20, propagate=False, disable_sync_subtasks=False)
    assert seen.telemetry.flush()

    producers = {span.span_id: span for span in seen.calls if span.kind == "PRODUCER"}
    done = [span for span in http_receiver.spans() if span.name == "run/settle"]
    assert [span.name for span in producers.values()] == ["apply_async/settle"] * 2
    assert {span.parent for span in producers.values()} == {seen.root.span_id}
    assert {span.parent_span_id.hex() for span in done} == set(producers)
    assert {span.trace_id.hex() for span in done} == {seen.root.trace_id}
    assert [rx.labels(span).get("error.type") for span in done] == [None, "ValueError"]


JOBS = """
import os
from celery import Celery
from fournines.instrumentation import instrument

instrument(service="settler")
app = Celery("bank", broker=os.environ["BROKER"], backend=os.environ["BROKER"])

@app.task(name="settle")
def settle(amount):
    return 2 * amount
"""


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_worker_tells_of_its_tasks_and_says_good_bye(redis_port, rx, tmp_path):
    """Celery as it is run: tasks in forked processes, a broker, SIGTERM. The parent of the forks does not pose as a service."""
    from celery import Celery

    (tmp_path / "jobs.py").write_text(JOBS)
    broker, receiver = f"redis://127.0.0.1:{redis_port}/1", rx.HttpReceiver()
    told = {"BROKER": broker, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "celery", "-A", "jobs", "worker", "--pool=prefork", "-c", "1", "--without-gossip"]
    worker = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, **told}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with Celery("asking", broker=broker, backend=broker, set_as_current=False) as asking:
            assert asking.send_task("settle", (4,)).get(timeout=60) == 8
        receiver.wait_for(lambda seen: any(span.name == "run/settle" for span in seen.spans()), 30)
        worker.terminate()
        worker.wait(30)
        receiver.wait_for(lambda seen: seen.ups()[-1] == 0, 10)
    finally:
        worker.kill()
        worker.wait()
        receiver.close()

    assert receiver.ups().count(0) == 1
