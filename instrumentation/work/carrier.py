"""What a message carries: the trace headers its sender put in, wherever the queue has room for them, its id and its system.

Messages are told by their shape, and no client library is imported:

| of | headers are read from |
| --- | --- |
| SQS (boto3, Lambda) | message attributes; the envelope of SNS, or a CloudEvent, in the body; the system attribute `AWSTraceHeader` |
| SNS (Lambda, HTTP) | message attributes |
| Kinesis | a CloudEvent in the data: records have no room beside it |
| Kafka, RabbitMQ, Celery, Pub/Sub, Service Bus | `headers` (also a method), `attributes`, `application_properties` |
| anything else | a mapping, or pairs, of headers |

Names and values are texts or bytes. What came from outside may be anything: what can't be used is left out, and nothing is
copied that nobody asked for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from .. import names
from ..propagation.headers import read_by

MOST_HEADERS: Final = 256
"""Headers of a message that are looked at; SQS has ten at most, Kafka any number."""
LARGEST_BODY: Final = 1_048_576
"""Characters of a body that is looked into: SQS's own limit."""
LONGEST_ID: Final = 1_024
"""Characters of a message's id."""

SQS: Final = "aws_sqs"
SNS: Final = "aws.sns"
KINESIS: Final = "aws_kinesis"
KAFKA: Final = "kafka"

_HEADER_PLACES: Final = ("headers", "application_properties", "attributes", "message_attributes")
_ID_PLACES: Final = ("message_id", "id")
_VALUES: Final = ("StringValue", "stringValue", "Value", "BinaryValue", "binaryValue")
_PLAIN: Final = (list, tuple)
"""Pairs, or messages. A named tuple is neither: kafka-python's record is one."""
_OF_SQS: Final = frozenset({"ReceiptHandle", "receiptHandle", "MD5OfBody", "md5OfBody"})

Wanted = Mapping[str, str]
"""Header names in lower case -> the names propagators know them by."""


class Carried(NamedTuple):
    """What a message says. Empty texts stand for what it does not say."""

    headers: dict[str, str]
    id: str = ""
    system: str = ""


def wanted(fields: Iterable[str]) -> dict[str, str]:
    """What to look for: the headers that propagators read, and AWS's name for its own."""
    return {**{name: name for name in read_by(fields).values()}, names.XRAY_OF_MESSAGES.lower(): names.XRAY}


def carried(message: Any, wanted: Wanted) -> Carried:
    """What a message carries. May raise what the message's own code raises."""
    if message is None:
        return Carried({})
    if isinstance(message, Mapping):
        return _of_mapping(message, wanted)
    if type(message) in _PLAIN:
        return Carried(_headers(message, wanted))
    return _of_object(message, wanted)


def several(message: Any) -> list[Any] | None:
    """The messages of a batch: a list of them, or a Lambda event; None for what is one message."""
    if isinstance(message, Mapping):
        records = message.get("Records")
        return records if isinstance(records, list) else None
    if type(message) in _PLAIN and not (message and _is_pair(message[0])):
        return list(message)
    return None


def _is_pair(thing: Any) -> bool:
    return type(thing) in _PLAIN and len(thing) == 2 and isinstance(thing[0], (str, bytes))


def _of_mapping(message: Mapping[Any, Any], wanted: Wanted) -> Carried:
    if not _OF_SQS.isdisjoint(message) or "MessageAttributes" in message or "messageAttributes" in message:
        return _of_sqs(message, wanted)
    if "Sns" in message:
        return _of_sqs(message["Sns"], wanted)._replace(system=SNS)
    if "kinesis" in message:
        return _of_kinesis(message["kinesis"], wanted)
    if "PartitionKey" in message or "partitionKey" in message:
        return _of_kinesis(message, wanted)
    if isinstance(message.get("headers"), (Mapping, list, tuple)):
        return _raw(message, wanted)
    return Carried(_headers(message, wanted))


