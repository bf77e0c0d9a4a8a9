"""Embedded metrics on their way out: what a flush says, what waits, what is dropped, and when they are on."""

from __future__ import annotations

import json

import pytest

from fournines.instrumentation import names
from fournines.instrumentation.clock import FakeClock
from fournines.instrumentation.config.config import EmfConfig, read_config
from fournines.instrumentation.counts.point import Exemplar, Point
from fournines.instrumentation.counts.red import Red
from fournines.instrumentation.emf.export import EmfExport, emf_export
from fournines.instrumentation.emf.way import FakeWay, TooLarge
from fournines.instrumentation.health import Health
from fournines.instrumentation.redaction.redactor import Redactor

BOUNDS = (0.1, 0.2, 1.0)
RESOURCE = {"service.name": "payments", "deployment.environment.name": "production", "process.pid": 7}
AT = 1_795_360_141.5


def point(counts, seconds, status=200, route="/pay/{id}", error=None):
    return Point(("POST", "https", route, status, error, "1.1"), counts, seconds, ())


@pytest.fixture
def outlet():
    """Embedded metrics on their way to wherever a test says."""

    def made(to, **config):
        clock, health = FakeClock(AT), Health()
        export = EmfExport(EmfConfig("x", **config), to, Redactor(health=health), clock, health)
        export.clock, export.health = clock, health
        export.count = lambda *points: export.sealed(RESOURCE, AT, points, BOUNDS)
        export.send = lambda: export.push(RESOURCE, clock.now + 5)
        return export

    return made


def test_a_flush_is_one_line_for_each_attribute_set(outlet):
    """Requests, errors, and durations as values with counts; dimensions and metrics are all at the root."""
    told = FakeWay()
    export = outlet(told, namespace="shop", log_group="/metrics/shop")
    export.count(point((2, 0, 1, 0), 1.0), point((0, 0, 0, 4), 60.0, status=503, error="503"))
    export.send()
    good, bad = map(json.loads, told.lines)

    assert good == {
        "_aws": {
            "Timestamp": 1_795_360_141_500,
            "CloudWatchMetrics": [
                {
                    "Namespace": "shop",
                    "Dimensions": [
                        ["service.name"],
                        ["service.name", "deployment.environment.name"],
                        ["service.name", "http.request.method", "http.route"],
                    ],
                    "Metrics": [
                        {"Name": "http.server.requests", "Unit": "Count"},
                        {"Name": "http.server.errors", "Unit": "Count"},
                        {"Name": "http.server.request.duration", "Unit": "Seconds"},
                    ],
                }
            ],
            "LogGroupName": "/metrics/shop",
        },
        "service.name": "payments", "deployment.environment.name": "production", "http.request.method": "POST",
        "http.route": "/pay/{id}", "http.response.status_code": "200", "http.server.requests": 3, "http.server.errors": 0,
        "http.server.request.duration": {
            "Values": [0.05, 0.6], "Counts": [2, 1], "Count": 3, "Sum": 1.0, "Min": 0.05, "Max": 0.6,
        },
    }  # fmt: skip
    assert (bad["http.server.requests"], bad["http.server.errors"], bad["error.type"]) == (4, 4, "503")
    assert bad["http.server.request.duration"]["Values"] == [15.0]


def test_the_counts_are_those_that_were_recorded_anyway(outlet):
    """One recording, one more outlet: requests and seconds of the lines are the ones that were sealed."""
    red, told = Red(BOUNDS), FakeWay()
    durations = (0.05, 0.1, 0.15, 3.0)
    for seconds in durations:
        red.record(("GET", "http", "/a", 200, None, "1.1"), seconds, Exemplar(1, 2, seconds, AT))
    export = outlet(told)
    export.sealed(RESOURCE, AT, red.seal(since=0), BOUNDS)
    export.send()
    said = json.loads(told.lines[0])[names.REQUEST_DURATION]

    assert (said["Count"], said["Sum"]) == (4, pytest.approx(sum(durations)))
    assert said["Counts"] == [2, 1, 1]
    assert said["Values"][:2] == [0.05, pytest.approx(0.15)]
    assert said["Values"][2] == pytest.approx(sum(durations) - 2 * 0.05 - 0.15)


def test_lines_wait_while_their_receiver_is_away(outlet):
    """In order, tried again after a while, each said once; one failure, one warning."""
    told = FakeWay(OSError("away"), None, OSError("away"))
    export = outlet(told)
    export.count(point((1, 0, 0, 0), 0.05))
    export.send()
    assert export.send() == export.clock.now + 5
    assert (export.waiting, told.lines) == (1, [])
    export.clock.now += 5
    export.count(point((0, 1, 0, 0), 0.15))
    export.send()
    export.clock.now += 5
    assert export.send() == float("inf")

    assert [json.loads(line)[names.REQUEST_DURATION]["Values"] for line in told.lines] == [[0.05], [0.15]]
    assert export.health.count(names.PROM_EXPORT_FAILURES, "emf") == 2
    assert export.waiting == 0


def test_what_waits_is_bounded_and_what_is_dropped_counted(outlet, monkeypatch):
    """The oldest lines go first; at the end all that could not leave is counted."""
    monkeypatch.setattr("fournines.instrumentation.emf.export.MOST_WAITING", 5_000)
    export = outlet(FakeWay(OSError("away")))
    for _ in range(100):
        export.count(point((1, 0, 0, 0), 0.05))
    export.send()
    left = export.waiting
    export.close()

    assert 0 < left < 10
    assert export.health.count(names.PROM_DROPPED_EMF) == 100


def test_a_line_that_never_fits_does_not_hold_up_the_others(outlet):
    """It is dropped and counted; what follows leaves."""
    told = FakeWay(TooLarge("never"))
    export = outlet(told)
    export.count(point((1, 0, 0, 0), 0.05), point((0, 1, 0, 0), 0.15))
    export.send()

    assert len(told.lines) == 1
    assert export.health.count(names.PROM_DROPPED_EMF) == 1


def test_a_forked_child_says_nothing_of_its_parent_s(outlet):
    """What waited is the parent's to write."""
    export = outlet(FakeWay())
    export.count(point((1, 0, 0, 0), 0.05))
    export.forget()
    export.send()

    assert (export.waiting, export.health.count(names.PROM_DROPPED_EMF)) == (0, 0)


@pytest.mark.parametrize(
    ("env", "address"),
    [
        ({}, ""),
        ({"FOURNINES_EMF": "tcp://127.0.0.1:25888"}, "tcp://127.0.0.1:25888"),
        ({"OTEL_METRICS_EXPORTER": "awsemf"}, "stdout"),
        ({"OTEL_METRICS_EXPORTER": "otlp,awsemf", "FOURNINES_EMF": "/var/x"}, "/var/x"),
        ({"OTEL_METRICS_EXPORTER": "awsemf", "FOURNINES_EMF": "off"}, ""),
    ],
)  # fmt: skip
def test_embedded_metrics_are_off_unless_asked_for(env, address, caplog):
    """By name of the exporter, or by a place for them; and the name is a known one."""
    config = read_config(environ=env)

    assert config.emf.address == address
    assert (emf_export(config.emf, Redactor(), FakeClock(), Health()) is None) is (not address)
    assert caplog.text == ""
    assert (config.metrics is None) is (env.get("OTEL_METRICS_EXPORTER") == "awsemf")
