"""Redaction by kernels against redaction by regular expressions and the protobuf library: they take out the same."""

from __future__ import annotations

import importlib.util
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fournines.collector import Signal
from fournines.collector.credentials import is_secret
from fournines.collector.errors import Unredactable
from fournines.collector.kernels.marks import marks_of
from fournines.collector.redaction import redacted_body, without_sensitive

pytestmark = pytest.mark.usefixtures("decoders")

REQUESTS = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.METRICS: ExportMetricsServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
}
PIECES = [
    "password", "passwd", "PassWord", "passphrase", "passcode", "pwd", "secret", "secrets", "token", "api", "access", "private", "key",
    "Key", "_", ".", "-", "id", "credential", "s", "authorization", "Authorization", "cookie",
    "cookies", "set-cookie", "cvv", "cvv2", "cvc", "2",
    "=", ":", "=", ":", " ", "  ", "   ", "    ", "\t", "\n", "\r\n", "\\", '"', "'", '\\"', "&", "?", "#", "/", ";", ",", "{", "}",
    "(", ")", "[", "]", "@", "://", "http://", "u:p@h", "x-amz-signature=", "X-Amz-Credential=", "x-amz-security-token=", "awsaccesskeyid=",
    "x-goog-signature=", "signature=", "sig=", "Signature", "bearer", "Basic", "Bearer ", "abc123def", "abcdef", "abcdefghijklmnopqrst",
    "a", "B", "9", "+", "eyJ", "eyJabcde", "eyj", "abcde", ".abcde", "..", "AKIA", "ASIA", "AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE",
    "-----BEGIN ", "-----END ", "RSA ", "PRIVATE KEY-----", "PRIVATE KEY", "-----", "REDACTED", "é", "“", "\u00a0", "\u2003", "٤", "😀",
    "中", "\x85", "ü=", "4111", "1111", "4111111111111111", "4111 1111-1111 1111", "378282246310005", "deadbeef", "0", "1", "4", "12",
    "4111-1111-4111-8111-", "0.", "4bf92f3577b34da6a3ce929d0e0e4736", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ",
]  # fmt: skip
KEYS = [
    "password",
    "k",
    "x_token",
    "a.signature",
    "password_signature",
    "secret\n",
    "cookie",
    "4111111111111111",
    "api_key",
    "é",
]
NUMBERS = [4111111111111111, -4111111111111111, 378282246310005, 5, 2**63 - 1, 1790000000000000008]
DOUBLES = [4111111111111111.0, -4111111111111111.0, 0.5, float("inf"), -0.0, 1e300, 6759649826438453.0, 9.9e18]

PROGRAM = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from test_redaction_oracle import oracle_of, text_of
from random import Random
from fournines.collector.kernels.marks import marks_of
from fournines.collector.redaction import without_sensitive
random, oracle = Random(7), oracle_of()
with np.errstate(over="ignore"):
    for _ in range(150):
        text = text_of(random)
        assert oracle.without_sensitive(text) == without_sensitive(text), text
