"""Redaction: no card number and no secret survives, wherever it stands; all else stays as it is, to the byte."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from fournines.collector import Signal
from fournines.collector.cards import REDACTED
from fournines.collector.errors import Unredactable
from fournines.collector.kernels.marks import marks_of
from fournines.collector.kernels.patterns import CARD as CARDS
from fournines.collector.redaction import clean_item, redacted_body, without_sensitive

pytestmark = pytest.mark.usefixtures("decoders")

CARD = "4111111111111111"
WORDS = [
    "passw", "passphrase", "passcode", "pwd", "secret", "token", "authorization", "cookie", "apikey", "accesskey", "privatekey",
    "credential", "signature", "sig=", "cvv", "cvc", "akia", "asia", "bearer", "basic", "eyj", "API_KEY", "access.key", "Pass-Phrase",
]  # fmt: skip


def with_check_digit(digits):
    """The digits and Luhn's, by the textbook."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return digits + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def is_card(digits):
    """Whether digits are a card number, by the textbook."""
    return 13 <= len(digits) <= 19 and digits[0] > "1" and digits == with_check_digit(digits[:-1])


def without_cards(text):
    """The text without card numbers, and with its secrets."""
    return without_sensitive(text, CARDS)


@st.composite
def cards(draw, separators=("", " ", "-")):
    """Card numbers of every length, written in groups of any sizes."""
    first = draw(st.sampled_from("23456789"))
    digits = with_check_digit(first + draw(st.text(string.digits, min_size=11, max_size=17)))
    return "".join(digit + draw(st.sampled_from(separators)) for digit in digits[:-1]) + digits[-1]


around = st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters=" -."), max_size=20)


@given(around, cards(), around)
@settings(max_examples=300, deadline=None)
def test_no_card_number_survives_in_any_text(before, card, after):
    """Whatever stands around it and however it is grouped, a card number is taken out, and the text around it stays."""
    assert f"{before}REDACTED{after}" == without_cards(f"{before}{card}{after}")


@pytest.mark.parametrize(
    "card",
    ["378282246310005", "3714 496353 98431", "6011111111111117", "5555-5555-5555-4444", "30569309025904", "3530111333300000",
     "6759649826438453", "2223003122003222", "4222222222222", "6304000000000000", "4111 1111 1111 1111", "9792020000000001"],
)  # fmt: skip
def test_the_schemes_own_test_numbers_are_known(card):
    """The numbers that card schemes publish for tests are taken out, amid other numbers too."""
    assert "12 REDACTED 12/27 123" == without_cards(f"12 {card} 12/27 123")


@given(st.integers(0, 10**25).map(str))
@settings(deadline=None)
def test_ordinary_numbers_survive(number):
    """A number that is no card's stays, of whatever length."""
    expected = "REDACTED" if is_card(number) else number

    assert expected == without_cards(number)


