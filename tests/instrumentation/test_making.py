"""`instrument()` called by several threads at once."""

from __future__ import annotations

import sys
import threading

import pytest
from fastapi import FastAPI

from fournines.instrumentation import instrument

THREADS = 6


@pytest.fixture
def at_once(monkeypatch):
    """Calls a function in several threads, which begin together and take turns often; the different answers."""
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def answers(call):
        together, found = threading.Barrier(THREADS), []

        def one():
            together.wait()
            found.append(call())

        threads = [threading.Thread(target=one) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == THREADS
        return list({id(answer): answer for answer in found}.values())

    yield answers
    sys.setswitchinterval(interval)


def test_several_threads_that_instrument_one_application_make_one_handle(at_once, call):
    """The application is wrapped once, and answers."""
    app = FastAPI()

    @app.get("/pay")
    def pay():
        return "paid"

    (telemetry,) = at_once(lambda: instrument(app, service="made-at-once"))

    assert call(app, "/pay").status == 200
    assert [sum(total.counts) for total in telemetry._red.totals()] == [1]
    telemetry.shutdown(1)


def test_several_threads_that_ask_for_one_service_get_one_handle(at_once):
    """Without an application as well: two would be two senders."""
    (telemetry,) = at_once(lambda: instrument(service="worker-made-at-once"))

    assert instrument(service="worker-made-at-once") is telemetry
