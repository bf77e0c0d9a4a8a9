"""Counts asked back of a real Prometheus, whole and in their minutes."""

from __future__ import annotations

import subprocess
import urllib.parse

import httpx
import pytest

from fournines.cli.prometheus_history import MOST_STEPS, PrometheusHistory
from fournines.collector.errors import EngineError
from fournines.slo import Interval

START = 1_800_000_000


@pytest.fixture(scope="module")
def url(tmp_path_factory, run_server, free_port, prometheus_binary, promtool_binary):
    """A Prometheus that scraped two collectors every 15 s; the second restarts after three minutes."""
    folder = tmp_path_factory.mktemp("prometheus")
    lines = ["# TYPE slo_events counter"]
    for collector, result, each in (("a", "good", 7), ("a", "bad", 1), ("b", "good", 20)):
        for number in range(41):
            value = (number - 12 if collector == "b" and number >= 12 else number) * each
            labels = f'slo="pay\\"ments",service="s",result="{result}",collector="{collector}"'
            lines.append(f"slo_events_total{{{labels}}} {value} {START + number * 15}")
    (folder / "past.txt").write_text("\n".join([*lines, "# EOF\n"]))
    made = [promtool_binary, "tsdb", "create-blocks-from", "openmetrics", folder / "past.txt", folder / "data"]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    (folder / "prometheus.yml").write_text("global: {}\n")
    port = free_port()
    command = [
        prometheus_binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=100y",
    ]  # fmt: skip
    with run_server(command, f"http://127.0.0.1:{port}/-/ready"):
        yield f"http://127.0.0.1:{port}"


def test_counters_grow_by_whole_events(url):
    """Summed over collectors, in the minute they came; of one that began anew, what it had counted since the last look is not known."""
    with PrometheusHistory(url) as engine:
        rows = engine.history('pay"ments', Interval(START, START + 600), 60)
        nothing = engine.history("none", Interval(START, START + 600), 60)
    by_minute = {}
    for t, good, total in rows.tolist():
        had = by_minute.setdefault(t - START, [0, 0])
        had[0] += good
        had[1] += total

    assert [0, 3] == list(nothing.shape)
    expected = {at: [4 * 27, 4 * 28] for at in range(0, 600, 60)}
    assert {**expected, 120: [4 * 7, 4 * 8]} == by_minute


def test_long_times_are_asked_for_in_pieces():
    """No answer has more points than an engine gives, and the pieces share their ends."""
    asked = []

    def answer(request):
        form = dict(urllib.parse.parse_qsl(request.content.decode()))
        asked.append(tuple(int(form[name]) for name in ("start", "end", "step")))
        return httpx.Response(200, json={"data": {"result": []}})

    engine = PrometheusHistory("http://engine", transport=httpx.MockTransport(answer))
    with engine:
        engine.history("a", Interval(0, 90 * MOST_STEPS), 60)

    assert [(0, 60 * MOST_STEPS, 60), (60 * MOST_STEPS, 90 * MOST_STEPS, 60)] == asked


@pytest.mark.parametrize(
    "response", [httpx.Response(503), httpx.Response(200, text="<html>"), httpx.Response(200, json=[])]
)
def test_what_is_no_answer_is_an_error_that_the_command_says(response):
    """An engine that is ill, and a page that is none."""
    engine = PrometheusHistory("http://engine", transport=httpx.MockTransport(lambda _: response))

    with engine, pytest.raises(EngineError):
        engine.history("a", Interval(0, 600), 60)