@pytest.mark.parametrize(
    "text",
    [
        "1790000000000", "1790000000000008", "1790000000000000000", "0.4532015112830366", "12345678901234567890",
        "4111111111111111" * 2, "a4111111-1111-4111-8111-111111111111", "4bf92f3577b34da6a3ce929d0e0e4736",
        "4111111111111111deadbeefdeadbeef",
        "2026-11-22T19:41:00.123456789Z", "10.0.0.1:443", "+49 170 1234567", "v1.2.3", "", "4111 1111 1111", "4111111111111112",
        "token count 5", "bearer token missing", "GET /oauth/token", "the secretary's pass", "http://host/path?a=b", "mail a@b.example",
    ],
)  # fmt: skip
def test_what_is_neither_card_nor_secret_stays(text):
    """Times, ids, addresses, versions and sentences about tokens are left alone."""
    assert text == without_sensitive(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://bank:s3cret@db/x", "postgres://REDACTED:REDACTED@db/x"),
        ("ssh://git@host/x", "ssh://REDACTED@host/x"),
        ("https://h/p?q=1&sig=abc%2F&x=2", "https://h/p?q=1&sig=REDACTED&x=2"),
        ("X-Amz-Signature=abc&X-Amz-Credential=AK", "X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED"),
        ("/cb?access_token=ya29.a0&state=1", "/cb?access_token=REDACTED&state=1"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: REDACTED"),
        ("sent Bearer abc.def123", "sent Bearer REDACTED"),
        ('{"user": "u", "password": "a b", "n": 1}', '{"user": "u", "password": "REDACTED", "n": 1}'),
        ('{\\"api_key\\":\\"k1\\"}', '{\\"api_key\\":\\"REDACTED\\"}'),
        ("Cookie: a=b; c=d\nHost: h", "Cookie: REDACTED\nHost: h"),
        ("key AKIAIOSFODNN7EXAMPLE used", "key REDACTED used"),
        ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ-_ end", "jwt REDACTED end"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- x", "REDACTED x"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "REDACTED"),
    ],
)
def test_secrets_go_and_what_they_belong_to_stays(text, expected):
    """Passwords, tokens, headers, signatures and keys are taken out of texts; once taken out, nothing more changes."""
    assert expected == without_sensitive(text)
    assert expected == without_sensitive(expected)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("http.request.header.authorization", True), ("http.response.header.set-cookie", True),
        ("accessToken", True),
        ("user.password_hash", True), ("aws_secret_access_key", True), ("X-Api-Key", True), ("db.credentials", True),
        ("client_secret", True),
        ("gen_ai.usage.input_tokens", False), ("token_type", False), ("secretary", False), ("http.route", False),
        ("aws.s3.key", False), ("messaging.kafka.message.key", False), ("session.id", False),
    ],
)  # fmt: skip
def test_the_value_of_a_secret_s_key_goes_whatever_it_looks_like(key, secret):
    """Text, bytes, numbers and lists under such a key are taken out; truth values are no secrets."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    for kind, value in (("string_value", "x"), ("bytes_value", b"x"), ("bool_value", True)):
        setattr(span.attributes.add(key=key).value, kind, value)
    span.attributes.add(key=key).value.array_value.values.add().string_value = "x"
    cleaned = ExportTraceServiceRequest.FromString(redacted_body(Signal.TRACES, request.SerializeToString()))
    text, raw, flag, many = cleaned.resource_spans[0].scope_spans[0].spans[0].attributes

    assert ("REDACTED" if secret else "x") == text.value.string_value
    assert secret is (raw.value.bytes_value == b"")
    assert flag.value.bool_value
    assert ("REDACTED" if secret else "x") == many.value.array_value.values[0].string_value


def every_text(signal, text):
    """Requests of a signal with the text in one place each, every place there is."""
    places = []

    def value(target):
        target.string_value = text

    def value_list(target):
        target.array_value.values.add().string_value = text

    def value_map(target):
        target.kvlist_value.values.add(key="k").value.array_value.values.add().string_value = text

    def value_key(target):
        target.kvlist_value.values.add(key=text).value.bool_value = True

    def value_bytes(target):
        target.bytes_value = b"\xff" + text.encode()

    values = (value, value_list, value_map, value_key, value_bytes)
    if signal is Signal.TRACES:
        make = ExportTraceServiceRequest
        scope = lambda request: request.resource_spans.add().scope_spans.add()  # noqa: E731
        item = lambda request: scope(request).spans.add()  # noqa: E731
        resource = lambda request: request.resource_spans.add().resource  # noqa: E731
        places += [
            lambda r: setattr(item(r), "name", text),
            lambda r: setattr(item(r), "trace_state", text),
            lambda r: setattr(item(r).status, "message", text),
            lambda r: item(r).events.add(name=text),
            lambda r: item(r).links.add(trace_state=text),
            lambda r: setattr(scope(r).scope, "name", text),
            lambda r: setattr(scope(r), "schema_url", text),
        ]
        carriers = [
            item,
            resource,
            lambda r: item(r).events.add(),
            lambda r: item(r).links.add(),
            lambda r: scope(r).scope,
        ]
    elif signal is Signal.LOGS:
        make = ExportLogsServiceRequest
        item = lambda request: request.resource_logs.add().scope_logs.add().log_records.add()  # noqa: E731
        places += [lambda r: setattr(item(r), "severity_text", text), lambda r: setattr(item(r), "event_name", text)]
        places += [lambda r, put=put: put(item(r).body) for put in values]
        carriers = [item, lambda r: r.resource_logs.add().resource]
    else:
        make = ExportMetricsServiceRequest
        item = lambda request: request.resource_metrics.add().scope_metrics.add().metrics.add()  # noqa: E731
        places += [lambda r: setattr(item(r), "name", text), lambda r: setattr(item(r), "description", text)]
        carriers = [
            lambda r: item(r).sum.data_points.add(),
            lambda r: item(r).histogram.data_points.add(),
            lambda r: item(r).exponential_histogram.data_points.add(),
            lambda r: item(r).summary.data_points.add(),
        ]
        exemplar = lambda r: item(r).gauge.data_points.add().exemplars.add().filtered_attributes.add(key="k")  # noqa: E731
        places += [lambda r, put=put: put(exemplar(r).value) for put in values]
    places += [
        lambda r, carrier=carrier, put=put: put(carrier(r).attributes.add(key="k").value)
        for carrier in carriers
        for put in values
    ]
    for place in places:
        request = make()
        place(request)
        yield request.SerializeToString()


@pytest.mark.parametrize("signal", list(Signal))
@pytest.mark.parametrize("text", ["4111 1111-1111 1111", "password=hunter2", "Bearer abc123def", "https://u:p@h"])
def test_there_is_no_place_to_hide_in(signal, text):
    """Every text of every message of every signal is cleaned, at any depth."""
    for body in every_text(signal, text):
        assert marks_of(body)[-1] > 0
        cleaned = redacted_body(signal, body)
        assert b"REDACTED" in cleaned
        assert text.encode() not in cleaned
        assert cleaned == redacted_body(signal, cleaned)


@pytest.mark.parametrize("kind", ["int_value", "double_value"])
def test_numbers_that_are_card_numbers_go_too(kind):
    """A card number sent as a number becomes the text REDACTED; a time in nanoseconds stays."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    setattr(span.attributes.add(key="card").value, kind, int(CARD))
    setattr(span.attributes.add(key="time").value, kind, 1_790_000_000_000_000_008)
    body = request.SerializeToString()
    card, time = (
        ExportTraceServiceRequest.FromString(redacted_body(Signal.TRACES, body))
        .resource_spans[0]
        .scope_spans[0]
        .spans[0]
        .attributes
    )

    assert "REDACTED" == card.value.string_value
    assert 1_790_000_000_000_000_008 == pytest.approx(getattr(time.value, kind))


