"""A real Prometheus scrapes a real collector: every panel about SLOs has data, and the built rules say what the collector says."""

import contextlib
import json
import re
import threading
import time
from pathlib import Path

import httpx
import pytest

import fournines
from fournines import alerts, dashboards
from fournines.slo import load_slos

CONFIGURATION = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}}
rule_files: [{rules}]
scrape_configs:
  - {{job_name: fournines, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}
"""

BANK = Path(fournines.__file__).parent / "examples" / "fintech_edge" / "slos"
SERVICES = ("gateway", "users", "accounts", "transactions", "payments", "notifications", "analytics")

ELSEWHERE = re.compile(r"\b(fournines|http_server|process|target)_")
"""What a service's own page has, and what a collector tells only once it happened: dashboards' own tests have seen to these."""


class Prometheus:
    def __init__(self, url):
        self.http = httpx.Client(base_url=url, verify=False, trust_env=False, timeout=10)

    def values(self, expr):
        answer = self.http.get("/api/v1/query", params={"query": expr})
        assert answer.status_code == 200, f"{expr}: {answer.text}"
        return [float(series["value"][1]) for series in answer.json()["data"]["result"]]

    def until(self, expr, holds, seconds=40):
        deadline = time.monotonic() + seconds
        while not holds(found := self.values(expr)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found

    def rules(self):
        groups = json.loads(self.http.get("/api/v1/rules").text)["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


@contextlib.contextmanager
def traffic(collector, make_histogram):
    """Every service of the example bank, ten good events a quarter second; payments fail every tenth."""
    stop = threading.Event()

    def send():
        start = time.time()
        while not stop.wait(0.25):
            end = time.time()
            for service in SERVICES:
                counts = {200: 9, 500: 1} if service == "payments" else {200: 10}
                collector.post("metrics", make_histogram(service, counts, start, end, up=1))
            start = end

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def scraped(collector, running, make_histogram, prometheus_binary, free_port, run_server, tmp_path):
    """A collector with the example bank's SLOs under traffic, and the Prometheus that scrapes it, with the built rules."""
    collector.arguments += ["--slos", str(BANK)]
    slos = load_slos([BANK])
    (rules,) = alerts.write(tmp_path / "built", slos)
    # The recorded windows stay as they are; only how often they are evaluated is hurried.
    rules.write_text(rules.read_text().replace("interval: 30s", "interval: 1s").replace("interval: 2m", "interval: 1s"))
    config = tmp_path / "prometheus.yml"
    config.write_text(CONFIGURATION.format(rules=rules, port=collector.port))
    address = f"127.0.0.1:{free_port()}"
    command = [
        prometheus_binary,
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address={address}",
    ]
    ready = f"http://{address}/-/ready"
    with running(collector), run_server(command, ready), traffic(collector, make_histogram):
        prometheus = Prometheus(f"http://{address}")
        yield prometheus, slos, collector
        prometheus.http.close()


def test_every_panel_about_slos_and_every_rule_has_data(scraped):
    """What is built from the SLO files works on what the collector really emits."""
    prometheus, slos, _ = scraped
    prometheus.until('slo_burn_rate{slo="payments-availability",window="5m"}', lambda found: found)
    empty = [
        (name, panel, expr)
        for name, board in dashboards.build_dashboards(slos).items()
        for panel, expr in dashboards.queries(board)
        if not ELSEWHERE.search(expr) and not prometheus.until(expr, lambda found: found)
    ]
    prometheus.until("slo:sli_error:ratio_rate3d", lambda found: len(found) == len(slos))

    assert [] == empty
    assert len(slos) == len(prometheus.values("sloth_slo_info"))
    assert {"ok"} == {rule["health"] for rule in prometheus.rules()}


def test_prometheus_and_the_page_count_the_same(scraped):
    """The counter is the ledger's count, event for event, and the built alert fires on it."""
    prometheus, _, collector = scraped
    firing = 'ALERTS{alertstate="firing",sloth_slo="payments-availability",severity="page"}'
    prometheus.until(firing, lambda found: found)
    total = 'sum(slo_events_total{slo="payments-availability"})'
    before = collector.events("payments-availability")[1]
    scraped_total = prometheus.until(total, lambda found: found and found[0] >= before)[0]
    after = collector.events("payments-availability")[1]

    assert before <= scraped_total <= after
    assert [1.0] == prometheus.values(firing)


def test_metrics_are_clean(collector, running, make_histogram, promtool_binary):
    """What /metrics says passes promtool's lint, and OpenMetrics is spoken when asked for."""
    import subprocess

    now = time.time()
    with running(collector):
        collector.post("metrics", make_histogram("payments", {200: 9, 500: 1}, now - 5, now, up=1))
        text = httpx.get(collector.url + "/metrics").content
        openmetrics = httpx.get(
            collector.url + "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )
        checked = subprocess.run([promtool_binary, "check", "metrics"], input=text, capture_output=True, check=False)

    assert (0, b"") == (checked.returncode, checked.stderr + checked.stdout)
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")
