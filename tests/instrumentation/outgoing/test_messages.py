"""The trace goes along in messages, and no message is changed, refused or lost for it."""

from __future__ import annotations

import copy
import uuid

import pytest

FIELDS = ["baggage", "traceparent", "tracestate", "x-amzn-trace-id"]
TEN = {f"own{n}": {"DataType": "String", "StringValue": "x"} for n in range(10)}


@pytest.fixture
def queue(aws):
    """A queue: its client, and its URL."""
    client = aws("sqs")
    return client, client.create_queue(QueueName=f"payments-{uuid.uuid4().hex}")["QueueUrl"]


def received(client, url, **asked):
    """All messages of a queue, received outside of requests."""
    return client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **asked).get("Messages", [])


def sender(told):
    """The span of the sending call."""
    (call,) = (span for span in told.calls if span.name.startswith("SQS.Send"))
    return call


def test_a_message_s_consumer_is_the_child_of_its_sender(told, queue, rx, http_receiver):
    """Sent in a request, received and processed outside of it: one trace, from the request through the queue."""
    client, url = queue
    seen = told(lambda: client.send_message(QueueUrl=url, MessageBody="{}"))

    (message,) = received(client, url)
    with seen.telemetry.consumer("payments", message=message):
        pass
    assert seen.telemetry.flush()

    (processed,) = (span for span in http_receiver.spans() if span.name == "process payments")
    assert processed.trace_id.hex() == seen.root.trace_id
    assert processed.parent_span_id.hex() == sender(seen).span_id
    assert message["Attributes"]["AWSTraceHeader"].startswith(f"Root=1-{seen.root.trace_id[:8]}-")


def test_each_message_of_a_batch_carries_the_trace(told, queue):
    """And each message of a received batch is linked to."""
    client, url = queue
    entries = [{"Id": str(n), "MessageBody": "{}"} for n in range(3)]
    before = copy.deepcopy(entries)

    seen = told(lambda: client.send_message_batch(QueueUrl=url, Entries=entries))

    messages = received(client, url)
    parents = {message["MessageAttributes"]["traceparent"]["StringValue"].split("-")[2] for message in messages}
    assert len(messages) == 3
    assert parents == {sender(seen).span_id}
    assert entries == before


def test_what_the_caller_gave_stays_the_caller_s(told, queue):
    """Neither the attributes nor the lists that were handed in are changed, and those attributes arrive."""
    client, url = queue
    attributes = {"kind": {"DataType": "String", "StringValue": "refund"}}
    asked = ["kind"]

    told(lambda: client.send_message(QueueUrl=url, MessageBody="{}", MessageAttributes=attributes))
    (message,) = received(client, url, MessageAttributeNames=asked)

    assert attributes == {"kind": {"DataType": "String", "StringValue": "refund"}}
    assert asked == ["kind"]
    assert message["MessageAttributes"]["kind"]["StringValue"] == "refund"


def test_a_message_passed_on_is_said_to_be_of_its_own_trace(told, queue):
    """Attributes that were copied from a message that came in name the trace that came in: they give way."""
    client, url = queue
    old = {name: {"DataType": "String", "StringValue": "old=1"} for name in ("traceparent", "tracestate")}

    seen = told(lambda: client.send_message(QueueUrl=url, MessageBody="{}", MessageAttributes=old))
    (message,) = received(client, url)

    assert message["MessageAttributes"]["traceparent"]["StringValue"].split("-")[1] == seen.root.trace_id
    assert "tracestate" not in message["MessageAttributes"]


def test_the_eleventh_attribute_is_left_out_and_counted(told, queue):
    """A message may have ten: with ten of its own it is sent all the same, and X-Ray's system attribute still goes along."""
    client, url = queue

    seen = told(lambda: client.send_message(QueueUrl=url, MessageBody="{}", MessageAttributes=TEN))
    (message,) = received(client, url, MessageAttributeNames=["All"])

    assert set(message["MessageAttributes"]) == set(TEN)
    assert seen.root.trace_id[8:] in message["Attributes"]["AWSTraceHeader"]
    assert seen.telemetry._health.count("fournines_refused_headers", "traceparent") == 1


def test_a_message_of_the_largest_size_is_sent_without_the_trace(told, queue):
    """What is within the limit of 256 KiB by itself isn't brought above it."""
    client, url = queue
    client.set_queue_attributes(QueueUrl=url, Attributes={"MaximumMessageSize": "262144"})

    seen = told(lambda: client.send_message(QueueUrl=url, MessageBody="x" * 262_140))
    (message,) = received(client, url)

    assert "MessageAttributes" not in message
    assert seen.root.trace_id[8:] in message["Attributes"]["AWSTraceHeader"]
    assert seen.telemetry._health.count("fournines_refused_headers", "traceparent") == 1


def test_a_batch_of_the_largest_size_is_sent_without_the_trace(told, queue):
    """The limit is that of all its messages together."""
    client, url = queue
    entries = [{"Id": str(n), "MessageBody": "ü" * 65_530} for n in range(2)]

    told(lambda: client.send_message_batch(QueueUrl=url, Entries=entries))

    assert all("MessageAttributes" not in message for message in received(client, url))


def test_headers_go_as_the_propagators_say(told, queue):
    """Without X-Ray among them there is no system attribute; and the consumer asks for what they read."""
    client, url = queue

    told(
        lambda: client.send_message(QueueUrl=url, MessageBody="{}"),
        clients={"botocore"},
        OTEL_PROPAGATORS="tracecontext",
    )
    (message,) = received(client, url, AttributeNames=["All"])

    assert list(message["MessageAttributes"]) == ["traceparent"]


def test_who_does_not_want_it_sends_as_before(told, queue):
    """With clients=False a message has what the caller gave it, and the call is no span."""
    client, url = queue

    seen = told(lambda: client.send_message(QueueUrl=url, MessageBody="{}"), clients=False)
    (message,) = received(client, url, MessageAttributeNames=["All"])

    assert seen.calls == []
    assert "MessageAttributes" not in message


def test_parameters_that_are_none_are_botocore_s_to_refuse(told, queue):
    """The caller is told by botocore, as without us."""
    from botocore.exceptions import ParamValidationError

    client, url = queue

    seen = told(lambda: client.send_message_batch(QueueUrl=url, Entries=7), raises=ParamValidationError)

    assert seen.telemetry._health.count("fournines_instrumentation_errors", "client") == 1


def test_a_record_of_a_stream_is_left_alone(told, aws):
    """Records have no attributes, and their data are not ours to change."""
    client = aws("kinesis")
    name = f"payments-{uuid.uuid4().hex}"
    client.create_stream(StreamName=name, ShardCount=1)

    seen = told(lambda: client.put_record(StreamName=name, Data=b"{}", PartitionKey="7"))
    shard = client.describe_stream(StreamName=name)["StreamDescription"]["Shards"][0]["ShardId"]
    start = client.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    (record,) = client.get_records(ShardIterator=start["ShardIterator"])["Records"]

    assert (seen.call.name, seen.call.kind, record["Data"]) == ("Kinesis.PutRecord", "CLIENT", b"{}")


def test_a_topic_s_message_carries_the_trace_to_the_queue_behind_it(told, aws, queue):
    """SNS puts its attributes into the envelope, where the queue's consumer finds them."""
    client, url = queue
    topics = aws("sns")
    topic = topics.create_topic(Name=f"payments-{uuid.uuid4().hex}")["TopicArn"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    seen = told(lambda: topics.publish(TopicArn=topic, Message="{}"))
    (message,) = received(client, url)

    assert seen.call.kind == "PRODUCER"
    assert seen.call.span_id in message["Body"]
