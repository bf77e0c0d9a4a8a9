"""Alertmanager: the generated configuration, judged by amtool and by a real server; and that our webhook is like its own."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
import urllib.request

import pytest
import yaml

from fournines.alerts.rules.alertmanager_config import build_config, write
from fournines.alerts.rules.receivers import Webhooks
from fournines.alerts.senders.webhook import fingerprint, payload

HOSTILE = 'acc.ounts|"x"\\'


@pytest.fixture
def chain(slo):
    """Three that depend on each other, one whose name is a trap, one beside them, and one with groups."""
    return [
        slo("a", depends_on=("b", HOSTILE)),
        slo("b", depends_on=("c",)),
        slo("c"),
        slo(HOSTILE),
        slo("d"),
        slo("g", depends_on=("c",), group_by=("tenant",)),
    ]


def test_amtool_finds_nothing_wrong_and_routes_by_severity(amtool_binary, tmp_path, chain):
    """The file is valid; a page goes to the pages, a heartbeat to the heartbeats, anything else to the tickets."""
    (path,) = write(tmp_path, chain)

    def amtool(*arguments):
        ended = subprocess.run([amtool_binary, *arguments], capture_output=True, text=True, check=False, timeout=60)
        assert 0 == ended.returncode, ended.stdout + ended.stderr
        return ended.stdout

    assert "SUCCESS" in amtool("check-config", str(path))
    for label, receiver in (
        ("severity=page", "pages"),
        ("severity=ticket", "tickets"),
        ("alertname=Watchdog", "heartbeats"),
    ):
        routed = amtool("config", "routes", "test", f"--config.file={path}", label, "slo=a")
        assert receiver == routed.strip()


def test_pages_and_heartbeats_wait_for_nothing():
    """Ten seconds are four per cent of a month's budget; and a heartbeat is said again each minute."""
    heartbeats, silent, pages = build_config()["route"]["routes"]
    assert {"0s"} == {route["group_wait"] for route in (heartbeats, silent, pages)}
    assert "1m" == heartbeats["repeat_interval"]


def test_the_same_slos_give_the_same_bytes(tmp_path, chain):
    """In whatever order."""
    one, two = (write(tmp_path / str(n), slos)[0] for n, slos in enumerate((chain, chain[::-1])))
    assert one.read_bytes() == two.read_bytes()


@pytest.fixture
def hooks():
    """A receiver of webhooks: its base URL, and the bodies by path."""
    got: dict[str, list[dict]] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            got.setdefault(self.path, []).append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


class Server:
    """A real Alertmanager that is told of alerts."""

    def __init__(self, port, got):
        self.port, self.got = port, got

    def post(self, *labels):
        alerts = [{"labels": each, "annotations": {"summary": "a burns 21x"}} for each in labels]
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v2/alerts",
            json.dumps(alerts).encode(),
            {"content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()

    def arrived(self, path, count=1):
        """The alerts that came there, once there are so many."""
        deadline = time.monotonic() + 20
        while len(found := self._alerts(path)) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def _alerts(self, path):
        return [alert for body in self.got.get(path, ()) for alert in body["alerts"]]

    def held(self):
        """Name and severity of those that another one holds back."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v2/alerts", timeout=10) as answer:
            found = json.load(answer)
        return {(a["labels"]["slo"], a["labels"]["severity"]) for a in found if a["status"]["inhibitedBy"]}


@pytest.fixture
def server(alertmanager_binary, run_server, free_port, tmp_path, hooks, chain):
    """A server with the generated configuration; only tickets are not made to wait."""
    base, got = hooks
    configuration = build_config(chain, Webhooks(f"{base}/pages", f"{base}/tickets", f"{base}/heartbeats"))
    configuration["route"]["group_wait"] = "0s"
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(configuration))
    port = free_port()
    command = [
        alertmanager_binary,
        f"--config.file={tmp_path / 'alertmanager.yml'}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with run_server(command, f"http://127.0.0.1:{port}/-/ready"):
        yield Server(port, got)


def burn(name, severity="page", alertname="SLOErrorBudgetBurn", **more):
    """Labels of an alert."""
    return {"alertname": alertname, "slo": name, "service": "payments", "severity": severity, **more}


def test_a_real_alertmanager_holds_back_what_a_page_says_already(server):
    """The ticket of what pages, and the pages of what can't do without it, however remote; a silent service holds back nothing."""
    server.post(burn("c"), burn(HOSTILE), burn("d", alertname="SLONoData"))
    assert {"c", HOSTILE, "d"} == {alert["labels"]["slo"] for alert in server.arrived("/pages", 3)}

    everybody = ("a", "b", "c", "d")
    server.post(*(burn(name) for name in ("a", "b")), *(burn(name, "ticket") for name in everybody))
    server.post(burn("g-acme", group_of="g"))

    assert {"d"} == {alert["labels"]["slo"] for alert in server.arrived("/tickets")}
    held = {("a", "page"), ("b", "page"), ("g-acme", "page"), ("a", "ticket"), ("b", "ticket"), ("c", "ticket")}
    assert held == server.held()
    assert 3 == len(server.arrived("/pages", 3))


def test_a_silent_service_is_one_page(server):
    """However many of its SLOs say so."""
    server.post(*(burn(name, alertname="SLONoData") for name in "abc"), burn("d"))
    server.arrived("/pages", 4)

    assert [1, 3] == sorted(len(body["alerts"]) for body in server.got["/pages"])


def test_a_heartbeat_reaches_those_who_call_when_it_stops(server):
    """And nobody else; what is over is not said there, because it would count as a sign of life."""
    server.post({"alertname": "Watchdog", "severity": "none"})

    assert ["Watchdog"] == [alert["labels"]["alertname"] for alert in server.arrived("/heartbeats")]
    assert {"/heartbeats"} == set(server.got)
    assert not build_config()["receivers"][2]["webhook_configs"][0]["send_resolved"]


def test_our_webhook_is_like_theirs(server, hooks, message):
    """A body with the same keys, types and fingerprint, so that receivers made for theirs work."""
    ours = payload(message(team="ü"), "pages", hooks[0])
    page = ours["alerts"][0]["labels"]
    server.post(page)
    server.arrived("/pages")
    theirs = server.got["/pages"][0]
    assert set(theirs) == set(ours)
    assert set(theirs["alerts"][0]) == set(ours["alerts"][0])
    assert {name: type(value) for name, value in theirs.items()} == {name: type(value) for name, value in ours.items()}
    assert fingerprint(page) == theirs["alerts"][0]["fingerprint"]
    for same in ("labels", "status", "endsAt"):
        assert theirs["alerts"][0][same] == ours["alerts"][0][same]
    for same in ("version", "status", "receiver", "truncatedAlerts", "commonLabels"):
        assert theirs[same] == ours[same]
