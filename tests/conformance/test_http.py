"""What the OTLP specification demands of a server over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from google.rpc import error_details_pb2

SIGNALS = ("traces", "metrics", "logs")
ENCODINGS = ("protobuf", "json")

every_signal = pytest.mark.parametrize("signal", SIGNALS)
every_encoding = pytest.mark.parametrize("encoding", ENCODINGS)
requirement = pytest.mark.requirement

RESPONSE = "OTLP/HTTP Response"
REQUEST = "OTLP/HTTP Request"
BAD_DATA = {
    "garbage": b"\xff\xff\xff\xff not OTLP \xff",
    "truncated": b"\x0a\xff\x01\x0a",
    "wrong wire type": b"\x08\x01\x0b",
}
BAD_JSON = {
    "no JSON": b"{resourceSpans",
    "truncated": b'{"resourceSpans": [{"scopeSpans": [',
    "a list": b"[]",
    "bad UTF-8": b'{"resourceSpans": "\xff"}',
    "wrong type": b'{"resourceSpans": 7}',
}


@every_encoding
@every_signal
@requirement("MUST", "Protocol Details", "supports no compression")
def test_no_compression(target, signal, encoding):
    assert target.post(signal, encoding).status == 200


@every_encoding
@every_signal
@requirement("MUST", "Protocol Details", "supports gzip compression")
def test_gzip(target, signal, encoding, zipped):
    assert target.post(signal, encoding, zipped(target.body(signal, encoding)), Content_Encoding="gzip").status == 200


@every_encoding
@every_signal
@requirement("MUST", RESPONSE, "answers success with 200 and an `Export<signal>ServiceResponse`")
def test_success(target, signal, encoding, responses):
    answer = target.post(signal, encoding)

    assert answer.status == 200
    answer.message(responses[signal])


@every_encoding
@every_signal
@requirement("MUST", RESPONSE, "uses the same Content-Type in the response as it received in the request")
def test_content_type_of_success(target, signal, encoding, media_types):
    assert target.post(signal, encoding).media_type == media_types[encoding]


@every_encoding
@every_signal
@requirement("MUST", "Full Success", "leaves the partial_success field unset in case of a successful response")
def test_partial_success_is_unset(target, signal, encoding, responses):
    answer = target.post(signal, encoding)

    assert answer.status == 200
    assert not answer.message(responses[signal]).HasField("partial_success")


@every_encoding
@every_signal
@requirement("SHOULD", "Full Success", "responds to an empty request with success")
def test_empty_request(target, signal, encoding):
    assert target.post(signal, encoding, b"{}" if encoding == "json" else b"").status == 200


@every_encoding
@requirement("DEFINED", "Empty Telemetry Envelopes", "takes envelopes without content")
def test_empty_envelopes(target, encoding):
    body = b'{"resourceSpans": [{}, {"scopeSpans": [{}]}]}' if encoding == "json" else b"\x0a\x00\x0a\x02\x12\x00"

    assert target.post("traces", encoding, body).status == 200


@requirement("SHOULD", "OTLP/HTTP Connection", "accepts protobuf and JSON on the same port, by the Content-Type")
def test_both_encodings_on_one_port(target):
    assert [target.post("traces", encoding).status for encoding in (*ENCODINGS, *ENCODINGS)] == [200] * 4


@every_signal
@pytest.mark.parametrize("bad", BAD_DATA)
@requirement("MUST", "Bad Data", "responds with 400 to protobuf that cannot be decoded")
def test_bad_protobuf(target, signal, bad):
    assert target.post(signal, "protobuf", BAD_DATA[bad]).status == 400


@pytest.mark.parametrize("bad", BAD_JSON)
@requirement("MUST", "Bad Data", "responds with 400 to JSON that cannot be decoded")
def test_bad_json(target, bad):
    assert target.post("traces", "json", BAD_JSON[bad]).status == 400


@every_encoding
@pytest.mark.parametrize("bad", ["corrupt", "truncated", "not gzip"])
@requirement("MUST", "Bad Data", "responds with 400 to gzip that cannot be inflated")
def test_bad_gzip(target, encoding, bad, zipped):
    whole = zipped(target.body("traces", encoding) * 3)
    body = {"corrupt": whole[:30] + b"\0\0\0\0" + whole[34:], "truncated": whole[:-20], "not gzip": b"hello"}[bad]

    assert target.post("traces", encoding, body, Content_Encoding="gzip").status == 400


def refused(target, encoding: str):
    """A request that is refused as bad data."""
    answer = target.post("traces", encoding, (BAD_JSON["no JSON"] if encoding == "json" else BAD_DATA["garbage"]))
    assert answer.status >= 400
    return answer


@every_encoding
@requirement("MUST", "Failures", "describes the problem of every 4xx and 5xx by a Status message in the body")
def test_bad_data_is_described(target, encoding):
    answer = refused(target, encoding)

    status = answer.error()
    assert answer.body
    assert status.message or status.details or status.code


@every_encoding
@requirement("MUST", RESPONSE, "uses the request's Content-Type for errors too")
def test_content_type_of_an_error(target, encoding, media_types):
    assert refused(target, encoding).media_type == media_types[encoding]


@every_encoding
@requirement("SHOULD", "Failures", "has a developer-facing error message in Status.message")
def test_errors_have_a_message(target, encoding):
    assert refused(target, encoding).error().message


@every_encoding
@requirement("SHOULD", "Bad Data", "puts a BadRequest that describes the bad data into Status.details")
def test_bad_data_has_details(target, encoding):
    details = refused(target, encoding).error().details

    assert any(one.Is(error_details_pb2.BadRequest.DESCRIPTOR) for one in details)


@requirement("MUST", "Failures", "describes a wrong path, a wrong method and an unknown Content-Type by a Status too")
@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/v1/nothing", "application/x-protobuf"),
        ("GET", "/v1/traces", "application/x-protobuf"),
        ("POST", "/v1/traces", "text/plain"),
    ],
    ids=["404", "405", "415"],
)
def test_every_error_is_described(target, method, path, kind):
    answer = target.ask(method, path, b"" if method == "POST" else None, {"Content-Type": kind})

    assert answer.status >= 400
    assert answer.error().message


# JSON's own rules.


def span_of(document: dict) -> dict:
    return document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]


@pytest.mark.parametrize("case", [str.upper, str.lower], ids=["upper", "lower"])
@requirement("DEFINED", "JSON Protobuf Encoding", "reads traceId and spanId as case-insensitive hex")
def test_hex_ids(target, case):
    document = target.document("traces")
    span_of(document).update(traceId=case("5B8EFFF798038103D269B633813FC60C"), spanId=case("EEE19B7EC3C1B174"))

    assert target.post_json("traces", document).status == 200


@pytest.mark.parametrize(
    "ids",
    [{"traceId": "W47/95gDgQPSabYzgT/GDA=="}, {"spanId": "7uGbfsPBsXQ="}, {"traceId": "zz" * 16}],
    ids=["base64 trace", "base64 span", "no hex"],
)
@requirement("DEFINED", "JSON Protobuf Encoding", "refuses ids that are not hex")
def test_ids_that_are_not_hex(target, ids):
    document = target.document("traces")
    span_of(document).update(ids)

    assert target.post_json("traces", document).status == 400


@requirement("DEFINED", "JSON Protobuf Encoding", "refuses names of enum values: only integers are allowed")
def test_enum_names(target):
    document = target.document("traces")
    span_of(document)["kind"] = "SPAN_KIND_SERVER"

    assert target.post_json("traces", document).status == 400


@every_signal
@requirement("MUST", "JSON Protobuf Encoding", "ignores message fields with unknown names")
def test_unknown_json_fields(target, signal):
    document = target.document(signal) | {"tomorrow": {"a": [1, None]}}
    next(iter(document.values()))[0]["alsoNew"] = "x"

    assert target.post_json(signal, document).status == 200


@requirement("MUST", "JSON Protobuf Encoding", "takes original field names for unknown ones: snake_case is not valid")
def test_snake_case(target):
    hidden = {"resource_spans": [{"scope_spans": [{"spans": [{"trace_id": "not hex at all"}]}]}]}

    assert target.post_json("traces", target.document("traces") | hidden).status == 200


@pytest.mark.parametrize("kind", [int, str], ids=["numbers", "strings"])
@pytest.mark.parametrize("signal", ["traces", "metrics"])
@requirement("DEFINED", "JSON Protobuf Encoding", "accepts 64-bit integers as numbers and as strings")
def test_integers(target, signal, kind):
    document = target.document(signal)
    if signal == "traces":
        holder, keys = span_of(document), ("startTimeUnixNano", "endTimeUnixNano")
    else:
        holder = document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["sum"]["dataPoints"][0]
        keys = ("startTimeUnixNano", "timeUnixNano", "asInt")
    holder.update({key: kind(int(holder[key])) for key in keys})

    assert target.post_json(signal, document).status == 200


# Bodies and media types as HTTP has them.


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"], ids=["charset", "case"])
@requirement("HTTP", "RFC 9110, 8.3.1", "reads media types whatever their parameters and case: JSON")
def test_media_type_of_json(target, kind):
    assert target.post("traces", "json", Content_Type=kind).status == 200


@pytest.mark.parametrize(
    "kind", ["application/x-protobuf; proto=x", "Application/X-Protobuf"], ids=["parameter", "case"]
)
@requirement("HTTP", "RFC 9110, 8.3.1", "reads media types whatever their parameters and case: protobuf")
def test_media_type_of_protobuf(target, kind):
    assert target.post("traces", "protobuf", Content_Type=kind).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/xml"])
@requirement("HTTP", "RFC 9110, 15.5.16", "answers an unknown Content-Type with 415")
def test_unknown_content_type(target, kind):
    assert target.post("traces", "protobuf", Content_Type=kind).status == 415


@requirement(
    "HTTP", "RFC 9110, 8.4 and 15.5.16", "answers a Content-Encoding it does not know with 415, instead of ignoring it"
)
def test_unknown_content_encoding(target):
    assert target.post("traces", "protobuf", Content_Encoding="rot13").status == 415


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@requirement("HTTP", "RFC 9110, 15.5.6", "answers other methods with 405 and an Allow header")
def test_other_methods(target, method):
    answer = target.ask(method, "/v1/traces", None, {"Content-Type": "application/json"})

    assert answer.status == 405
    assert "POST" in answer.headers.get("allow", "")


@requirement("HTTP", "RFC 9110, 15.5.5", "answers an unknown path with 404")
def test_unknown_path(target):
    assert target.ask("POST", "/v2/traces", b"", {"Content-Type": "application/x-protobuf"}).status == 404


@every_encoding
@requirement("HTTP", "RFC 9112, 7.1", "reads chunked bodies")
def test_chunked(target, encoding, media_types):
    body = target.body("traces", encoding)
    pieces = (body[start : start + 7] for start in range(0, len(body), 7))

    assert target.ask("POST", "/v1/traces", pieces, {"Content-Type": media_types[encoding]}).status == 200


@requirement("DEFINED", REQUEST, "gzips a response only if the request accepts it")
def test_gzip_only_where_accepted(target, responses):
    plain = target.post("traces", "protobuf")
    asked = target.post("traces", "protobuf", Accept_Encoding="gzip")

    assert "content-encoding" not in plain.headers
    assert asked.headers.get("content-encoding", "gzip") == "gzip"
    asked.message(responses["traces"])


# Limits.


@requirement("MUST", REQUEST, "limits the size of the request body")
def test_size_is_limited(target):
    assert target.flood("Content-Type: application/x-protobuf\r\n", target.beyond) != 200


@requirement("SHOULD", REQUEST, "responds with 413 to a body beyond the limit")
def test_size_beyond_the_limit(target):
    assert target.flood("Content-Type: application/x-protobuf\r\n", target.beyond) == 413


@requirement("MUST", REQUEST, "limits the size of the request body after decompression")
def test_inflated_size_is_limited(target, zipped):
    assert target.post("traces", "protobuf", zipped(bytes(target.beyond)), Content_Encoding="gzip").status >= 400


@requirement("SHOULD", REQUEST, "responds with 413 to a body that inflates beyond the limit")
def test_inflated_size_beyond_the_limit(target, zipped):
    assert target.post("traces", "protobuf", zipped(bytes(target.beyond)), Content_Encoding="gzip").status == 413


# Data.


@pytest.mark.parametrize("field", ["trace_id", "span_id"])
@requirement("DEFINED", "trace.proto", "does not silently accept ids of a wrong length: 400, or partial_success")
def test_short_ids(target, field, responses):
    message = target.message("traces")
    setattr(message.resource_spans[0].scope_spans[0].spans[0], field, b"\x5b\x8e")

    answer = target.post("traces", "protobuf", message.SerializeToString())

    assert answer.status == 400 or answer.message(responses["traces"]).partial_success.rejected_spans == 1


@requirement(
    "MUST", "Partial Success", "counts and explains what it rejects of a request (asked with a span of the year 2262)"
)
def test_partial_success(target, responses):
    message = target.message("traces")
    spans = message.resource_spans[0].scope_spans[0].spans
    spans.add().CopyFrom(spans[0])
    spans[1].span_id = b"12345678"
    spans[1].start_time_unix_nano = spans[1].end_time_unix_nano = 2**63 - 1

    answer = target.post("traces", "protobuf", message.SerializeToString())

    assert answer.status == 200
    told = answer.message(responses["traces"])
    if told.HasField("partial_success"):
        assert told.partial_success.rejected_spans == 1
        assert told.partial_success.error_message


@every_signal
@requirement("DEFINED", "Duplicate Data", "takes a request that is sent again")
def test_repeated_requests(target, signal):
    body = target.body(signal, "protobuf")

    assert [target.post(signal, "protobuf", body).status for _ in range(3)] == [200] * 3


@requirement("MUST", "Future Versions and Interoperability", "takes protobuf with fields it does not know")
def test_unknown_protobuf_fields(target):
    body = target.body("traces", "protobuf") + b"\xa2\x06\x05hello" + b"\xa8\x06\x01"

    assert target.post("traces", "protobuf", body).status == 200


@requirement("MAY", "OTLP/HTTP Concurrent Requests", "serves several parallel connections")
def test_parallel_connections(target):
    with ThreadPoolExecutor(16) as pool:
        statuses = pool.map(lambda number: target.post(SIGNALS[number % 3], ENCODINGS[number % 2]).status, range(96))

    assert set(statuses) == {200}
