"""celery's tasks: the trace goes from who asks for one to who does it."""

from __future__ import annotations

import logging

import pytest

pytest.importorskip("celery")


@pytest.fixture
def tasks():
    """A celery application with an in-memory broker."""
    from celery import Celery

    app = Celery("bank", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.update(broker_connection_retry_on_startup=False, worker_hijack_root_logger=False, task_always_eager=False)

    @app.task(name="settle")
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