@given(
    st.binary(max_size=9),
    st.sampled_from(WORDS),
    st.sampled_from([0, 5_000]),
    st.binary(max_size=9),
)
def test_no_word_is_looked_past(before, word, padding, after):
    """Every word that tells a secret is found at any offset of a large or small message, in any case, and however it is joined."""
    assert marks_of(before + word.encode() + after + b"x" * padding)[-1] > 0


def test_clean_bytes_pass_as_they_are(otlp, span, now):
    """Where there is nothing to take out, the very same bytes come back, unknown fields and odd encodings included."""
    body = otlp.spans(*(span(now, route=f"/{n}") for n in range(100))) + b"\xfa\x7f\x03new"
    odd = b"\x0a\x80\x00" + body

    assert body is redacted_body(Signal.TRACES, body)
    assert odd is redacted_body(Signal.TRACES, odd)


@given(st.binary(max_size=300), st.sampled_from(list(Signal)))
def test_any_bytes_come_back_clean_or_are_refused(body, signal):
    """Whatever is sent, it is either let through, cleaned, or refused as not redactable."""
    try:
        assert redacted_body(signal, body) == redacted_body(signal, redacted_body(signal, body))
    except Unredactable:
        assert marks_of(body)[-1] > 0


def test_only_what_is_taken_out_changes():
    """Around it all bytes stay: fields that nobody knows, sizes written in more bytes than they need, fields in any order."""
    secret = b"\x12\x0a\x0a\x08hunter22\x0a\x08password"  # the value before its key
    other = b"\x2a\x81\x00n\xa2\x06\x03new"
    cleaned = b"\x12\x0a\x0a\x08REDACTED\x0a\x08password"

    def body(pair):
        span = other + b"\x4a" + bytes([len(pair)]) + pair + other
        scope = b"\x12" + bytes([len(span)]) + span + b"\xfa\x7f\x01x"
        scopes = b"\x12" + bytes([len(scope)]) + scope
        return b"\x0a" + bytes([len(scopes)]) + scopes + b"\xfa\x7f\x03new"

    assert body(cleaned) == redacted_body(Signal.TRACES, body(secret))


def test_an_item_alone_is_cleaned_too():
    """What is kept is cleaned as what is sent on."""
    for secret in (False, True):
        message = ExportLogsServiceRequest().resource_logs.add().scope_logs.add().log_records.add()
        message.body.string_value = "pwd=x" if secret else "x"

        cleaned = LogRecord.FromString(clean_item(message))
        assert ("pwd=REDACTED" if secret else "x") == cleaned.body.string_value


def test_what_cannot_be_read_or_is_too_large_is_refused_if_suspicious():
    """Damage or size is no way around: a suspicious message that can't be worked through is not let through."""
    large = ExportLogsServiceRequest()
    large.resource_logs.add().scope_logs.add().log_records.add().body.string_value = f"{CARD} " + "x" * 5_000_000
    for body in (b"\x0a\xff" + CARD.encode(), large.SerializeToString()):
        with pytest.raises(Unredactable):
            redacted_body(Signal.LOGS, body)


HOSTILE = [
    "4 ", "4", "4 - ", "eyJ", "eyJaaaaa.", "://", "://u:", "://@", "bearer ", "bearer abc1234 ", "password=",
    "passwd", "passwdé=ü ", "a.", "\\",
    "cookie:", "cookie=a\n", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----END ", "AKIA", '\\"password\\":\\"a\\",',
    "k=v&sig=", "٤", "a-4111111-",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_take_no_hostile_time(piece):
    """Texts made to be hard to match are worked through in steps that grow as the text does, not as its square."""
    text = piece * (600_000 // len(piece))
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add().body.string_value = text
    cleaned = ExportLogsServiceRequest.FromString(redacted_body(Signal.LOGS, request.SerializeToString()))

    assert without_sensitive(text) == cleaned.resource_logs[0].scope_logs[0].log_records[0].body.string_value


def test_a_long_run_of_groups_is_read_once():
    """A text of nothing but digits in groups is not copied for each of them."""
    near = "4111 1111 1111 1112 " * 10_000

    assert near == without_cards(near)
    assert f"{near}x {REDACTED}" == without_cards(f"{near}x 4111 1111 1111 1111")
