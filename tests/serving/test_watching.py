"""From settings to the watch; and a collector whose ledger can't be written any more, with everybody it tells on loopback."""

from __future__ import annotations

import json
import resource
import time
from types import SimpleNamespace

import httpx
import pytest

from fournines.alerts.conditions.certificate import Certificate
from fournines.collector import Probe
from fournines.serving.watching import ProbedCertificates, collector_name


@pytest.mark.parametrize(
    ("url", "ends"), [("http://h:8400", ""), ("https://slo.example", ""), ("http://h:9000", ":9000")]
)
def test_a_collector_is_known_by_its_machine(url, ends, monkeypatch):
    """And by its port where that is not the usual one: two of them are two incidents."""
    monkeypatch.setattr("platform.node", lambda: "edge-1")

    assert f"edge-1{ends}" == collector_name(url)


def test_of_several_probes_of_one_address_the_certificate_that_ends_first_counts():
    """What is asked for besides makes no other certificate; what was not shown yet is not known, and one that is over is."""
    asked = {
        Probe("payments", "https://pay.example/health?a"): (20.0, False),
        Probe("payments", "https://pay.example/health?b"): (10.0, False),
        Probe("payments", "https://pay.example/health?c"): (None, True),
        Probe("users", "https://users.example/"): (None, False),
    }
    found = ProbedCertificates(SimpleNamespace(certificates=asked)).certificates()

    assert [
        Certificate("payments", "https://pay.example/health", 10.0, expired=True),
        Certificate("users", "https://users.example/", None),
    ] == list(found)


class Everybody:
    """A webhook, a monitor of heartbeats and an Alertmanager, as one fake: what each was sent, the last the newest."""

    def __init__(self):
        self.pages, self.beats, self.alerts = [], [], []

    def __call__(self, method, path, headers, body):
        if path.startswith("/ping"):
            self.beats.append((method, path))
        elif path == "/api/v2/alerts":
            self.alerts += json.loads(body)
        else:
            self.pages += json.loads(body)["alerts"]
        return 200, b"{}"


def until(condition, seconds=40.0):
    """Waits for it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.1)
    return condition()


@pytest.mark.long
def test_a_ledger_that_cannot_be_written_pages_past_itself(collector, running, make_spans, on_loopback, tmp_path):
    """The outbox lies in it. Everybody who is paged is told all the same, and signs of life stop; before that they came."""
    everybody = Everybody()
    url = on_loopback(everybody)
    config = tmp_path / "fournines.yaml"
    config.write_text(
        f"heartbeat: {{url: '{url}/ping/token', interval: 1s}}\n"
        f"notify: [{{type: webhook, url: '{url}/hook'}}, {{type: alertmanager, urls: ['{url}']}}]\n"
    )
    collector.arguments = ["--config", str(config)]
    with running(collector):
        assert until(lambda: len(everybody.beats) >= 2)
        assert {("GET", "/ping/token")} == set(everybody.beats)
        assert until(lambda: everybody.alerts)
        watchdog = everybody.alerts[0]["labels"]
        assert ("Watchdog", "none") == (watchdog["alertname"], watchdog["severity"])

        resource.prlimit(collector.server.pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))

        def told():
            collector.post("traces", make_spans("shop", [200]))
            firing = {alert["labels"]["alertname"] for alert in everybody.alerts}
            return everybody.pages and "FourninesLedger" in firing

        assert until(told)
        (page,) = everybody.pages
        withheld = 'fournines_heartbeats_total{result="withheld"'
        assert until(lambda: withheld in httpx.get(collector.url + "/metrics").text)
        given = len(everybody.beats)
        (open_,) = collector.get("/api/v1/alerts")["alerts"]
        time.sleep(1.5)

    assert ("firing", "FourninesLedger", "page") == (
        page["status"],
        page["labels"]["alertname"],
        page["labels"]["severity"],
    )
    assert "the ledger can't be written for 1" in page["annotations"]["summary"]
    assert ("ledger", f"collector/{page['labels']['collector']}/ledger") == (open_["kind"], open_["key"])
    assert len(everybody.beats) == given
    assert "ledger" in json.loads((collector.data / "watch.json").read_text())
