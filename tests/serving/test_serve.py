"""`fournines serve` as its users meet it: a real process, real sockets, real bodies."""

import gzip
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from urllib.parse import quote

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

PROTOBUF = "application/x-protobuf"


def test_an_acknowledged_request_is_counted_at_once(shared, make_spans):
    """The 200 comes after the commit: whoever asks then is told the new count."""
    answer = shared.post("traces", make_spans("acknowledged", [200] * 7 + [503] * 3))

    assert 200 == answer.status_code
    assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")
    assert (7, 10) == shared.events("acknowledged-availability")
    assert (7, 7) == shared.events("acknowledged-latency")


def test_the_same_bytes_count_once(shared, make_histogram):
    """A sender whose answer got lost may send again."""
    now = time.time()
    body = make_histogram("twice", {200: 40, 500: 2}, now - 5, now, up=1)
    first, second = shared.post("metrics", body), shared.post("metrics", body)

    assert (200, 200) == (first.status_code, second.status_code)
    assert (40, 42) == shared.events("twice-availability")


def test_counts_survive_a_restart(collector, running, make_spans):
    """What was acknowledged before SIGTERM is there after the next start, and the process left with code 0."""
    with running(collector):
        collector.post("traces", make_spans("shop", [200] * 5))
        assert 0 == collector.server.stop()
    with running(collector):
        assert (5, 5) == collector.events("shop-availability")


def test_an_slo_as_the_api_gives_it_holds_what_the_documentation_says(shared, make_spans):
    """The keys are a contract."""
    shared.post("traces", make_spans("documented", [200] * 5))
    slo = shared.get("/api/v1/slos/documented-availability")
    listed = [each for each in shared.get("/api/v1/slos")["slos"] if each["service"] == "documented"]
    history = shared.get("/api/v1/slos/documented-availability/history")["points"]
    heads = [httpx.head(shared.url + path).status_code for path in ("/healthz", "/readyz")]

    assert {
        "name",
        "service",
        "objective",
        "window",
        "method",
        "state",
        "since",
        "reason",
        "data_age_seconds",
    } <= slo.keys()
    assert ("0.9999", "30d", "Occurrences", "healthy") == (slo["objective"], slo["window"], slo["method"], slo["state"])
    assert {"good": 5, "total": 5, "estimated_bad": 0} == slo["events"]
    assert ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"] == list(slo["burn_rates"])
    assert {"documented-availability", "documented-latency"} == {each["name"] for each in listed}
    assert [(5, 5)] == [(point["good"], point["total"]) for point in history]
    assert [200, 200] == heads


def test_an_slo_has_its_addresses_whatever_its_service_is_called(shared, make_spans):
    """A name with slashes, quotes, spaces or line feeds is asked for like every other."""
    for service in ("team/payments", "a b", "<b>x?y#z</b>", "two\nlines"):
        shared.post("traces", make_spans(service, [200]))
        name = quote(f"{service}-availability", safe="")
        for path in (f"/api/v1/slos/{name}", f"/api/v1/slos/{name}/history", f"/slo/{name}"):
            assert 200 == httpx.get(shared.url + path, trust_env=False).status_code, path


def test_a_history_of_all_time_is_answered(shared, make_spans):
    """However far its ends lie apart, an answer costs what is kept."""
    shared.post("traces", make_spans("remembered", [200] * 5))
    path = "/api/v1/slos/remembered-availability/history"
    for start, end, step in ((0, 10**15, 10**12), (-(10**30), 10**30, 10**28)):
        points = shared.get(f"{path}?from={start}&to={end}&step={step}")["points"]
        assert [5] == [point["total"] for point in points]


