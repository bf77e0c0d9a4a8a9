"""A night on call, on a real collector: what is silenced waits, what waited is told, and who did what is in the audit log."""

from __future__ import annotations

import json
import time

import httpx
import pytest
from typer.testing import CliRunner

from fournines.cli.program import app

MAINTENANCE = "{service: moving, start: 2026-01-01 00:00:00, duration: 1d, rrule: FREQ=DAILY, reason: new database}"


@pytest.fixture
def told(on_loopback):
    """What the receiver was told, the newest last, and where it is."""
    bodies = []

    def answer(method, path, headers, body):
        bodies.append(json.loads(body))
        return 200, b""

    return bodies, on_loopback(answer)


@pytest.fixture
def night(collector, running, make_spans, told, tmp_path):
    """A collector that heard of two services, both well until now; of one it knows that it is being moved."""
    config = tmp_path / "fournines.yaml"
    config.write_text(f"notify: [{{type: webhook, url: {told[1]}}}]\nmaintenance: [{MAINTENANCE}]\n")
    collector.arguments = ["--config", str(config)]
    with running(collector):
        for service in ("shop", "moving"):
            collector.post("traces", make_spans(service, [200] * 100, end=time.time() - 120))
        yield collector


def eventually(ask, what):
    """What is answered once there is something."""
    deadline = time.monotonic() + 30
    while not (found := ask()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


def typed(night, *words):
    """What the terminal says."""
    done = CliRunner().invoke(app, ["alerts", *words, "--url", night.url], env={"USER": "ann"})
    assert done.exit_code in (0, 1), done.output
    return done.output


def page_of(night, service):
    """The open page of a service's SLO."""
    alerts = night.get("/api/v1/alerts")["alerts"]
    return next((each for each in alerts if each["key"] == f"slo/{service}-availability/page"), None)


def names(bodies):
    """The SLOs that the receiver was told of."""
    return {body["commonLabels"]["slo"] for body in bodies}


def test_what_is_silenced_waits_and_is_told_when_the_silence_ends(night, make_spans, told):
    """With since when it burns; maintenance goes on. Who takes it on is seen by all, and nothing of it can be changed later."""
    bodies, _ = told
    made = typed(night, "silence", "shop-*", "--for", "2h", "--reason", "deploying")
    for service in ("shop", "moving"):
        night.post("traces", make_spans(service, [500] * 50))
    held = eventually(lambda: (page_of(night, "shop") or {}).get("held_back"), "no page waits")
    moving = eventually(lambda: (page_of(night, "moving") or {}).get("held_back"), "no page waits")

    assert "this is silence 1" in made
    assert held.startswith("silenced by ann until 2")
    assert held.endswith("Z: deploying")
    assert moving.startswith("maintenance until 2")
    assert moving.endswith("Z: new database")
    assert "silence: held: silenced by ann" in typed(night, "--why")
    assert "Silenced by ann" in httpx.get(f"{night.url}/slo/shop-availability").text
    assert [] == bodies

    since = page_of(night, "shop")["since"]
    typed(night, "unsilence", "1", "--reason", "rolled back")
    eventually(lambda: bodies, "nobody is told")
    assert {"shop-availability"} == names(bodies)
    assert since == time.strftime("%Y-%m-%dT%H:%M:%SZ", _moment(bodies[0]["alerts"][0]["startsAt"]))

    typed(night, "ack", "slo/shop-availability/page", "--for", "30m", "--note", "on it")
    typed(night, "note", "slo/shop-availability/page", "the new version")
    assert "ann" == page_of(night, "shop")["acknowledged"]["by"]
    assert "acknowledged by ann" in httpx.get(f"{night.url}/").text
    assert "ann: the new version" in httpx.get(f"{night.url}/on-call/shop-availability").text
    assert [
        ("ann", "alert.note", "slo/shop-availability/page", "the new version"),
        ("ann", "alert.acknowledge", "slo/shop-availability/page", "on it"),
        ("ann", "silence.end", "silence of slo=shop-*", "rolled back"),
        ("ann", "silence.add", "silence of slo=shop-*", "deploying"),
    ] == [
        (each["author"], each["action"], each["subject"], each["reason"])
        for each in night.get("/api/v1/audit")["audit"]
    ]


def _moment(text):
    return time.strptime(text.partition(".")[0].removesuffix("Z"), "%Y-%m-%dT%H:%M:%S")
