"""What the tests of PromQL share: engines that hold the same two hours, and SLOs that are asked for there."""

from __future__ import annotations

import contextlib
import re
import subprocess
import urllib.parse
import urllib.request
from decimal import Decimal
from fractions import Fraction

import httpx
import pytest

from fournines.collector.promql.engine import Engine
from fournines.slo import PROMQL, SLI, SLO, BurnRule, Objective, Queries, Severity, SLIKind, Window

START, SCRAPE, SCRAPES = 1_790_000_000, 15, 480
END = START + SCRAPE * SCRAPES
"""Two hours, scraped each 15 s, of two processes: each answers 10 requests a scrape; the second fails 3 of them in the last ten minutes
and began anew in the middle."""


def counters():
    """(labels, value, epoch seconds) of every sample of the requests."""
    for number in range(SCRAPES + 1):
        failing = max(0, number - (SCRAPES - 40))
        again = number - SCRAPES // 2 if number >= SCRAPES // 2 else number
        t = START + number * SCRAPE
        yield 'code="200",instance="a"', number * 10, t
        yield 'code="200",instance="b"', again * 10 - 3 * failing, t
        yield 'code="500",instance="b"', 3 * failing, t


def written():
    """The same of what collectors wrote of an SLO they count: one all the time, one that went after an hour, and one that came then."""
    lives = {"a": (0, SCRAPES + 1), "b": (0, SCRAPES // 2), "c": (SCRAPES // 2, SCRAPES + 1)}
    for collector, (first, last) in lives.items():
        for number in range(first, last):
            for result, each in (("good", 7), ("bad", 1)):
                labels = f'slo="counted",service="s",result="{result}",collector="{collector}"'
                yield labels, 1000 + (number - first) * each, START + number * SCRAPE


def exposed():
    """Everything as lines of an exposition, with times in seconds, series by series."""
    series = sorted(("http_requests_total", *each) for each in counters())
    series += sorted(("slo_events_total", *each) for each in written())
    for name in ("http_requests", "slo_events"):
        yield f"# TYPE {name} counter"
        own = [each for each in series if each[0] == f"{name}_total"]
        for metric, labels, value, t in sorted(own, key=lambda each: (each[1], each[3])):
            yield f"{metric}{{{labels}}} {value} {t}"


@contextlib.contextmanager
def prometheus(folder, run_server, port, binary, promtool):
    """A Prometheus that holds the past."""
    (folder / "past.txt").write_text("\n".join([*exposed(), "# EOF\n"]))
    made = [promtool, "tsdb", "create-blocks-from", "openmetrics", folder / "past.txt", folder / "data"]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    (folder / "prometheus.yml").write_text("global: {}\n")
    command = [
        binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=100y",
    ]  # fmt: skip
    with run_server(command, f"http://127.0.0.1:{port}/-/ready"):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def victoria_metrics(folder, run_server, port, binary):
    """A VictoriaMetrics that holds the past."""
    command = [binary, f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y"]
    url = f"http://127.0.0.1:{port}"
    with run_server(command, f"{url}/health"):
        body = "\n".join(line if line[0] == "#" else f"{line}000" for line in exposed())
        for path, data in (("/api/v1/import/prometheus", body.encode()), ("/internal/force_flush", None)):
            with urllib.request.urlopen(f"{url}{path}", data, timeout=30) as answer:
                answer.read()
        yield url


@pytest.fixture(scope="module")
def prometheus_url(tmp_path_factory, run_server, free_port, prometheus_binary, promtool_binary):
    """Where a real Prometheus answers for the two hours."""
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus(folder, run_server, free_port(), prometheus_binary, promtool_binary) as url:
        yield url


@pytest.fixture(scope="module")
def victoria_url(tmp_path_factory, run_server, free_port, victoria_metrics_binary):
    """Where a real VictoriaMetrics does."""
    folder = tmp_path_factory.mktemp("victoria")
    with victoria_metrics(folder, run_server, free_port(), victoria_metrics_binary) as url:
        yield url


PAGE = BurnRule(Severity.PAGE, Fraction(1, 50), Window.parse("1h"), Window.parse("5m"))
BAD, TOTAL = 'http_requests_total{code=~"5.."}', "http_requests_total"
PART = re.compile(r'label_replace\((.*?), "fournines_asked", "(\d+)", "", ""\)', re.DOTALL)
"""One of the queries that are asked together."""

COUNTERS = Queries(bad=BAD, total=TOTAL, counter=True)


@pytest.fixture
def asked():
    """Makes an SLO whose events such queries give: those of the two hours, where nothing else is said."""

    def make(queries=COUNTERS, name="payments-availability", **more):
        sli = SLI(SLIKind.AVAILABILITY, "payments", PROMQL, promql=queries)
        return SLO(name, sli, Objective(Decimal("0.99")), **{"window": Window.parse("2h"), "rules": (PAGE,), **more})

    return make


@pytest.fixture
def answering():
    """An engine that answers instant queries with what `answer(text, time)` gives, and ranges with what it gives at each step.

    `answer` gives numbers, one a series, or raises what the engine is to fail with.
    """
    engines = []

    def make(answer, **more):
        def handle(request):
            form = dict(urllib.parse.parse_qsl(request.content.decode()))
            if request.url.path.endswith("query_range"):
                times = range(int(form["start"]), int(form["end"]) + 1, int(form["step"]))
                values = [[t, str(number)] for t in times for number in answer(form["query"], t)]
                result = [{"metric": {}, "values": values}] if values else []
                return httpx.Response(200, json={"data": {"resultType": "matrix", "result": result}})
            t = float(form["time"])
            result = [
                {"metric": {"fournines_asked": mark}, "value": [t, str(number)]}
                for query, mark in PART.findall(form["query"]) or [(form["query"], "")]
                for number in answer(query, t)
            ]
            return httpx.Response(200, json={"data": {"resultType": "vector", "result": result}})

        engines.append(Engine("http://engine", transport=httpx.MockTransport(handle), **more))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()
