"""Card numbers and secrets taken out of OTLP messages, before anything of them is kept or sent on.

A message is looked over as bytes first, and goes unchanged where nothing in it could be a card number or a secret: that is nearly always,
and costs two milliseconds for 500 spans. Only else it becomes objects, and only the spans, points and records that look so are walked.
Every text is cleaned, wherever it stands: values of every kind and at any depth, keys, names, events, links, status messages, bodies.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from .cards import REDACTED, is_card, without_cards
from .columns import Signal
from .credentials import is_secret, without_secrets
from .errors import CollectorError
from .suspicion import is_suspicious, whole

LARGEST: Final = 4 * 2**20
"""Bytes of a message with something suspicious in it that are worked through; it takes seconds, and others wait."""

_REQUESTS: Final[dict[Signal, type[Message]]] = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.METRICS: ExportMetricsServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
}
_NUMBERS_MAY_BE_MEANT: Final = re.compile(r"token$|signature$", re.IGNORECASE)
_REMEMBERED: Final = 128
_SMALL: Final = frozenset({"Span", "LogRecord", "Metric"})
"""Messages that are looked over alone before they are walked."""


class Unredactable(CollectorError):
    """Something in a message looks like a card number or a secret, and can't be taken out: the message is too large, or damaged."""


def without_sensitive(text: str) -> str:
    """The text without card numbers and secrets."""
    # Keys and most values come again and again, and short.
    return _cleaned(text) if len(text) <= _REMEMBERED else without_secrets(without_cards(text))


@lru_cache(8_192)
def _cleaned(text: str) -> str:
    return without_secrets(without_cards(text))


@lru_cache(2_048)
def _is_secret(key: str) -> bool:
    return is_secret(key)


def clean(signal: Signal, body: bytes) -> bytes:
    """The body of an OTLP request without card numbers and secrets: the very same bytes where there are none.

    Raises Unredactable.
    """
    if not is_suspicious(body):
        return body
    if len(body) > LARGEST:
        raise Unredactable(f"a message of {len(body)} bytes with something in it that looks like a secret")
    try:
        request = _REQUESTS[signal].FromString(body)
    except DecodeError as error:
        raise Unredactable("a message with something in it that looks like a secret can't be read whole") from error
    return request.SerializeToString() if clean_message(request) else body


def clean_message(message: Any) -> bool:
    """Takes card numbers and secrets out of an OTLP message of any kind, in place; says whether there were any."""
    changed = False
    # Oneof members are replaced while their siblings are listed: the list is made first.
    for field, value in list(message.ListFields()):
        if field.type == FieldDescriptor.TYPE_STRING:
            changed |= _clean_texts(message, field, value)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for part in value if field.is_repeated else (value,):
                changed |= _clean_part(part)
    return changed


def _clean_part(part: Any) -> bool:
    if isinstance(part, KeyValue):
        return _clean_pair(part)
    if isinstance(part, AnyValue):
        return _clean_value(part)
    if part.DESCRIPTOR.name in _SMALL and not is_suspicious(part.SerializeToString()):
        return False
    return clean_message(part)


def _clean_texts(message: Any, field: FieldDescriptor, value: Any) -> bool:
    if not field.is_repeated:
        cleaned = without_sensitive(value)
        if cleaned != value:
            setattr(message, field.name, cleaned)
        return bool(cleaned != value)
    texts = [without_sensitive(text) for text in value]
    changed = texts != list(value)
    if changed:
        value[:] = texts
    return changed


def _clean_pair(pair: KeyValue) -> bool:
    key = without_sensitive(pair.key)
    changed = key != pair.key
    if _is_secret(pair.key):
        changed |= _blank(pair.value, numbers=not _NUMBERS_MAY_BE_MEANT.search(pair.key))
    else:
        changed |= _clean_value(pair.value)
    if key != pair.key:
        pair.key = key
    return changed


def _blank(value: AnyValue, *, numbers: bool) -> bool:
    """Takes the whole value of a secret out; truth values, and numbers that count tokens, are none."""
    kind = value.WhichOneof("value")
    if kind is None or kind == "bool_value" or value.string_value == REDACTED:
        return False
    if kind == "array_value":
        return any([_blank(each, numbers=numbers) for each in value.array_value.values])  # noqa: C419 - all of them
    if kind in ("int_value", "double_value") and not numbers:
        return _clean_value(value)
    value.string_value = REDACTED
    return True


def _clean_value(value: AnyValue) -> bool:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return _replace(value, value.string_value, without_sensitive(value.string_value))
    if kind == "bytes_value":
        # Latin-1 keeps every byte: the digits and words looked for are ASCII.
        text = value.bytes_value.decode("latin-1")
        cleaned = without_sensitive(text)
        if cleaned != text:
            value.bytes_value = cleaned.encode("latin-1")
        return cleaned != text
    if kind == "int_value":
        return _replace(value, "", REDACTED if is_card(str(value.int_value)) else "")
    if kind == "double_value":
        return _replace(value, "", REDACTED if is_card(whole(value.double_value)) else "")
    return False if kind is None else clean_message(value)


def _replace(value: AnyValue, old: str, new: str) -> bool:
    if new != old:
        value.string_value = new
    return new != old