def _of_sqs(message: Mapping[Any, Any], wanted: Wanted) -> Carried:
    """A message of SQS, or of SNS by itself: both call their parts alike, and Lambda writes them small."""
    headers = _headers(_first(message, "MessageAttributes", "messageAttributes"), wanted)
    if names.TRACEPARENT not in headers:
        headers = {**_of_body(_first(message, "Body", "body"), wanted), **headers}
    system = _first(message, "Attributes", "attributes")
    if isinstance(system, Mapping) and names.XRAY_OF_MESSAGES in system:
        headers.setdefault(names.XRAY, str(system[names.XRAY_OF_MESSAGES]))
    found = _first(message, "MessageId", "messageId")
    return Carried(headers, _id(found), SNS if "TopicArn" in message else SQS)


def _of_kinesis(record: Mapping[Any, Any], wanted: Wanted) -> Carried:
    data = record.get("Data")
    if data is None:  # Lambda's, and said in another way
        packed = record.get("data", "")
        data = base64.b64decode(packed) if len(packed) <= LARGEST_BODY else b""
    number = _first(record, "SequenceNumber", "sequenceNumber")
    return Carried(_of_body(data, wanted), _id(number), KINESIS)


def _raw(message: Mapping[Any, Any], wanted: Wanted) -> Carried:
    """A message as brokers' libraries keep it: headers beside a body and properties."""
    properties = message.get("properties")
    known = properties.get("message_id") if isinstance(properties, Mapping) else None
    headers = message["headers"]
    if known is None and isinstance(headers, Mapping):
        known = headers.get("id")
    return Carried(_headers(headers, wanted), _id(known))


def _of_object(message: Any, wanted: Wanted) -> Carried:
    """A message of some library. Celery says headers as attributes of its request."""
    headers: dict[str, str] = {}
    for place in _HEADER_PLACES:
        found = getattr(message, place, None)
        if callable(found):
            found = found()
        headers = {**_headers(found, wanted), **headers}
    for name in (names.TRACEPARENT, names.TRACESTATE, names.BAGGAGE):
        if name not in headers and isinstance(said := getattr(message, name, None), str):
            headers[name] = said
    known = next((text for place in _ID_PLACES if (text := _id(getattr(message, place, None)))), "")
    return Carried(headers, known, _system_of(message))


def _system_of(message: Any) -> str:
    if hasattr(message, "receipt_handle"):
        return SQS
    topic = hasattr(message, "topic") and hasattr(message, "partition") and hasattr(message, "offset")
    return KAFKA if topic else ""


def _of_body(body: Any, wanted: Wanted) -> dict[str, str]:
    """What an envelope says: of SNS in SQS, or a CloudEvent (its extension for distributed tracing). Other bodies aren't read."""
    if not isinstance(body, (str, bytes)) or len(body) > LARGEST_BODY:
        return {}
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    lower = text if "traceparent" in text else text.lower()
    if not any(name in lower for name in wanted):
        return {}
    try:
        envelope = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(envelope, Mapping):
        return {}
    inner = envelope.get("MessageAttributes") if envelope.get("Type") == "Notification" else envelope
    return _headers(inner, wanted)


def _headers(of: Any, wanted: Wanted) -> dict[str, str]:
    """Those that are wanted, by the names propagators know. Of one sent twice the values are joined, as HTTP has it."""
    headers: dict[str, str] = {}
    for name, value in _pairs(of):
        key = wanted.get(name.lower())
        if key is None or (text := _text(value)) is None:
            continue
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


def _pairs(of: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(of, Mapping):
        of = of.items()
    elif not isinstance(of, (list, tuple)):
        return
    for pair in islice(of, MOST_HEADERS):
        if isinstance(pair, (tuple, list)) and len(pair) == 2 and (name := _text(pair[0])):
            yield name, pair[1]


def _text(value: Any) -> str | None:
    """A text, or the bytes of one; of an SQS or SNS attribute its value; None for anything else."""
    if value.__class__ is str:  # nearly always
        return str(value)
    if isinstance(value, Mapping):
        value = _first(value, *_VALUES)
    if isinstance(value, (bytes, bytearray)):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None


def _id(value: Any) -> str:
    """A message's id; nothing where it is none, or a text that no system would call one."""
    text = _text(value) or ""
    return text if len(text) <= LONGEST_ID else ""


def _first(of: Mapping[Any, Any], *keys: str) -> Any:
    for key in keys:
        if key in of:
            return of[key]
    return None
