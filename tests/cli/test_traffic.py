"""`check` judges SLOs at the traffic that is said, or that a collector saw."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest


@pytest.fixture
def collector():
    """Answers what a collector would of one SLO: a quarter of its window was watched, and 22,500 events came."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            said = {"name": "payments-availability", "unit": "events", "window": "30d", "coverage": 0.25}
            rest = dict.fromkeys(["state", "since", "reason", "budget", "burn_rates", "alerts"])
            body = json.dumps({"slos": [{**said, **rest, "events": {"total": 22_500}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("rate", "said"), [("1/m", "at 0.0167 events a second it may have 4.32 failures in 30d"), ("5/s", "")]
)
def test_at_a_rate(typed, slo_file, rate, said):
    """A rate is that of every SLO: too few events are advised against, and nothing fails."""
    result = typed("check", slo_file, "--rate", rate)

    assert 0 == result.exit_code
    assert bool(said) is result.stdout.startswith("advice: ")
    assert said in result.stdout


def test_at_what_a_collector_saw(typed, slo_file, collector):
    """Its events are those of the time it watched: 22,500 in a quarter of 30 d are 90,000 in all, of which nine may fail."""
    result = typed("check", slo_file, "--url", collector)

    assert "at 0.0347 events a second it may have 9 failures in 30d" in result.stdout


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--rate", "much", 2),
        ("--url", "http://127.0.0.1:1", 1),
        ("--url", "x://\0", 1),
        ("--url", f"https://{'a' * 64}", 1),
    ],
)
def test_traffic_that_nobody_knows(typed, slo_file, option, value, code):
    """A rate that is none was mistyped; a collector that does not answer is said."""
    result = typed("check", slo_file, option, value)

    assert code == result.exit_code
    assert 2 == code or result.stderr.startswith(f"no traffic from {value.replace(chr(0), ' ')}: ")


@pytest.mark.parametrize(
    "body", ["{}", "[]", '{"slos": {}}', '{"slos": [{"name": "a"}]}', '{"slos": ["a"]}', '{"points": [{"t": 1}]}']
)
@pytest.mark.parametrize("command", ["check", "backtest", "import"])
def test_json_of_what_is_no_collector_ends_in_a_sentence(typed, slo_file, monkeypatch, body, command):
    """Whoever answers there, nobody reads a traceback."""

    def answer(*_, **__):
        return httpx.Response(200, text=body, request=httpx.Request("GET", "http://elsewhere/"))

    monkeypatch.setattr(httpx.Client, "request", answer)
    words = {
        "check": ["check", slo_file, "--url", "http://elsewhere"],
        "backtest": ["backtest", "--slos", slo_file, "--url", "http://elsewhere"],
        "import": ["import", "--from-service", "payments", "--url", "http://elsewhere"],
    }

    result = typed(*words[command])

    assert (1, type(None) if result.exception is None else SystemExit) == (result.exit_code, type(result.exception))
    assert "collector" in result.stderr