print("equal")
"""


def oracle_of():
    """The module beside."""
    spec = importlib.util.spec_from_file_location("redaction_oracle", Path(__file__).parent / "redaction_oracle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


oracle = oracle_of()


def text_of(random):
    """A text of pieces of secrets; every other one of few different pieces, so that they come together."""
    few = random.choices(PIECES, k=random.randint(2, 6)) if random.random() < 0.5 else PIECES
    return "".join(random.choices(few, k=random.randint(1, 15)))


def fill(value, random, depth):
    """A value of any kind, lists and maps of values too."""
    kind = random.choice(["text", "text", "text", "bytes", "truth", "int", "double", "list", "map", "index", "none"])
    if kind == "text":
        value.string_value = random.choice(["x", "", "REDACTED", text_of(random), text_of(random)])
    elif kind == "bytes":
        value.bytes_value = text_of(random).encode(random.choice(["utf-8", "utf-16"])) + random.randbytes(3)
    elif kind == "truth":
        value.bool_value = True
    elif kind == "int":
        value.int_value = random.choice(NUMBERS)
    elif kind == "double":
        value.double_value = random.choice([*DOUBLES, struct.unpack("<d", random.randbytes(7) + b"\x42")[0]])
    elif kind == "list" and depth < 4:
        value.array_value.SetInParent()
        for _ in range(random.randint(0, 3)):
            fill(value.array_value.values.add(), random, depth + 1)
    elif kind == "map" and depth < 4:
        value.kvlist_value.SetInParent()
        pair(value.kvlist_value.values, random, depth + 1)
    elif kind == "index":
        value.string_value_strindex = random.randint(0, 300)


def pair(pairs, random, depth=0):
    """Some keys and their values."""
    for _ in range(random.randint(0, 3)):
        fill(pairs.add(key=random.choice([*KEYS, text_of(random)])).value, random, depth)


def request_of(signal, random):
    """A request with something in most of its places."""
    request = REQUESTS[signal]()
    if signal is Signal.TRACES:
        resource = request.resource_spans.add(schema_url=text_of(random))
        pair(resource.resource.attributes, random)
        resource.resource.entity_refs.add(id_keys=[text_of(random), "x"])
        scope = resource.scope_spans.add()
        pair(scope.scope.attributes, random)
        span = scope.spans.add(name=text_of(random), trace_state=text_of(random), flags=3)
        span.status.message = text_of(random)
        for each in (span, span.events.add(name=text_of(random)), span.links.add()):
            pair(each.attributes, random)
    elif signal is Signal.LOGS:
        for _ in range(2):
            record = request.resource_logs.add().scope_logs.add().log_records.add(severity_text=text_of(random))
            pair(record.attributes, random)
            fill(record.body, random, 0)
    else:
        metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=text_of(random), unit="s")
        pair(metric.metadata, random)
        point = getattr(metric, random.choice(["gauge", "sum", "histogram", "exponential_histogram"])).data_points.add()
        pair(point.attributes, random)
        pair(point.exemplars.add().filtered_attributes, random)
    return request


def mangled(body, random):
    """The body with a byte or two that are other ones, gone or new."""
    body = bytearray(body)
    for _ in range(random.randint(1, 2)):
        at = random.randrange(len(body))
        body[at : at + random.randint(0, 1)] = random.randbytes(random.randint(0, 1))
    return bytes(body)


def test_texts_are_cleaned_as_regular_expressions_clean_them():
    """For any text the same is taken out, keys are secret alike, and what is taken out was suspicious."""
    chance = random.Random(11)
    for _ in range(6_000):
        text = text_of(chance)
        expected = oracle.without_sensitive(text)

        assert expected == without_sensitive(text), text
        assert bool(oracle.KEY.search(text)) is is_secret(text), text
        assert expected == text or marks_of(text.encode())[-1] > 0, text


@pytest.mark.parametrize("signal", list(Signal))
def test_messages_are_cleaned_as_the_library_would(signal):
    """The same is taken out of any message; where nothing is, the very same bytes come back; and damage is no way around."""
    chance = random.Random(int(signal))
    for _ in range(500):
        body = request_of(signal, chance).SerializeToString()
        for sent in (body, mangled(body, chance)) if body else ():
            try:
                before, expected = (REQUESTS[signal].FromString(sent) for _ in range(2))
            except DecodeError:
                refused_or_cleaned(signal, sent)
                continue
            oracle.clean_message(expected)
            cleaned = redacted_body(signal, sent)

            assert str(expected) == str(REQUESTS[signal].FromString(cleaned)), sent
            assert (cleaned is sent) is (str(before) == str(expected)), sent


def refused_or_cleaned(signal, sent):
    """What the library can't read is refused if it is suspicious, or the damage went with a secret."""
    try:
        cleaned = redacted_body(signal, sent)
    except Unredactable:
        assert marks_of(sent)[-1] > 0
    else:
        assert marks_of(sent)[-1] == 0 or REQUESTS[signal].FromString(cleaned) is not None


def test_without_the_compiler_texts_are_cleaned_the_same(measured):
    """With the JIT off, the kernels take out what they do compiled."""
    environment = {**os.environ, **measured, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent)]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (0, "equal\n") == (child.returncode, child.stdout), child.stderr[-3000:]
