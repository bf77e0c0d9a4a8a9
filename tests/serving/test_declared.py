"""What a service promises in its code, from its decorator to a file in the collector's folder: with real processes all along."""

from __future__ import annotations

import sys
import time

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from typer.testing import CliRunner

from fournines.cli.program import app

SERVICE = """
from fastapi import FastAPI, HTTPException
from fournines.instrumentation import Objective, instrument

app = FastAPI()
telemetry = instrument(
    app,
    service="payments",
    version="7",
    objectives=[Objective("99%", routes=["/payments/{payment}", "/refunds"], latency="1234ms", name="payments-quick", owner="team")],
)


@telemetry.slo("99.5%", window="7d", runbook="https://runbooks.example/pay")
@app.post("/payments/{payment}")
def pay(payment: int):
    if payment > 2:
        raise HTTPException(503)
    return "paid"


@app.get("/refunds")
def refund():
    return "back"


@app.get("/other")
def other():
    raise HTTPException(500)
"""


@pytest.fixture
def service(tmp_path, run_server, free_port):
    """Runs the service once against a collector, with requests; its end says what is left, and its good-bye."""

    def serve(collector):
        (tmp_path / "shop.py").write_text(SERVICE)
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "--app-dir", tmp_path, "--port", port, "shop:app"]
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.otlp}
        with (
            run_server(command, f"http://127.0.0.1:{port}/metrics", env=env) as server,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            page = client.get("/metrics").text
            for payment in range(5):
                client.post(f"/payments/{payment}")
            for path in ("/refunds", "/other", "/other"):
                client.get(path)
            server.stop()
        return page

    return serve


def cli(*arguments):
    """One command, as typed."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.long
def test_from_the_decorator_to_the_file(collector, running, service, tmp_path):
    """Both ways of declaring become SLOs of their routes alone; they survive a restart, and a file made of them counts on."""
    pay, quick = "payments-pay-availability", "payments-quick"
    with running(collector):
        page = service(collector)
        deadline = time.monotonic() + 20
        while collector.events(pay)[1] < 5:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        declared, listed = collector.get(f"/api/v1/slos/{pay}"), collector.get("/api/v1/declarations?service=payments")
        html = httpx.get(f"{collector.url}/slo/{pay}", trust_env=False).text
        nobody = collector.get("/api/v1/declarations?service=nobody")
    with running(collector):
        again = {name: collector.events(name) for name in (pay, quick, "payments-availability")}
        imported = cli("import", "--from-service", "payments", "--url", collector.url, "--out", tmp_path / "slos")
        twice = cli("import", "--from-service", "payments", "--url", collector.url, "--out", tmp_path / "slos")
        printed = cli("import", "--from-service", "payments", "--url", collector.url)
        missing = cli("import", "--from-service", "nobody", "--url", collector.url)
        (tmp_path / "payments.yaml").write_text("mine")
        kept = cli("import", "--from-service", "payments", "--url", collector.url, "--out", tmp_path)
        checked = cli("check", tmp_path / "slos")
    collector.arguments = ["--slos", str(tmp_path / "slos")]
    with running(collector):
        filed = collector.get(f"/api/v1/slos/{pay}")
        same = {name: collector.events(name) for name in again}
        replaced = {
            one["name"]: one["replaced_by_file"] for one in collector.get("/api/v1/declarations")["declarations"]
        }

    gone = cli("import", "--from-service", "payments", "--url", collector.url)

    assert 'service_name="payments"' in page
    assert {pay: (3, 5), quick: (4, 4), "payments-availability": (4, 8)} == again == same
    assert ("declared", "7", "0.995", "7d") == tuple(
        declared[key] for key in ("origin", "declared_version", "objective", "window")
    )
    assert "by the service, in its code" in html
    assert {pay, quick} == {one["name"] for one in listed["declarations"]}
    assert [] == nobody["declarations"]
    assert (0, 0, 0) == (imported.exit_code, twice.exit_code, checked.exit_code), imported.stderr + checked.stdout
    assert printed.stdout == (tmp_path / "slos" / "payments.yaml").read_text()
    assert (1, "nobody declares no SLO") == (missing.exit_code, missing.stderr[:22])
    assert ("file", "0.995", {pay: True, quick: True}) == (filed["origin"], filed["objective"], replaced)
    assert ("mine", 1, 1) == ((tmp_path / "payments.yaml").read_text(), kept.exit_code, gone.exit_code)
    assert "is there already and differs" in kept.stderr
    assert "can't be asked" in gone.stderr
    assert "Traceback" not in kept.stderr + gone.stderr + missing.stderr


def test_what_is_declared_in_two_ways_is_said(shared):
    """On the page, for some of them by name; what was declared last holds."""
    for target in ("0.99", "0.999"):
        request = ExportMetricsServiceRequest()
        resource = request.resource_metrics.add()
        resource.resource.attributes.add(key="service.name").value.string_value = "torn"
        gauge = resource.scope_metrics.add().metrics.add(name="fournines.slo.declared").gauge
        for number in range(7):
            point = gauge.data_points.add(as_int=1, time_unix_nano=time.time_ns())
            plain = {"name": f"torn-{number}", "kind": "availability", "target": target, "route": "/a"}
            for key, text in plain.items():
                point.attributes.add(key=f"fournines.slo.{key}").value.string_value = text
        assert 200 == shared.post("metrics", request.SerializeToString()).status_code
    html = httpx.get(shared.url, trust_env=False).text
    slos = [slo for slo in shared.get("/api/v1/slos")["slos"] if slo["service"] == "torn"]

    assert 5 == html.count("declared in 2 ways at the moment; what torn")
    assert "... and 2 more are declared in several ways" in html
    assert ["0.999"] * 7 == [slo["objective"] for slo in slos if slo["origin"] == "declared"]
