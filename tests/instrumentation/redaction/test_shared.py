"""Redaction in the service and redaction in the collector take out the same: one table of cases, and texts made of pieces of secrets."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fournines.collector import Signal
from fournines.collector.credentials import is_secret
from fournines.collector.redaction import redacted_body, without_sensitive
from fournines.instrumentation.redaction.credentials import Keys
from fournines.instrumentation.redaction.redactor import Redactor

pytestmark = pytest.mark.usefixtures("decoders")

HERE = Path(__file__).parent
CASES = json.loads((HERE / "redaction_cases.json").read_text())
SERVICE = Redactor()


@pytest.fixture(scope="module")
def pieces():
    """The collector's texts of pieces of secrets."""
    path = HERE.parents[1] / "collector" / "test_redaction_oracle.py"
    spec = importlib.util.spec_from_file_location("collector_redaction_pieces", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("text", "expected"), CASES["both"] + [[text, text] for text in CASES["neither"]])
def test_one_table_holds_for_both(text, expected):
    """What the service takes out of a text the collector takes out, and nothing else, and the other way round."""
    assert expected == SERVICE.text(text)
    assert expected == without_sensitive(text)


@pytest.mark.parametrize(("key", "secret"), CASES["keys"])
def test_keys_of_secrets_are_the_same_for_both(key, secret):
    """A key is a secret's for both, or for neither."""
    assert secret is (Keys().kind_of(key) is not None)
    assert secret is is_secret(key)


def test_what_the_collector_would_take_out_is_gone_before(pieces):
    """Once the service has cleaned a text of pieces of secrets, the collector finds nothing more; keys of secrets are secret for both."""
    chance, keys = random.Random(19), Keys()
    for _ in range(2_500):
        text = pieces.text_of(chance)
        cleaned, once = SERVICE.text(text), without_sensitive(text)
        again = without_sensitive(cleaned)

        # A card number with five hexadecimal letters more is a digest's length; what one pass leaves is left by both.
        assert again == cleaned or "deadbeef" in text or again == without_sensitive(once), text
        assert keys.kind_of(text) is not None or not is_secret(text), text


def test_cleaned_requests_pass_the_collector_as_they_are():
    """A request whose texts the service has cleaned is let through by the collector as the very same bytes."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    for _, expected in CASES["both"] + CASES["here"]:
        span.attributes.add(key="text").value.string_value = expected
    body = request.SerializeToString()

    assert body is redacted_body(Signal.TRACES, body)


@pytest.mark.parametrize("text", [text for text, _ in CASES["here"]])
def test_the_service_knows_disguises_that_the_collector_does_not(text):
    """The table of what only the service takes out holds nothing that the collector takes out, too, and has to go with both."""
    assert SERVICE.text(text) != without_sensitive(text)
