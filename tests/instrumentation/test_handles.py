"""`instrument()` called by several threads at once."""

from __future__ import annotations

import os
import subprocess
import sys

THREADS = """
import sys, threading
from fastapi import FastAPI
from fastapi.testclient import TestClient
from fournines.instrumentation import instrument

sys.setswitchinterval(1e-5)  # take turns often

def at_once(call):
    together, found = threading.Barrier(6), []

    def one():
        together.wait()
        found.append(call())

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found

app = FastAPI()

@app.get("/pay")
def pay():
    return "paid"

handles = at_once(lambda: instrument(app, service="shop"))
with TestClient(app) as client:
    answers = [client.get("/pay").text for _ in range(2)]
workers = at_once(lambda: instrument(service="worker"))
print(len(handles), len(set(map(id, handles))), answers, len(workers), len(set(map(id, workers))))
print([sum(total.counts) for handle in set(handles) for total in handle._red.totals()])
"""


def test_several_threads_that_instrument_at_once_make_one_handle():
    """One for an application, which is wrapped once and answers, and one for a service without: two would be two senders."""
    environ = {
        **os.environ,
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_TRACES_EXPORTER": "none",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, "-c", THREADS], env=environ, timeout=60, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "6 1 ['\"paid\"', '\"paid\"'] 6 1\n[2]\n"
