"""Alertmanager: the generated configuration, and that our webhook is like its own."""

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
from fournines.alerts.senders.webhook import fingerprint, payload


def test_amtool_finds_nothing_wrong_and_routes_by_severity(amtool_binary, tmp_path):
    """The file is valid; a page goes to the pages, anything else to the tickets."""
    (path,) = write(tmp_path)

    def amtool(*arguments):
        ended = subprocess.run([amtool_binary, *arguments], capture_output=True, text=True, check=False, timeout=60)
        assert 0 == ended.returncode, ended.stdout + ended.stderr
        return ended.stdout

    assert "SUCCESS" in amtool("check-config", str(path))
    for severity, receiver in (("page", "pages"), ("ticket", "tickets")):
        routed = amtool("config", "routes", "test", f"--config.file={path}", f"severity={severity}", "slo=a")
        assert receiver == routed.strip()


def test_pages_wait_for_nothing():
    """Ten seconds are four per cent of a month's budget."""
    (page,) = build_config()["route"]["routes"]
    assert "0s" == page["group_wait"]


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


def test_a_real_alertmanager_inhibits_and_its_webhook_is_like_ours(
    alertmanager_binary, run_server, free_port, tmp_path, hooks, message
):
    """Of a page and a ticket only the page arrives, in a body with our keys, types and fingerprint."""
    base, got = hooks
    configuration = build_config(f"{base}/pages", f"{base}/tickets")
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

    def post(*labels):
        alerts = [{"labels": each, "annotations": {"summary": "a burns 21x"}} for each in labels]
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v2/alerts",
            json.dumps(alerts).encode(),
            {"content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()

    ours = payload(message(team="ü"), "pages", base)
    page = ours["alerts"][0]["labels"]
    with run_server(command, f"http://127.0.0.1:{port}/-/ready"):
        post(page)
        deadline = time.monotonic() + 20
        while "/pages" not in got and time.monotonic() < deadline:
            time.sleep(0.05)
        post({**page, "severity": "ticket"}, {**page, "severity": "ticket", "slo": "b"})
        while "/tickets" not in got and time.monotonic() < deadline:
            time.sleep(0.05)
    assert ["b"] == [alert["labels"]["slo"] for body in got["/tickets"] for alert in body["alerts"]]
    theirs = got["/pages"][0]
    assert set(theirs) == set(ours)
    assert set(theirs["alerts"][0]) == set(ours["alerts"][0])
    assert {name: type(value) for name, value in theirs.items()} == {name: type(value) for name, value in ours.items()}
    assert fingerprint(page) == theirs["alerts"][0]["fingerprint"]
    for same in ("labels", "status", "endsAt"):
        assert theirs["alerts"][0][same] == ours["alerts"][0][same]
    for same in ("version", "status", "receiver", "truncatedAlerts", "commonLabels"):
        assert theirs[same] == ours[same]
