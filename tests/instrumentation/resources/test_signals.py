"""Version, deployment and place stand on everything that leaves."""

from __future__ import annotations

import json
import logging

import pytest
from fastapi import FastAPI

WHO = {"service.version": "1.2.3", "deployment.id": "d-42", "deployment.environment.name": "prod"}
ENVIRONMENT = {
    "OTEL_RESOURCE_ATTRIBUTES": "service.version=1.2.3,deployment.environment.name=prod",
    "FOURNINES_DEPLOYMENT_ID": "d-42",
    "OTEL_LOGS_EXPORTER": "otlp",
}


@pytest.fixture
def said(watch, http_receiver, rx, call, tmp_path):
    """Everything one request makes a service say: signal -> the attributes it names itself by."""
    app = FastAPI()

    @app.get("/pay")
    async def pay():
        logging.getLogger("bank").warning("paid")
        return 1

    emf = tmp_path / "emf.jsonl"
    telemetry = watch(app, http_receiver, FOURNINES_EMF=str(emf), **ENVIRONMENT)
    telemetry.start()
    call(app, "/pay")
    page = call(app, "/metrics").body.decode()
    assert telemetry.flush()
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    (traces,) = (
        ExportTraceServiceRequest.FromString(rx.unpacked(body)) for body in http_receiver.acknowledged["traces"]
    )
    record = next(resource for resource, _, one in http_receiver.logs() if one.body.string_value == "paid")
    target = next(line for line in page.splitlines() if line.startswith("target_info{"))
    return {
        "metrics": rx.labels(http_receiver.metrics()[-1].resource_metrics[0].resource),
        "spans": rx.labels(traces.resource_spans[0].resource),
        "logs": rx.labels(record),
        "EMF": json.loads(emf.read_text().splitlines()[0]),
        "/metrics": {name: target.partition(f'{name.replace(".", "_")}="')[2].partition('"')[0] for name in [*WHO, "os.type"]},
    }  # fmt: skip


def test_every_signal_says_version_and_deployment(said):
    """Spans, counts, log records, embedded metrics and the page name the same version and the same deployment."""
    assert {
        signal: {name: attributes.get(name) for name in WHO} for signal, attributes in said.items()
    } == dict.fromkeys(said, WHO)


def test_the_place_stands_on_what_has_a_resource(said):
    """Host, system and runtime are on spans, counts, logs and the page; embedded metrics, which bill by the byte, leave them out."""
    assert all("os.type" in said[signal] for signal in ("metrics", "spans", "logs", "/metrics"))
    assert "os.type" not in said["EMF"]
