"""A real Prometheus that scrapes what a collector shows answers every panel with the right number."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fournines.dashboards import build_dashboards, queries

CONFIGURATION = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - {{job_name: fournines, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}
"""


QUIET = ("users-availability", "5m")


class Exposition(BaseHTTPRequestHandler):
    """Stands in for a collector's /metrics: ten events more at each scrape, one of them bad."""

    slos: Any = ()
    scrapes = 0

    def do_GET(self) -> None:
        Exposition.scrapes += 1
        body = "".join(self._series(slo, Exposition.scrapes) for slo in self.slos).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _series(self, slo: Any, scrapes: int) -> str:
        of = f'slo="{slo.name}",service="{slo.service}"'
        # A window without traffic has no burn rate: the collector leaves it out.
        burns = (
            f'slo_burn_rate{{{of},window="{window}"}} 20' for window in slo.windows if (slo.name, str(window)) != QUIET
        )
        firing = slo.name == "payments-availability"
        return "\n".join(
            (
                f'slo_events_total{{{of},result="good"}} {9 * scrapes}',
                f'slo_events_total{{{of},result="bad"}} {scrapes}',
                f"slo_objective_ratio{{{of}}} {slo.objective}",
                f"slo_error_budget_remaining_ratio{{{of}}} {-0.5 if firing else 0.5}",
                f'slo_alert_firing{{{of},severity="page"}} {int(firing)}',
                f'slo_alert_firing{{{of},severity="ticket"}} 1',
                *burns,
                "",
            )
        )

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class Asked:
    """A Prometheus that can be asked."""

    def __init__(self, address: str) -> None:
        self.address = address

    def values(self, expr: str, at: float | None = None) -> list[float]:
        """The values of an instant query; a Prometheus that refuses it raises."""
        parameters = {"query": expr} | ({"time": str(at)} if at else {})
        url = f"{self.address}/api/v1/query?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return [float(series["value"][1]) for series in json.load(answer)["data"]["result"]]

    def until_answered(self, expr: str) -> list[float]:
        """Its values, once there are any: a rate needs two scrapes."""
        deadline = time.monotonic() + 30
        while not (found := self.values(expr)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found


@pytest.fixture(scope="module")
def prometheus(
    bank: Any, prometheus_binary: Path, free_port: Any, run_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    """Prometheus, scraping the stand-in five times a second."""
    Exposition.slos = bank
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exposition)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text(CONFIGURATION.format(port=server.server_address[1]))
    address = f"127.0.0.1:{free_port()}"
    command = [prometheus_binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    try:
        with run_server([*command, f"--web.listen-address={address}"], f"http://{address}/-/ready"):
            yield Asked(f"http://{address}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_every_query_returns_data(prometheus: Asked, bank: Any) -> None:
    """No panel of no dashboard is empty."""
    empty = [
        (name, panel, expr)
        for name, board in build_dashboards(bank).items()
        for panel, expr in queries(board)
        if not prometheus.until_answered(expr)
    ]

    assert empty == []


def test_no_query_makes_up_a_number(prometheus: Asked, bank: Any) -> None:
    """When there is no collector, a panel says so: nothing falls back to zero."""
    before = time.time() - 3_600
    made_up = [
        (name, panel, expr)
        for name, board in build_dashboards(bank).items()
        for panel, expr in queries(board)
        if prometheus.values(expr, at=before)
    ]

    assert made_up == []


def test_the_numbers_are_those_of_the_collector(prometheus: Asked, bank: Any) -> None:
    """What was fed comes out, in the unit the panel says."""
    boards = build_dashboards(bank)
    burning = dict(queries(boards["slo-payments-availability.json"]))
    calm = dict(queries(boards["slo-payments-latency.json"]))
    quiet = dict(queries(boards["slo-users-availability.json"]))
    overview = dict(queries(boards["fournines-overview.json"]))

    assert prometheus.until_answered(burning["Error budget left"]) == [-0.5]
    assert prometheus.until_answered(burning["Burn rate, 1h"]) == [20]
    assert prometheus.until_answered(burning["Empty in"]) == [0]
    assert prometheus.until_answered(calm["Empty in"]) == [0.5 * 30 * 86_400 / 20]
    assert prometheus.until_answered(quiet["Empty in"]) == [30 * 86_400]
    assert prometheus.until_answered(burning["Alerts firing"]) == [2]
    assert prometheus.until_answered(overview["SLOs with a page"]) == [1]
    assert prometheus.until_answered(overview["SLOs over budget"]) == [1]
    assert prometheus.until_answered(overview["SLOs watched"]) == [len(bank)]
    assert sorted(prometheus.until_answered(overview["Alerts"])) == [1, 1, 1, 2]
    assert prometheus.until_answered(burning["Failed events per million"])
