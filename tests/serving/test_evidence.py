"""What a collector shows of bad events, and takes in beside OTLP, over its real API."""

import time

import cramjam
import httpx
import pytest

from fournines.collector.prometheus.messages import Label, WriteRequest

SNAPPY = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}


def _written(job: str, *samples: tuple[float, float]) -> bytes:
    """A remote write 1.0 request with one `orders_total` of a job: (value, epoch seconds)."""
    request = WriteRequest()
    one = request.timeseries.add()
    labels = {"__name__": "orders_total", "instance": "a:9000", "job": job}
    one.labels.extend(Label(name=k, value=v).SerializeToString() for k, v in sorted(labels.items()))
    for value, at in samples:
        one.samples.add(value=value, timestamp=int(at * 1000))
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))


def _eventually(ask, seconds=20):
    """What `ask` answers once it answers anything."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def _status(collector, path):
    return httpx.get(collector.url + path, trust_env=False).status_code


def test_who_was_to_blame_and_which_requests_they_were(collector, running, make_spans):
    """From an SLO that burns, two calls lead to the route that fails and to a failed request of it."""
    with running(collector):
        collector.post("traces", make_spans("shop", [200, 200, 500, 500, 503]))
        blamed = collector.get("/api/v1/slos/shop-availability/contributors")
        (found,) = _eventually(lambda: collector.get("/api/v1/traces?service=shop&state=failed")["traces"])
        trace = collector.get(f"/api/v1/traces/{found['trace_id'].upper()}")
        others = [
            collector.get(f"/api/v1/traces?{query}")["traces"]
            for query in ("service=nobody", "service=shop&state=slow", "route=/other")
        ]

    assert [("500", 2), ("503", 1)] == [(cause["status"], cause["bad"]) for cause in blamed["cause"]]
    assert {"/things/{thing}"} == {cause["route"] for cause in blamed["cause"]}
    assert 3 == sum(instance["bad"] for instance in blamed["instance"])
    assert 5 == len(trace["spans"])
    assert [[], [], []] == others


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("traces/" + "0" * 32, 404),
        ("traces/abc", 422),
        ("traces?state=dead", 422),
        ("traces?limit=0", 422),
        ("traces?limit=100000", 422),
        ("traces?service=%00&route=%F0%9F%92%A5", 200),
        ("slos/nobody/contributors", 404),
        ("slos/shop-availability/contributors?from=5&to=5", 422),
        ("slos/shop-availability/contributors?from=0&to=10000000000", 422),
        (f"slos/shop-availability/contributors?from={10**30}&to={10**30 + 60}", 200),
        (f"slos/shop-availability/contributors?from={-(10**30)}&to={60 - 10**30}", 200),
        (f"slos/shop-availability/history?from={10**30}&to={10**30 + 60}", 200),
        ("write", 405),
    ],
)
def test_questions_that_lead_nowhere_are_told_so(busy, path, status):
    """Whatever is asked, no answer is a fault of the collector's."""
    assert status == _status(busy, f"/api/v1/{path}")


@pytest.fixture(scope="module")
def busy(tmp_path_factory, run_server, free_port, make_spans_of_module):
    """A collector that has counted something, for questions that change nothing."""
    kind, body = make_spans_of_module
    collector = kind(tmp_path_factory.mktemp("busy") / "data", free_port(), free_port(), free_port())
    with run_server(collector.command, collector.url + "/readyz") as server:
        collector.server = server
        collector.post("traces", body)
        yield collector


def test_prometheus_writes_to_the_port_of_the_api(collector, running, tmp_path):
    """Samples of a counter that an SLO names are taken; what can't be read is refused for its reason."""
    path = tmp_path / "slos.yaml"
    source = "{metricSource: {type: fournines, spec: {signal: orders_total"
    path.write_text(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: orders}\nspec:\n  service: shop\n  indicator:\n"
        "    metadata: {name: orders}\n    spec:\n      ratioMetric:\n        counter: true\n"
        f'        bad: {source}, conditions: ["code >= 500"]}}}}}}\n        total: {source}}}}}}}\n'
        "  budgetingMethod: Occurrences\n  objectives: [{target: 0.999}]\n"
    )
    collector.arguments += ["--slos", str(path)]
    with running(collector):
        url, now = collector.url + "/api/v1/write", time.time()
        post = {"headers": SNAPPY, "trust_env": False}
        answers = [
            httpx.post(url, content=_written("shop", (100, now - 60), (107, now - 30), (110, now)), **post),
            httpx.post(url, content=b"no snappy", **post),
            httpx.post(url, content=b"{}", trust_env=False),
        ]

    assert [204, 400, 415] == [answer.status_code for answer in answers]
    assert "3" == answers[0].headers["X-Prometheus-Remote-Write-Samples-Written"]