def test_a_second_collector_on_the_same_data_is_refused(shared, free_port):
    """Two writers on one ledger would count twice: the second says who is there, and exits 1."""
    other = subprocess.run(
        [sys.executable, "-m", "fournines", "serve", "--data", shared.data, "--port", str(free_port())],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 1 == other.returncode
    assert str(shared.data) in other.stderr
    assert "Traceback" not in other.stderr


@pytest.mark.parametrize("taken", ["port", "http_port", "grpc_port"])
def test_a_port_in_use_is_named_before_anything_is_compiled(collector, tmp_path, taken):
    """The message names the port and what to do, and the process leaves with 1: at once, though it never ran on this machine."""
    kernels = tmp_path / "kernels"
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", getattr(collector, taken)))
        holder.listen()
        ended = subprocess.run(
            collector.command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | {"FOURNINES_KERNELS": str(kernels)},
        )

    assert 1 == ended.returncode
    assert not kernels.exists()
    assert str(getattr(collector, taken)) in ended.stderr
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_read_only_folder_is_named(collector):
    """No ledger, no collector: the message names the folder."""
    collector.data.mkdir()
    (collector.data / "ledger.db").mkdir()
    ended = subprocess.run(collector.command, capture_output=True, text=True, timeout=60, check=False)

    assert 1 == ended.returncode
    assert str(collector.data) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_data_folder_that_can_not_be_had_is_named_as_that(collector):
    """Not as the trouble of what would be compiled into it: the folder is taken before anything is."""
    collector.data.write_text("a file")
    environment = {name: text for name, text in os.environ.items() if name != "FOURNINES_KERNELS"}
    ended = subprocess.run(collector.command, capture_output=True, text=True, timeout=60, check=False, env=environment)

    assert 1 == ended.returncode
    assert f"{collector.data} can't be used for data" in ended.stderr
    assert "decoders" not in ended.stderr


def test_port_0_says_which_port_it_took(tmp_path):
    """The address in the log, and with it those in pages and messages, is one that answers."""
    command = [sys.executable, "-m", "fournines", "serve", "--data", str(tmp_path / "data"), "--port", "0"]
    command += ["--otlp-http-port", "0", "--otlp-grpc-port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        try:
            said = next(line for line in running.stderr if "pages and API on" in line)
            answer = httpx.get(f"{said.split()[-1]}/api/v1/slos", trust_env=False)
        finally:
            running.terminate()
            running.communicate()

    assert 200 == answer.status_code
    assert 0 == running.returncode


def test_a_faulty_slo_file_stops_the_start(collector, tmp_path):
    """At the start there are no old SLOs to keep: the fault is named with file and line."""
    path = tmp_path / "slos.yaml"
    path.write_text("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: x}\nspec: {}\n")
    collector.arguments += ["--slos", str(path)]
    ended = subprocess.run(collector.command, capture_output=True, text=True, timeout=60, check=False)

    assert 1 == ended.returncode
    assert f"{path}:4" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff\xff no protobuf", {}, 400),
        (b"not gzip at all", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(bytes(200_000_000), 1), {"Content-Encoding": "gzip"}, 413),
        (bytes(200_000_000), {}, 413),
        (b"<xml/>", {"Content-Type": "application/xml"}, 415),
    ],
    ids=["no protobuf", "no gzip", "gzip bomb", "200 MB", "xml"],
)
def test_bad_bodies_get_a_status_and_the_collector_goes_on(shared, make_spans, request, body, headers, status):
    """Each is refused for its reason, and the next good request is counted."""
    service = request.node.callspec.id.replace(" ", "-")
    try:
        refused = shared.post("traces", body, **headers).status_code
    except httpx.WriteError:  # the answer came before the body was through; read on the next connection
        refused = 413

    assert status == refused
    assert 200 == shared.post("traces", make_spans(service, [200])).status_code
    assert (1, 1) == shared.events(f"{service}-availability")


def test_a_full_disk_is_answered_with_503_and_loses_nothing(collector, running, make_spans):
    """What can't be kept is not acknowledged; when there is room again the same bytes are taken, once."""
    limit = 600_000

    def unready():
        # In between, the collector looks by a little write of its own whether there is room again; so little may find some.
        refused_again = collector.post("traces", bodies[-1]).status_code == 503
        return refused_again and httpx.get(collector.url + "/readyz").status_code == 503

    with running(collector):
        pid = collector.server.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        bodies, acknowledged, refused = [], 0, None
        for number in range(5_000):
            body = make_spans(f"shop-{number}", [200])
            bodies.append(body)
            answer = collector.post("traces", body)
            if answer.status_code != 200:
                refused = answer
                break
            acknowledged += 1

        assert refused is not None, "the limit never bit"
        assert (503, True) == (refused.status_code, int(refused.headers["Retry-After"]) >= 1)
        assert any(unready() for _ in range(20))
        assert 200 == httpx.get(collector.url + "/healthz").status_code

        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        again = [collector.post("traces", body).status_code for body in bodies[-2:]]
        slos = {each["name"]: each["events"]["total"] for each in collector.get("/api/v1/slos")["slos"]}

    assert [200, 200] == again
    assert {f"shop-{n}-availability": 1 for n in range(acknowledged + 1)}.items() <= slos.items()


