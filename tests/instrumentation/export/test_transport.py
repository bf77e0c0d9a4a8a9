"""What an answer means, and what a broken one does not do."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from fournines.instrumentation.config.target import Target
from fournines.instrumentation.export.otlp import rejected
from fournines.instrumentation.export.transport import Outcome, transport


def test_partial_success_is_read():
    """How much of an accepted batch was rejected stands in the answer's body; a body that is none says nothing."""
    metrics = ExportMetricsServiceResponse()
    metrics.partial_success.rejected_data_points = 3
    traces = ExportTraceServiceResponse()
    traces.partial_success.rejected_spans = 2

    assert rejected("metrics", metrics.SerializeToString()) == 3
    assert rejected("traces", traces.SerializeToString()) == 2
    assert rejected("metrics", b"<html>") == 0


def test_an_endpoint_that_can_t_be_one_is_refused_not_tried_for_ever():
    """A wrong endpoint is a mistake that waiting does not mend."""
    way = transport(Target("metrics", "http/protobuf", "nonsense"))

    assert way.send(b"", 1, 0.0).outcome is Outcome.REFUSED
    way.close()


@pytest.mark.parametrize(
    ("protocol", "endpoint", "reason"),
    [
        ("http/protobuf", "http://127.0.0.1:9/v1/metrics", "http://127.0.0.1:9/v1/metrics: Connection refused"),
        ("http/protobuf", "http://me:key@127.0.0.1:9/v1?key=1", "http://127.0.0.1:9/v1: Connection refused"),
        ("http/protobuf", "HTTP://me:key@127.0.0.1:9/v1", "HTTP://127.0.0.1:9/v1: Connection refused"),
        ("http/protobuf", "http://me:k@y@127.0.0.1:9/v1", "http://127.0.0.1:9/v1: Connection refused"),
        ("http/protobuf", "127.0.0.1:9", "127.0.0.1:9 is no address that begins with http:// or https://"),
        ("http/protobuf", "me:key@127.0.0.1:9", "127.0.0.1:9 is no address that begins with http:// or https://"),
        ("grpc", "http://127.0.0.1:9", "http://127.0.0.1:9: gRPC UNAVAILABLE"),
    ],
)
def test_a_failure_says_where_and_why(protocol, endpoint, reason):
    """Whoever reads the log sees which address was tried and what the system said to it, and no secret of the address."""
    way = transport(Target("metrics", protocol, endpoint))

    assert way.send(b"", 2, 0.0).reason == reason
    way.close()


def test_an_answer_that_is_none_names_the_address_too(http_receiver):
    """A status that means no is said with who said it."""
    http_receiver.script = [("400", {})]
    way = transport(Target("metrics", "http/protobuf", f"{http_receiver.endpoint}/v1/metrics"))

    assert way.send(b"", 5, 0.0).reason == f"{http_receiver.endpoint}/v1/metrics: HTTP 400"
    way.close()


def test_a_proxy_in_the_way_is_named(monkeypatch):
    """Who set a proxy months ago for something else learns that it was asked."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    way = transport(Target("metrics", "http/protobuf", "http://collector.test:4318/v1/metrics"))

    said = "http://collector.test:4318/v1/metrics by a proxy, which NO_PROXY avoids: Connection refused"
    assert way.send(b"", 2, 0.0).reason == said
    way.close()


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_nobody_there_is_tried_again(protocol):
    """A collector that is not there may come back."""
    way = transport(Target("metrics", protocol, "http://127.0.0.1:9"))

    assert way.send(b"", 2, 0.0).outcome is Outcome.RETRY
    way.close()
    way.close()


@pytest.mark.parametrize(("said", "seconds"), [
    ("12", 12.0), ("-3", 0.0), ("soon", 0.0), ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
])  # fmt: skip
def test_retry_after_in_both_of_its_forms(http_receiver, said, seconds):
    """Retry-After is a number of seconds or a date; anything else says nothing."""
    http_receiver.script = [("503", {"Retry-After": said})]
    way = transport(Target("metrics", "http/protobuf", f"{http_receiver.endpoint}/v1/metrics"))
    answer = way.send(b"", 5, 60.0)
    way.close()

    assert answer.retry_after == seconds


def test_grpc_answers(rx):
    """A refusal is final, UNAVAILABLE is not; headers travel as metadata."""
    receiver = rx.GrpcReceiver()
    receiver.script = [("503", {}), ("400", {})]
    way = transport(Target("metrics", "grpc", receiver.endpoint, headers=(("Api-Key", "k"),), gzip=True))
    outcomes = [way.send(b"", 5, 0.0).outcome for _ in range(3)]
    way.close()
    receiver.close()

    assert outcomes == [Outcome.RETRY, Outcome.REFUSED, Outcome.ACCEPTED]
    assert receiver.headers[0]["api-key"] == "k"


def test_tls_credentials_are_read(tmp_path):
    """Over https gRPC uses the given certificate; a collector that is not there is still only tried again."""
    from fournines.instrumentation.export.transport import GrpcTransport

    bundle = tmp_path / "ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    way = GrpcTransport(Target("metrics", "grpc", "https://127.0.0.1:9", certificate=str(bundle)))

    assert way.send(b"", 1, 0.0).outcome is Outcome.RETRY
    way.close()


def test_client_certificate_is_handed_on():
    """Over HTTP the client's certificate and key go to the session."""
    from fournines.instrumentation.export.transport import HttpTransport

    way = HttpTransport(
        Target("metrics", "http/protobuf", "https://127.0.0.1:9", client_certificate="c.pem", client_key="k.pem")
    )
    session = way._open()

    assert session.cert == ("c.pem", "k.pem")
    session.close()
