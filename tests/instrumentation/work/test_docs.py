"""The documentation of work says what is so: its examples run."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from fournines.instrumentation import handles
from fournines.slo import load_slos

PAGE = Path(__file__).parents[3] / "docs" / "work.md"


def blocks(language):
    """The page's examples."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture
def surroundings(monkeypatch, http_receiver):
    """What the examples need: a collector, and AWS with a queue."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "no",
        "AWS_DEFAULT_REGION": "eu-west-1", "OTEL_EXPORTER_OTLP_ENDPOINT": http_receiver.endpoint,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(handles._handles, "_alone", {})
    yield http_receiver
    server.stop()


def test_the_examples_run(surroundings, rx):
    """All of them, one after the other: what they do is counted, and one trace goes through the queue."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    space = {"__name__": "settler"}
    for code in blocks("python"):
        # The port that the page names may be another's here.
        exec(compile(code.replace("metrics_port=9464", "metrics_port=0"), PAGE.name, "exec"), space)
    telemetry = space["telemetry"]

    with telemetry.operation("order") as order:
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"account": "DE04"}))
    assert space["poll"]() == 1
    space["settle_all"]([{"Body": '{"account": "DE05"}'}] * 2)
    assert telemetry.shutdown()
    sqs.close()
    space["sqs"].close()

    spans = surroundings.spans()
    assert {span.name for span in spans} >= {"settle", "nightly", "process orders"}
    trace_id = order.get_span_context().trace_id.to_bytes(16, "big")
    assert sum(span.trace_id == trace_id and span.name == "process orders" for span in spans) == 1
    operations = [
        m for request in surroundings.metrics() for m in rx.metrics_named(request, "fournines.operation.duration")
    ]
    counts = [point.count for metric in operations for point in metric.histogram.data_points]
    assert sum(counts) == 7


def test_the_slo_is_one(tmp_path):
    """The page's file is read, and promises what it says."""
    (code,) = blocks("yaml")
    (tmp_path / "slo.yaml").write_text(code)
    (slo,) = load_slos([tmp_path / "slo.yaml"])
    assert (slo.sli.service, slo.sli.signal, str(slo.sli.threshold)) == ("settler", "messaging.process.duration", "2.5")