def test_sighup_reads_slo_files_again_and_a_bad_file_leaves_the_old_ones(collector, running, tmp_path):
    """Changing a promise needs no restart; a mistake in it changes nothing and is shown."""
    good = (
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: NAME}\nspec:\n  service: shop\n"
        "  indicator:\n    metadata: {name: NAME}\n    spec:\n      ratioMetric:\n        counter: true\n"
        "        good: {metricSource: {type: fournines, spec: {signal: spans}}}\n"
        "        total: {metricSource: {type: fournines, spec: {signal: spans}}}\n"
        "  timeWindow: [{duration: 30d, isRolling: true}]\n  budgetingMethod: Occurrences\n"
        "  objectives: [{displayName: nines, target: 0.999}]\n"
    )
    path = tmp_path / "slos.yaml"
    path.write_text(good.replace("NAME", "first"))
    collector.arguments += ["--slos", str(path)]

    def names_become(wanted):
        deadline = time.monotonic() + 20
        while (names := {slo["name"] for slo in collector.get("/api/v1/slos")["slos"]}) != wanted:
            assert time.monotonic() < deadline, names
            time.sleep(0.05)

    with running(collector):
        names_become({"first"})
        path.write_text(good.replace("NAME", "second"))
        os.kill(collector.server.pid, signal.SIGHUP)
        names_become({"second"})
        path.write_text("apiVersion: openslo/v1\nkind: SLO\n")
        os.kill(collector.server.pid, signal.SIGHUP)
        deadline = time.monotonic() + 20
        while str(path) not in httpx.get(collector.url + "/").text:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        names_become({"second"})


def test_a_page_reaches_the_webhook_signed_by_nobody_else(collector, running, make_spans, tmp_path, free_port):
    """A total outage seen from the first second pages once the guard and both windows agree; the body is Alertmanager's version 4."""
    import http.server
    import threading

    received = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        collector.arguments += ["--webhook", f"http://127.0.0.1:{server.server_address[1]}/hook"]
        try:
            with running(collector):
                now = time.time()
                collector.post("traces", make_spans("shop", [200] * 100, end=now - 120))
                collector.post("traces", make_spans("shop", [500] * 50, end=now))
                deadline = time.monotonic() + 20
                while not received and time.monotonic() < deadline:
                    time.sleep(0.02)
                alerts = collector.get("/api/v1/alerts")["alerts"]
                slo = collector.get("/api/v1/slos/shop-availability")
        finally:
            server.shutdown()
            thread.join()

    (body, *_) = received
    assert ("4", "firing") == (body["version"], body["status"])
    assert ("shop-availability", "page") == (body["commonLabels"]["slo"], body["commonLabels"]["severity"])
    assert [("shop-availability", "page")] == [(a["slo"], a["severity"]) for a in alerts if a["severity"] == "page"]
    assert "burning" == slo["state"]
    assert ("page", "firing") == (slo["alerts"][0]["severity"], slo["alerts"][0]["state"])


def test_a_threshold_off_the_histograms_boundaries_is_told(shared, make_histogram):
    """The next boundary below counts, and the API and the page say which: nobody takes 0.25 s for granted."""
    now = time.time()
    body = make_histogram("coarse", {200: 40}, now - 5, now, up=1)
    lower = struct.pack("<d", 0.25), struct.pack("<d", 0.2)
    shared.post("metrics", body.replace(*lower))
    slo = shared.get("/api/v1/slos/coarse-latency")
    page = httpx.get(shared.url + "/").text

    assert (0.25, 0.2) == (slo["threshold_seconds"], slo["threshold_used_seconds"])
    assert "coarse-latency: the histograms that are sent have no boundary at its threshold" in page
