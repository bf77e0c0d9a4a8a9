"""The environment, to the letter of the OpenTelemetry specification."""

from __future__ import annotations

import pytest

from fournines.instrumentation.config.config import CONVENTION_BOUNDARIES, read_config
from fournines.instrumentation.export.transport import grpc_address


def config(**environ):
    return read_config("shop", environ=environ)


def test_nothing_set():
    """Unset, ours: deltas every 5 s to the local collector over HTTP, three propagators."""
    found = config()

    assert found.metrics.endpoint == "http://localhost:4318/v1/metrics"
    assert found.traces.endpoint == "http://localhost:4318/v1/traces"
    assert found.metrics.timeout == 10
    assert found.export_interval == 5
    assert found.propagators == ("tracecontext", "baggage", "xray")
    assert {*CONVENTION_BOUNDARIES, 0.15, 0.2, 0.3, 0.4} == set(found.boundaries)
    assert found.attributes["service.name"] == "shop"
    assert found.sampler == ""


@pytest.mark.parametrize(("environ", "endpoint", "protocol"), [
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:1/base/"}, "http://c:1/base/v1/metrics", "http/protobuf"),
    ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c:1/mine"}, "http://c:1/mine", "http/protobuf"),
    ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http://localhost:4317", "grpc"),
    ({"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:2"}, "http://c:2", "grpc"),
    ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "http://localhost:4318/v1/metrics", "http/protobuf"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, "http://localhost:4318/v1/metrics", "http/protobuf"),
])  # fmt: skip
def test_endpoint_and_protocol(environ, endpoint, protocol):
    """A signal's own variable is taken as it is; the general one is a base over HTTP; empty is unset."""
    found = config(**environ)

    assert (found.metrics.endpoint, found.metrics.protocol) == (endpoint, protocol)


def test_own_variables_stand_above_general_ones():
    """Headers, time-out (milliseconds) and compression by signal."""
    found = config(
        OTEL_EXPORTER_OTLP_HEADERS="a=1", OTEL_EXPORTER_OTLP_TRACES_HEADERS="b=2%2C3",
        OTEL_EXPORTER_OTLP_TIMEOUT="2500", OTEL_EXPORTER_OTLP_TRACES_TIMEOUT="500",
        OTEL_EXPORTER_OTLP_COMPRESSION="gzip", OTEL_EXPORTER_OTLP_TRACES_COMPRESSION="none",
        OTEL_METRIC_EXPORT_INTERVAL="1000",
    )  # fmt: skip

    assert found.metrics.headers == (("a", "1"),)
    assert found.traces.headers == (("b", "2,3"),)
    assert (found.metrics.timeout, found.traces.timeout) == (2.5, 0.5)
    assert (found.metrics.gzip, found.traces.gzip) == (True, False)
    assert found.export_interval == 1


def test_exporters_can_be_switched_off(caplog):
    """`none` switches a signal off; an unknown exporter is logged and left out."""
    found = config(OTEL_METRICS_EXPORTER="none", OTEL_TRACES_EXPORTER="zipkin,otlp")

    assert found.metrics is None
    assert found.traces is not None
    assert "zipkin" in caplog.text


def test_what_cannot_be_read_is_logged_and_left(caplog):
    """A broken value never stops a service: it is logged, and the default taken."""
    found = config(
        OTEL_METRIC_EXPORT_INTERVAL="soon", OTEL_EXPORTER_OTLP_TIMEOUT="-1", FOURNINES_LATENCY_THRESHOLDS="0.35,fast,-1",
    )  # fmt: skip

    assert found.export_interval == 5
    assert found.metrics.timeout == 10
    assert 0.35 in found.boundaries
    assert len(found.boundaries) == len(CONVENTION_BOUNDARIES) + 5
    assert len(caplog.records) >= 4


def test_service_name():
    """Argument before OTEL_SERVICE_NAME before OTEL_RESOURCE_ATTRIBUTES before unknown_service."""
    attributes = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=third,broken,service.version=1"}
    named = {**attributes, "OTEL_SERVICE_NAME": "second"}

    assert read_config("first", "2", named).attributes["service.name"] == "first"
    assert read_config("first", "2", named).attributes["service.version"] == "2"
    assert read_config(None, None, named).attributes["service.name"] == "second"
    assert read_config(None, None, attributes).attributes["service.name"] == "third"
    assert read_config(None, None, {}).attributes["service.name"] == "unknown_service:python"


def test_secrets_stay_out_of_the_repr():
    """Headers hold keys: they are not shown."""
    assert "hush" not in repr(config(OTEL_EXPORTER_OTLP_HEADERS="api-key=hush"))


@pytest.mark.parametrize(("endpoint", "insecure", "address"), [
    ("http://c:1", "", ("c:1", False)), ("https://c:1", "true", ("c:1", True)), ("c:1", "", ("c:1", True)), ("c:1", "true", ("c:1", False)),
])  # fmt: skip
def test_grpc_address(endpoint, insecure, address):
    """A scheme says whether gRPC is secure; without one it is, unless INSECURE says otherwise."""
    found = config(
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_INSECURE=insecure
    )

    assert grpc_address(found.metrics) == address


def test_bytes_that_are_no_text_become_some():
    """A resource attribute whose bytes are no UTF-8 can still be exported."""
    attributes = read_config("shop", environ={"OTEL_RESOURCE_ATTRIBUTES": "team=\udcff"}).attributes

    assert attributes["team"] == "?"


@pytest.mark.parametrize(("value", "said"), [("cumulative", True), ("delta", False), ("LowMemory", False)])
def test_what_cannot_be_chosen_here_is_said(caplog, value, said):
    """Who asks for cumulative counts is told that deltas are sent; who asks for deltas is not bothered."""
    config(OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=value)

    assert ("TEMPORALITY_PREFERENCE" in caplog.text) is said


@pytest.mark.parametrize(
    ("endpoint", "receiver"),
    [
        ("http://collector:4318", "collector:4318"),
        ("collector:4317", "collector:4317"),
        ("http://[::1:4318", "http://[::1:4318/v1/metrics"),
    ],
)
def test_a_receiver_is_known_by_host_and_port(endpoint, receiver):
    """Whatever stands there, a service starts with it: an address that nobody can read is one that nobody answers at."""
    protocol = "http/protobuf" if endpoint.startswith("http") else "grpc"
    config = read_config(
        "shop", environ={"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    )

    assert config.metrics.receiver == receiver
