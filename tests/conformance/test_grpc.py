"""What the OTLP specification demands of a server over gRPC."""

from __future__ import annotations

import grpc
import pytest

SIGNALS = ("traces", "metrics", "logs")
every_signal = pytest.mark.parametrize("signal", SIGNALS)
requirement = pytest.mark.requirement

FINAL = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.INTERNAL,
}
"""The codes that are not retryable, by the table of section Failures."""

GARBAGE = b"\xff\xff\xff\xff not OTLP \xff"


@every_signal
@requirement("MUST", "Protocol Details", "supports no compression over gRPC")
def test_no_compression(target, signal):
    target.call(signal)


@every_signal
@requirement("MUST", "Protocol Details", "supports gzip compression over gRPC")
def test_gzip(target, signal):
    target.call(signal, compressed=True)


@every_signal
@requirement("MUST", "Full Success", "leaves the partial_success field unset over gRPC")
def test_partial_success_is_unset(target, signal):
    assert not target.call(signal).HasField("partial_success")


@every_signal
@requirement("SHOULD", "Full Success", "responds to an empty request with success over gRPC")
def test_empty_request(target, signal):
    target.call(signal, b"")


@every_signal
@requirement("DEFINED", "Failures", "refuses what cannot be decoded with a code that is not retryable")
def test_bad_data_is_final(target, signal):
    assert target.refusal(signal, GARBAGE).code() in FINAL


@every_signal
@requirement("SHOULD", "Failures", "uses INVALID_ARGUMENT for what cannot be decoded")
def test_bad_data(target, signal):
    assert target.refusal(signal, GARBAGE).code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@requirement("MUST", "OTLP/gRPC Request", "enforces a message size limit, also after decompression")
def test_size_is_limited(target, compressed):
    target.refusal("traces", bytes(target.beyond), compressed=compressed)


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@requirement("DEFINED", "OTLP/gRPC Request", "refuses what is beyond the limit as RESOURCE_EXHAUSTED without RetryInfo")
def test_size_beyond_the_limit(target, compressed, delay):
    refused = target.refusal("traces", bytes(target.beyond), compressed=compressed)

    assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert delay(refused) == []


@pytest.mark.parametrize("field", ["trace_id", "span_id"])
@requirement("DEFINED", "trace.proto", "does not silently accept ids of a wrong length over gRPC")
def test_short_ids(target, field):
    message = target.message("traces")
    setattr(message.resource_spans[0].scope_spans[0].spans[0], field, b"\x5b\x8e")
    call = target.future("traces", message.SerializeToString())

    if call.exception():
        assert call.code() is grpc.StatusCode.INVALID_ARGUMENT
    else:
        assert call.result().partial_success.rejected_spans == 1


@requirement("MUST", "Partial Success", "counts and explains what it rejects of a request over gRPC")
def test_partial_success(target):
    message = target.message("metrics")
    points = message.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points
    points.add().CopyFrom(points[0])
    points[1].attributes[0].value.string_value = "late"
    points[1].start_time_unix_nano, points[1].time_unix_nano = 2**62, 2**63 - 1

    told = target.call("metrics", message.SerializeToString())

    if told.HasField("partial_success"):
        assert told.partial_success.rejected_data_points == 1
        assert told.partial_success.error_message


@requirement("SHOULD", "OTLP/gRPC Concurrent Requests", "serves concurrent unary calls")
def test_concurrent_calls(target):
    calls = [target.future(SIGNALS[number % 3]) for number in range(96)]

    assert [call.exception() for call in calls] == [None] * 96


@requirement("gRPC", "Status codes", "answers a method it does not know with UNIMPLEMENTED")
def test_unknown_method(target):
    refused = target.refusal("traces", b"", method="/opentelemetry.proto.collector.trace.v1.TraceService/Nothing")

    assert refused.code() is grpc.StatusCode.UNIMPLEMENTED
