"""A real Prometheus that scrapes what a collector and services show answers every panel with the right number.

The collector is a stand-in that shows the names of docs/collector.md, which a test of the collector's own holds against a real one; the
services' pages are those of a real application with `instrument(app)`.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response

from fournines.dashboards import build_dashboards, queries
from fournines.dashboards.grafana import metrics
from fournines.dashboards.grafana.queries import VARIABLES, substitute
from fournines.instrumentation import instrument

CONFIGURATION = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - {{job_name: fournines, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}
  - {{job_name: shops, metrics_path: /service, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}
"""
ROUTE = "/pay/{number}"


def application() -> FastAPI:
    """A service of one route, of whose requests one in three fails."""
    app = FastAPI()

    @app.get(ROUTE)
    def pay(number: int) -> Response:
        return Response(status_code=500 if number % 3 == 0 else 200)

    instrument(app, service="payments")
    return app


async def called(app: FastAPI) -> str:
    """Its page, after three requests more."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        for number in range(3):
            await client.get(f"/pay/{number}")
        return (await client.get("/metrics")).text


def of_collector(scrapes: int) -> Iterator[str]:
    """A sample of each of the collector's own metrics that panels ask for; counters and histograms grow."""
    values = {"severity": "page", "le": "+Inf", "service": "payments", "version": "2"}
    for name, labels in metrics.OF_COLLECTOR.items():
        pairs = ",".join(f'{label}="{values.get(label, "a")}"' for label in sorted(labels))
        yield f"{name}{{{pairs}}} {scrapes if name.endswith(('_total', '_bucket')) else 1}"
        if "le" in labels:
            yield f'{name}{{le="0.1"}} {scrapes}'


NOT_INSTRUMENTED = {"service-users.json", "service-gateway.json"}
"""Dashboards of services of which there is no page here: they ask what that of payments does."""
QUIET = ("users-availability", "5m")


class Exposition(BaseHTTPRequestHandler):
    """Stands in for a collector's /metrics: ten events more at each scrape, one of them bad."""

    slos: Any = ()
    service: Any = None
    scrapes = 0

    def do_GET(self) -> None:
        body = (self._service() if self.path == "/service" else self._collector()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _service(self) -> str:
        """The page of the application, which was called three times more."""
        return asyncio.run(called(self.service))

    def _collector(self) -> str:
        Exposition.scrapes += 1
        slos = "".join(self._series(slo, Exposition.scrapes) for slo in self.slos)
        return "\n".join([slos, *of_collector(Exposition.scrapes), ""])

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
    Exposition.slos, Exposition.service = bank, application()
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


def asked(board: Any) -> list[tuple[str, str]]:
    """What a dashboard asks; every service is the one that there is, and of a day there is a minute."""
    return [(title, expr.replace("[1d]", "[1m]")) for title, expr in queries(board, {**VARIABLES, "$__range": "1m"})]


def boards_of(bank: Any) -> dict[str, Any]:
    """All dashboards, of services of which one is instrumented and needs another."""
    needy = replace(bank[0], depends_on=("users-availability",))
    built = build_dashboards([needy, *bank[1:]])
    return {name: board for name, board in built.items() if name not in NOT_INSTRUMENTED}


def test_every_query_returns_data(prometheus: Asked, bank: Any) -> None:
    """No panel of no dashboard is empty."""
    empty = [
        (name, panel, expr)
        for name, board in boards_of(bank).items()
        for panel, expr in asked(board)
        if not prometheus.until_answered(expr)
    ]

    assert empty == []


def test_variables_have_values(prometheus: Asked, bank: Any) -> None:
    """And the marks of deployments: what label_values and annotations ask for is there."""
    boards = boards_of(bank).values()
    variables = [each["query"] for board in boards for each in board["templating"]["list"] if each["type"] == "query"]
    wanted = {substitute(query.removeprefix("label_values(").rpartition(",")[0]) for query in variables}
    marks = {each["expr"] for board in boards for each in board["annotations"]["list"] if "expr" in each}
    marks = {expr for expr in marks if "service=" not in expr or "payments" in expr}

    assert [expr for expr in wanted | marks if not prometheus.until_answered(expr)] == []


def test_no_query_makes_up_a_number(prometheus: Asked, bank: Any) -> None:
    """When there is no collector, a panel says so: nothing falls back to zero."""
    before = time.time() - 3_600
    made_up = [
        (name, panel, expr)
        for name, board in boards_of(bank).items()
        for panel, expr in asked(board)
        if prometheus.values(expr, at=before)
    ]

    assert made_up == []


def test_the_figures_of_a_service_are_its_own(prometheus: Asked, bank: Any) -> None:
    """Two in three requests fail not at all; of those that do, route, status and error are told."""
    board = dict(asked(boards_of(bank)["service-payments.json"]))
    shown = f'{metrics.DURATION_COUNT}{{{metrics.ROUTE}="{ROUTE}"}}'

    assert prometheus.until_answered(board["Failed requests"]) == [pytest.approx(1 / 3, abs=0.05)]
    assert prometheus.until_answered(board["Failures by version"]) == [pytest.approx(1 / 3, abs=0.05)]
    assert prometheus.until_answered(board["Instances by version"]) == [1]
    assert len(prometheus.until_answered(board["Failures by route and error"])) == 1
    assert len(prometheus.until_answered(shown)) == 2


def test_no_failures_are_zero_and_no_requests_are_nothing(prometheus: Asked, bank: Any) -> None:
    """A share of failures is 0 where there are requests, and not where there are none."""
    board = dict(queries(boards_of(bank)["service-payments.json"], {**VARIABLES, "$route": "/metrics|/pay/.*"}))
    share = board["Failed requests"]

    assert prometheus.until_answered(share.replace('error_type!=""', 'error_type="never"')) == [0]
    assert prometheus.values(share.replace("/pay/.*", "/nobody")) == []


def test_names_of_the_collector_are_those_of_its_documentation(root: Path) -> None:
    """Which a test of the collector holds against what it emits."""
    text = (root / "docs" / "collector.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(fournines_\w+)(?:\{([\w,]+)\})?` \| ", text, re.MULTILINE))
    labels = {name: frozenset(filter(None, found.split(","))) for name, found in rows.items()}

    for name, ours in metrics.OF_COLLECTOR.items():
        assert ours - {"le"} == labels[name.removesuffix("_bucket")], name


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
