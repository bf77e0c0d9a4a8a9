"""Several processes that do the same work: each counts its own, and one page shows them all."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fournines.instrumentation.exposition.families import metric_of
from fournines.instrumentation.multiprocess.snapshot import packed, unpacked
from fournines.instrumentation.multiprocess.sum import lasting, summed

SCRIPT = """
import os, signal, sys
from fournines.instrumentation import instrument

telemetry = instrument(service="settler", clients=False)

@telemetry.operation("settle")
def settle():
    pass

settle()
telemetry.start()
child = os.fork()
for _ in range(2):
    settle()
if not child:
    telemetry.shutdown()
    os._exit(0)
os.waitpid(child, 0)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with telemetry.operation("nightly"):
    os.kill(os.getpid(), signal.SIGTERM)
"""

CHILDREN = """
import multiprocessing, os
from concurrent.futures import ProcessPoolExecutor
from fournines.instrumentation import instrument

telemetry = instrument(service="settler", clients=False)

@telemetry.operation("settle")
def settle(_=None):
    pass

def work():
    for _ in range(3):
        settle()
        telemetry.start()

forked = multiprocessing.get_context("fork")
with telemetry.operation("parent's"):
    child = os.fork()
if not child:
    settle()
    telemetry.shutdown()
    os._exit(0)
os.waitpid(child, 0)
children = [forked.Process(target=work) for _ in range(2)]
for one in children:
    one.start()
for one in children:
    one.join()
with ProcessPoolExecutor(1, mp_context=forked) as pool:
    list(pool.map(settle, range(4)))
pool = forked.Pool(1)
pool.map(settle, range(5))
pool.close()
pool.join()
"""


def test_one_page_shows_the_work_of_all(worker):
    """Counts of the living and the dead are added up, bucket by bucket, by attributes; an exemplar of one of them stays."""
    snapshots = []
    for count in (2, 3):
        telemetry = worker()
        for _ in range(count):
            with telemetry.consumer("orders", system="x"):
                pass
        snapshots.append(unpacked(packed(telemetry._exposition._own.snapshot([]))))

    total = summed([snapshots[0], lasting(snapshots[1])])

    family = metric_of(total.families["messaging_process_duration_seconds"])
    samples = {(one.name.rpartition("_")[2], one.labels.get("le")): one for one in family.samples}
    assert samples["count", None].value == samples["bucket", "+Inf"].value == 5
    assert samples["count", None].labels["messaging_destination_name"] == "orders"
    assert samples["bucket", "0.005"].exemplar is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_fork_and_sigterm_lose_nothing_and_count_nothing_twice(http_receiver, rx):
    """A forked child sends its own work under its own id; SIGTERM that ends the interpreter sends the last work and the good-bye."""
    environ = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": http_receiver.endpoint}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environ, timeout=60, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    counts = {}
    for request in http_receiver.metrics():
        instance = rx.labels(request.resource_metrics[0].resource)["service.instance.id"]
        for metric in rx.metrics_named(request, "fournines.operation.duration"):
            for point in metric.histogram.data_points:
                key = instance, rx.labels(point)["fournines.operation.name"]
                counts[key] = counts.get(key, 0) + point.count
    assert sorted((name, count) for (_, name), count in counts.items()) == [
        ("nightly", 1),
        ("settle", 2),
        ("settle", 3),
    ]
    assert len({instance for instance, _ in counts}) == 2
    assert http_receiver.ups()[-1] == 0
    assert http_receiver.ups().count(0) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_children_of_multiprocessing_say_it_all_at_their_end_and_nothing_of_their_parent(http_receiver, rx):
    """Their counts and the good-bye leave though the interpreter does not end in them; what the parent had under way is the parent's."""
    environ = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": http_receiver.endpoint}
    done = subprocess.run(
        [sys.executable, "-c", CHILDREN], env=environ, timeout=60, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    counts = {}
    for request in http_receiver.metrics():
        for metric in rx.metrics_named(request, "fournines.operation.duration"):
            for point in metric.histogram.data_points:
                name = rx.labels(point)["fournines.operation.name"]
                counts[name] = counts.get(name, 0) + point.count
    assert counts == {"parent's": 1, "settle": 1 + 2 * 3 + 4 + 5}
    assert http_receiver.ups().count(0) == 1 + 1 + 2 + 1 + 1
