"""CloudWatch's embedded metrics: what they say, within the format's limits, and their way out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.instrumentation import names
from fournines.instrumentation.config.config import EmfConfig, read_config
from fournines.instrumentation.counts.point import Exemplar, Point
from fournines.instrumentation.counts.red import Red
from fournines.instrumentation.emf.export import EmfExport, emf_export
from fournines.instrumentation.emf.lines import (  # fmt: skip
    LARGEST_EVENT,
    MOST_VALUES,
    Directive,
    Metric,
    Spread,
    is_bad,
    lines,
    parts,
    spread,
)
from fournines.instrumentation.emf.way import (
    File,
    Stdout,
    Tcp,
    TooLarge,
    Udp,
    way,
)
from fournines.instrumentation.health import Health
from fournines.instrumentation.redaction.redactor import Redactor

BOUNDS = (0.1, 0.2, 1.0)
RESOURCE = {"service.name": "payments", "deployment.environment.name": "production", "process.pid": 7}
AT = 1_795_360_141.5
DIRECTIVE = Directive("shop", [["service.name"], ["service.name", "http.route"]])


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 1_000.0

    def wall(self):
        return AT

    def steady(self):
        return self.now


class Told:
    """A way that fails as it is told, and keeps what it took."""

    def __init__(self, *errors):
        self.errors, self.lines, self.closed = list(errors), [], 0

    def write(self, line, timeout):
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.lines.append(line)

    def close(self):
        self.closed += 1

    abandon = close


def point(counts, seconds, status=200, route="/pay/{id}", error=None):
    return Point(("POST", "https", route, status, error, "1.1"), counts, seconds, ())


@pytest.fixture
def outlet():
    """Embedded metrics on their way to wherever a test says."""

    def made(to, **config):
        clock, health = Clock(), Health()
        export = EmfExport(EmfConfig("x", **config), to, Redactor(health=health), clock, health)
        export.clock, export.health = clock, health
        export.count = lambda *points: export.sealed(RESOURCE, AT, points, BOUNDS)
        export.send = lambda: export.push(RESOURCE, clock.now + 5)
        return export

    return made


def test_a_flush_is_one_line_for_each_attribute_set(outlet):
    """Requests, errors, and durations as values with counts; dimensions and metrics are all at the root."""
    told = Told()
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
    red, told = Red(BOUNDS), Told()
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


@pytest.mark.parametrize(
    ("status", "error", "bad"),
    [
        (200, None, False), (404, None, False), (499, None, False), (429, None, False), (500, "500", True), (503, None, True),
        (200, "ValueError", True), (404, "X", False),
    ],
)  # fmt: skip
def test_an_error_is_what_availability_counts_as_bad(status, error, bad):
    """A 5xx, or an error that is not the client's."""
    assert is_bad(status, error) is bad


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any), st.floats(0, 1e9))
@settings(deadline=None)
def test_a_spread_lies_where_its_buckets_are(counts, seconds):
    """Each value within its bucket, each count the bucket's, the total the sum that was measured."""
    found = spread(point(tuple(counts), seconds), BOUNDS)
    edges = [0.0, *BOUNDS, float("inf")]
    slots = [slot for slot, count in enumerate(counts) if count]

    assert found.counts == tuple(counts[slot] for slot in slots)
    assert all(edges[slot] <= value <= edges[slot + 1] for slot, value in zip(slots, found.values, strict=True))
    assert found.total == seconds


