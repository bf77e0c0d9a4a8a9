"""What messages carry is found wherever their systems put it."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from fournines.instrumentation.work.carrier import carried, several, wanted

PARENT = "00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-01"
XRAY = "Root=1-65a1b2c3-d4e5f60718293a4b5c6d7e8f;Parent=00f067aa0ba902b7;Sampled=1"
WANTED = wanted({"traceparent", "tracestate", "baggage", "x-amzn-trace-id"})
HEADERS = {"traceparent": PARENT, "baggage": "tenant=acme"}


class Record(NamedTuple):
    """As kafka-python's."""

    topic: str
    partition: int
    offset: int
    headers: list
    key: bytes | None
    value: bytes


ENVELOPE = json.dumps({
    "Type": "Notification", "MessageId": "n-1", "Message": "hello",
    "MessageAttributes": {name: {"Type": "String", "Value": value} for name, value in HEADERS.items()},
})  # fmt: skip
EVENT = json.dumps({"specversion": "1.0", **HEADERS, "data": {"amount": 7}})
STRINGS = {name: {"DataType": "String", "StringValue": value} for name, value in HEADERS.items()}
SMALL = {name: {"dataType": "String", "stringValue": value} for name, value in HEADERS.items()}
PAIRS = [(name, value.encode()) for name, value in HEADERS.items()]

MESSAGES = {
    "SQS": ({"MessageId": "1", "ReceiptHandle": "r", "Body": "", "MessageAttributes": STRINGS}, "1", "aws_sqs"),
    "SQS in Lambda": ({"messageId": "1", "receiptHandle": "r", "body": "", "messageAttributes": SMALL}, "1", "aws_sqs"),
    "SQS resource": (SimpleNamespace(message_id="1", receipt_handle="r", body="", message_attributes=STRINGS), "1", "aws_sqs"),
    "SNS in SQS": ({"MessageId": "1", "ReceiptHandle": "r", "Body": ENVELOPE}, "1", "aws_sqs"),
    "SNS over HTTP": ({**json.loads(ENVELOPE), "TopicArn": "arn"}, "n-1", "aws.sns"),
    "SNS in Lambda": ({"EventSource": "aws:sns", "Sns": {**json.loads(ENVELOPE), "TopicArn": "arn"}}, "n-1", "aws.sns"),
    "CloudEvent in SQS": ({"MessageId": "1", "ReceiptHandle": "r", "Body": EVENT}, "1", "aws_sqs"),
    "CloudEvent in Kinesis": ({"SequenceNumber": "9", "PartitionKey": "k", "Data": EVENT.encode()}, "9", "aws_kinesis"),
    "CloudEvent in Kinesis in Lambda": (
        {"kinesis": {"sequenceNumber": "9", "partitionKey": "k", "data": base64.b64encode(EVENT.encode()).decode()}}, "9", "aws_kinesis"
    ),
    "kafka-python, aiokafka": (Record("t", 0, 7, PAIRS, None, b""), "", "kafka"),
    "confluent-kafka": (
        SimpleNamespace(topic=lambda: "t", partition=lambda: 0, offset=lambda: 7, headers=lambda: PAIRS), "", "kafka"
    ),
    "confluent-kafka without headers": (
        SimpleNamespace(topic=lambda: "t", partition=lambda: 0, offset=lambda: 7, headers=lambda: None), "", "kafka"
    ),
    "pika": (SimpleNamespace(headers=dict(HEADERS), message_id="1"), "1", ""),
    "Celery": (SimpleNamespace(headers=None, id="1", **HEADERS), "1", ""),
    "Celery's message": ({"headers": {**HEADERS, "id": "1"}, "body": "", "properties": {}}, "1", ""),
    "Pub/Sub": (SimpleNamespace(attributes=dict(HEADERS), message_id="1"), "1", ""),
    "Service Bus": (SimpleNamespace(application_properties=dict(PAIRS), message_id="1"), "1", ""),
    "headers": ({"Traceparent": PARENT, "BAGGAGE": "tenant=acme", "other": "x"}, "", ""),
    "pairs": ([*PAIRS, (b"other", b"x")], "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_headers_id_and_system_are_found(name):
    """Each system's messages say the same."""
    message, identity, system = MESSAGES[name]

    found = carried(message, WANTED)

    assert found.headers == ({} if "without" in name else HEADERS)
    assert (found.id, found.system) == (identity, system)


def test_aws_s_own_header_is_known_by_its_own_name():
    """As SQS's system attribute, or as an attribute of that name."""
    message = {"MessageId": "1", "ReceiptHandle": "r", "Attributes": {"AWSTraceHeader": XRAY}}
    assert carried(message, WANTED).headers == {"x-amzn-trace-id": XRAY}
    message = {"ReceiptHandle": "r", "MessageAttributes": {"AWSTraceHeader": {"StringValue": XRAY}}}
    assert carried(message, WANTED).headers == {"x-amzn-trace-id": XRAY}


def test_a_header_sent_twice_is_joined():
    """As in HTTP; so a traceparent sent twice is none."""
    assert carried([("tracestate", "a=1"), ("tracestate", b"b=2")], WANTED).headers == {"tracestate": "a=1,b=2"}


def test_message_attributes_stand_above_the_envelope():
    """Who put the trace into both meant the nearer one."""
    message = {"ReceiptHandle": "r", "Body": ENVELOPE, "MessageAttributes": {"traceparent": {"StringValue": "nearer"}}}
    assert carried(message, WANTED).headers == {"traceparent": "nearer"}


def test_of_very_many_headers_some_are_looked_at():
    """A message of a million headers costs no more than one of 256."""
    assert carried([("x", "y")] * 300 + PAIRS, WANTED).headers == {}


def test_a_batch_is_told_from_headers():
    """A list of messages is a batch; pairs of names and values are the headers of one message; a record that is a tuple is a message."""
    record = MESSAGES["kafka-python, aiokafka"][0]
    assert several([record, record]) == [record, record]
    assert several([("a", "b")]) is several({"a": "b"}) is several(record.value) is None
    assert several([]) == []
    assert several({"Records": [1, 2]}) == [1, 2]
    assert several(record) is None