def test_no_directive_has_more_metrics_than_it_may():
    """A hundred to an event; the rest in the next ones, none lost, none twice; two of one name never in one."""
    metrics = [Metric(f"m{number % 240}", "None", number) for number in range(250)]
    events = [json.loads(line) for line in lines(DIRECTIVE, {"service.name": "a"}, AT, metrics)]
    said = [
        (each["Name"], event[each["Name"]])
        for event in events
        for each in event["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    ]

    assert max(len(event["_aws"]["CloudWatchMetrics"][0]["Metrics"]) for event in events) == 100
    assert sorted(said) == sorted((metric.name, metric.value) for metric in metrics)


def test_no_event_is_larger_than_it_may_be():
    """A hundred metrics of long names and values are more events, until each fits."""
    metrics = [
        Metric(f"{number}" + "n" * 250, "None", Spread((1 / 3,) * 100, (10**9,) * 100, 1.0)) for number in range(400)
    ]
    made = list(lines(DIRECTIVE, {"service.name": "a", "big": "x" * 1_000}, AT, metrics))

    assert max(map(len, made)) <= LARGEST_EVENT
    assert sum(len(json.loads(line)["_aws"]["CloudWatchMetrics"][0]["Metrics"]) for line in made) == 400


def test_no_metric_has_more_values_than_it_may():
    """What has more buckets is said in parts, whose totals are the whole's."""
    whole = Spread(tuple(float(number) for number in range(250)), (1,) * 250, 40_000.0)
    pieces = list(parts(whole))

    assert [len(piece.values) for piece in pieces] == [MOST_VALUES, MOST_VALUES, 50]
    assert sum(piece.total for piece in pieces) == pytest.approx(whole.total)


def test_dimensions_are_what_cloudwatch_takes():
    """Thirty to a set; a set that lacks one is left out; values ASCII, not blank, no colon first, not too long."""
    many = [f"d{number}" for number in range(40)]
    fields = {**dict.fromkeys(many, "v"), "bad": " \u2003", "colon": "::a", "long": "x" * 5_000, "umlaut": "ü"}
    directive = Directive("n", [many, ["bad"], ["colon", "long"], ["nowhere"]])
    (line,) = lines(directive, fields, AT, [Metric("m", "Count", 1)])
    said = json.loads(line)

    sets = said["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    assert sets == [many[:30], ["colon", "long"]]
    assert (said["colon"], len(said["long"]), said["umlaut"]) == ("a", 1_024, "\\xfc")
    assert "bad" not in said


def test_lines_wait_while_their_receiver_is_away(outlet):
    """In order, tried again after a while, each said once; one failure, one warning."""
    told = Told(OSError("away"), None, OSError("away"))
    export = outlet(told)
    export.count(point((1, 0, 0, 0), 0.05))
    export.send()
    export.send()
    assert (export.waiting, told.lines) == (1, [])
    assert export.next_attempt == export.clock.now + 5
    export.clock.now += 5
    export.count(point((0, 1, 0, 0), 0.15))
    export.send()
    export.clock.now += 5
    export.send()

    assert [json.loads(line)[names.REQUEST_DURATION]["Values"] for line in told.lines] == [[0.05], [0.15]]
    assert export.health.count(names.PROM_EXPORT_FAILURES, "emf") == 2
    assert (export.waiting, export.next_attempt) == (0, float("inf"))


def test_what_waits_is_bounded_and_what_is_dropped_counted(outlet, monkeypatch):
    """The oldest lines go first; at the end all that could not leave is counted."""
    monkeypatch.setattr("fournines.instrumentation.emf.export.MOST_WAITING", 5_000)
    export = outlet(Told(OSError("away")))
    for _ in range(100):
        export.count(point((1, 0, 0, 0), 0.05))
    export.send()
    left = export.waiting
    export.close()

    assert 0 < left < 10
    assert export.health.count(names.PROM_DROPPED_EMF) == 100


def test_a_line_that_never_fits_does_not_hold_up_the_others(outlet):
    """It is dropped and counted; what follows leaves."""
    told = Told(TooLarge("never"))
    export = outlet(told)
    export.count(point((1, 0, 0, 0), 0.05), point((0, 1, 0, 0), 0.15))
    export.send()

    assert len(told.lines) == 1
    assert export.health.count(names.PROM_DROPPED_EMF) == 1


def test_a_forked_child_says_nothing_of_its_parent_s(outlet):
    """What waited is the parent's to write."""
    export = outlet(Told())
    export.count(point((1, 0, 0, 0), 0.05))
    export.forget()
    export.send()

    assert (export.waiting, export.health.count(names.PROM_DROPPED_EMF)) == (0, 0)


def test_stdout_is_the_one_of_the_time_and_a_closed_one_is_away():
    """Whoever replaces it gets the lines; one that is closed, or none, is an error like any other."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        Stdout().write("{}", 1)
    assert out.getvalue() == "{}\n"
    out.close()
    for gone in (out, None):
        with contextlib.redirect_stdout(gone), pytest.raises(OSError, match="standard output"):
            Stdout().write("{}", 1)


def test_a_reader_that_hangs_does_not_hang_us():
    """A pipe nobody reads is waited for no longer than the time-out."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, b"x" * 4096)
        with contextlib.redirect_stdout(stream), pytest.raises(OSError, match="takes nothing"):
            Stdout().write("{}", 0.01)
    os.close(reading)


def test_a_file_may_be_rotated(tmp_path):
    """It is opened for every line: one that was moved away goes on under its name."""
    to = File(tmp_path / "emf.log")
    to.write("1", 1)
    (tmp_path / "emf.log").rename(tmp_path / "emf.log.1")
    to.write("2", 1)

    assert ((tmp_path / "emf.log.1").read_text(), (tmp_path / "emf.log").read_text()) == ("1\n", "2\n")
    with pytest.raises(OSError, match="No such file"):
        File(tmp_path / "nowhere" / "x").write("1", 1)


def test_the_agent_s_tcp_port_gets_lines_also_after_it_was_restarted():
    """One connection; when it breaks the line is an error, and the next one opens another."""
    server = socket.create_server(("127.0.0.1", 0))
    port, got = server.getsockname()[1], []

    def serve():
        peer, _ = server.accept()
        with peer, peer.makefile() as file:
            got.append(file.readline())

    to = Tcp("127.0.0.1", port)
    for number in (1, 2):
        thread = threading.Thread(target=serve)
        thread.start()
        to.write(f"{number}", 5)
        thread.join()
        to.close()
    server.close()
    with pytest.raises(OSError, match="refused"):
        to.write("3", 1)

    assert got == ["1\n", "2\n"]


def test_the_agent_s_udp_port_gets_a_datagram_a_line():
    """And what no datagram holds is never sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        to = Udp("127.0.0.1", server.getsockname()[1])
        to.write("{}", 5)
        assert server.recv(100) == b"{}\n"
        with pytest.raises(TooLarge):
            to.write("x" * 70_000, 5)
        to.close()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("stdout", Stdout), ("/var/log/emf.log", File), ("file:///var/log/emf.log", File), ("tcp://127.0.0.1:25888", Tcp),
        ("udp://[::1]", Udp), ("http://x", None), ("tcp://", None), ("tcp://x:port", None), ("emf", None),
    ],
)  # fmt: skip
def test_an_address_means_a_way_or_is_said_to_mean_none(address, kind, caplog):
    """What is none is logged, and embedded metrics are off."""
    found = way(address)

    assert (type(found) if found is not None else None) is kind
    assert (address in caplog.text) is (kind is None)


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
    assert (emf_export(config.emf, Redactor(), Clock(), Health()) is None) is (not address)
    assert caplog.text == ""
    assert (config.metrics is None) is (env.get("OTEL_METRICS_EXPORTER") == "awsemf")
