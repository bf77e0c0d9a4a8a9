"""`telemetry.consumer`: the sender's trace goes on where its message is processed; each message, or batch, is one span and one count."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry import baggage, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

PROCESS = "messaging.process.duration"
TRACE = 0x65A1B2C3D4E5F60718293A4B5C6D7E8F
SENDER = 0x00F067AA0BA902B7
ROOT = "Root=1-65a1b2c3-d4e5f60718293a4b5c6d7e8f"


def sqs(identity="m-1", **headers):
    """A message as boto3 receives it."""
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in headers.items()}
    return {
        "MessageId": identity,
        "ReceiptHandle": "r",
        "MD5OfBody": "d",
        "Body": "{}",
        "MessageAttributes": attributes,
    }


def test_one_message_is_processed_in_its_sender_s_trace(worker, spans, counted, traceparent):
    """Parent and link are the sender's span; name, kind and attributes are those of the conventions."""
    telemetry = worker()

    with telemetry.consumer(
        "orders", message=sqs(traceparent=traceparent), group="settlers", attributes={"a": 1}
    ) as span:
        assert span.get_span_context().trace_id == TRACE

    (span,) = spans(telemetry)
    assert (span.name, span.kind) == ("process orders", SpanKind.CONSUMER)
    assert (span.parent.span_id, span.parent.is_remote) == (SENDER, True)
    assert [link.context.span_id for link in span.links] == [SENDER]
    assert dict(span.attributes) == {
        "a": 1, "messaging.system": "aws_sqs", "messaging.destination.name": "orders", "messaging.message.id": "m-1",
        "messaging.operation.name": "process", "messaging.operation.type": "process",
        "messaging.consumer.group.name": "settlers",
    }  # fmt: skip
    assert counted(telemetry) == {(PROCESS, "aws_sqs", "orders", "process", "settlers"): 1}


def test_a_handler_s_first_argument_is_the_message(worker, spans, counted, traceparent):
    """As a decorator of functions, coroutines and methods, called by place or by name."""
    telemetry = worker()

    class Handlers:
        @telemetry.consumer("orders", system="aws_sqs")
        def handle(self, message):
            return message["MessageId"]

    @telemetry.consumer("orders", system="aws_sqs")
    async def handle(message):
        return message["MessageId"]

    message = sqs(traceparent=traceparent)
    assert Handlers().handle(message) == "m-1"
    assert asyncio.run(handle(message)) == "m-1"
    assert asyncio.run(handle(message=message)) == "m-1"

    told = spans(telemetry)
    assert [one.context.trace_id for one in told] == [TRACE] * 3
    assert counted(telemetry) == {(PROCESS, "aws_sqs", "orders", "process"): 3}


def test_a_batch_is_linked_to_every_sender(worker, spans, counted, traceparent):
    """One span, in no sender's trace, with a link to each sender once, its message's id on it, and the number of messages."""
    telemetry = worker()
    other = traceparent.replace("00f067aa0ba902b7", "00f067aa0ba902b8")
    batch = [
        sqs("m-1", traceparent=traceparent),
        sqs("m-2", traceparent=traceparent),
        sqs("m-3", traceparent=other),
        sqs("m-4"),
    ]

    with telemetry.consumer("orders", batch=batch):
        pass

    (span,) = spans(telemetry)
    assert span.parent is None
    assert span.context.trace_id != TRACE
    assert [(link.context.span_id, dict(link.attributes)) for link in span.links] == [
        (SENDER, {"messaging.message.id": "m-1"}), (SENDER + 1, {"messaging.message.id": "m-3"}),
    ]  # fmt: skip
    assert span.attributes["messaging.batch.message_count"] == 4
    assert "messaging.message.id" not in span.attributes
    assert counted(telemetry) == {(PROCESS, "aws_sqs", "orders", "process"): 1}


def test_a_handler_of_a_list_or_a_lambda_event_has_a_batch(worker, spans, traceparent):
    """A list of messages is a batch, and so is what Lambda calls an event."""
    telemetry = worker()
    handle = telemetry.consumer("orders")(lambda event, context=None: len(event))
    record = {
        "messageId": "m-9", "receiptHandle": "r", "body": "", "eventSource": "aws:sqs",
        "messageAttributes": {"traceparent": {"stringValue": traceparent, "dataType": "String"}},
    }  # fmt: skip

    assert handle([sqs(traceparent=traceparent)]) == 1
    assert handle({"Records": [record, record]}, None) == 1

    first, second = spans(telemetry)
    assert (first.attributes["messaging.batch.message_count"], len(first.links)) == (1, 1)
    assert (second.attributes["messaging.batch.message_count"], len(second.links)) == (2, 1)
    assert {one.attributes["messaging.system"] for one in (first, second)} == {"aws_sqs"}


def test_a_batch_of_thousands_has_128_links_at_most(worker, spans, traceparent):
    """As many links as a span has; the number of messages is all of them."""
    telemetry = worker()
    batch = [sqs(str(n), traceparent=traceparent.replace("00f067aa0ba902b7", f"{n + 1:016x}")) for n in range(3000)]

    with telemetry.consumer("orders", batch=batch):
        pass

    (span,) = spans(telemetry)
    assert len(span.links) == 128
    assert span.attributes["messaging.batch.message_count"] == 3000


def test_a_message_without_a_trace_belongs_to_where_it_runs(worker, spans):
    """It begins a trace, or is a child of what is under way."""
    telemetry = worker()

    with telemetry.consumer("orders", message=sqs()):
        pass
    with telemetry.operation("poll") as poll, telemetry.consumer("orders", message=sqs()):
        pass

    alone, _, inside = sorted(spans(telemetry), key=lambda one: (one.parent is not None, one.start_time))
    assert alone.links == inside.links == ()
    assert inside.parent.span_id == poll.get_span_context().span_id


def test_a_message_s_trace_stands_above_what_is_under_way(worker, spans, traceparent):
    """Within a loop that is an operation of its own, a message's work is its sender's trace, and judged by itself."""
    telemetry = worker()

    with telemetry.operation("poll"), telemetry.consumer("orders", message=sqs(traceparent=traceparent)):
        with telemetry.operation("inside") as inside:
            assert inside.get_span_context().trace_id == TRACE
        with telemetry._instruments.tracer.start_as_current_span("library") as library:
            assert library.get_span_context().trace_id == TRACE

    assert {one.name: one.context.trace_id == TRACE for one in spans(telemetry)} == {
        "process orders": True, "inside": True, "library": True, "poll": False,
    }  # fmt: skip


def test_a_load_balancer_s_root_goes_on_without_a_parent(worker, spans):
    """`AWSTraceHeader` with a root alone: its trace, and no parent; with a parent: that one."""
    telemetry = worker()
    for header in (ROOT, f"{ROOT};Parent=00f067aa0ba902b7;Sampled=1"):
        with telemetry.consumer("orders", message={**sqs(), "Attributes": {"AWSTraceHeader": header}}):
            pass

    first, second = spans(telemetry)
    assert (first.context.trace_id, first.parent, first.links) == (TRACE, None, ())
    assert (second.context.trace_id, second.parent.span_id) == (TRACE, SENDER)


def test_what_the_sender_decided_against_is_kept_only_if_it_fails(worker, spans, traceparent):
    """The flag 00 of a sender: a good and fast message leaves no span, a failed one does."""
    telemetry = worker()
    message = sqs(traceparent=traceparent.removesuffix("01") + "00")

    with telemetry.consumer("orders", message=message):
        pass
    assert spans(telemetry) == []
    with pytest.raises(ValueError, match="no"), telemetry.consumer("orders", message=message):
        raise ValueError("no")
    assert [one.name for one in spans(telemetry)] == ["process orders"]


def test_baggage_and_state_travel_with_the_message(worker, spans, traceparent):
    """What else the sender sent along is known inside, and goes on."""
    telemetry = worker()

    with telemetry.consumer(
        "orders", message={"traceparent": traceparent, "tracestate": "a=b", "baggage": "tenant=acme"}
    ):
        assert baggage.get_baggage("tenant") == "acme"
        assert trace.get_current_span().get_span_context().trace_state.get("a") == "b"

    assert baggage.get_baggage("tenant") is None


def test_failures_are_counted_by_their_class(worker, spans, counted):
    """As of operations: the class is the `error.type`, the exception is passed on."""
    telemetry = worker()

    with pytest.raises(KeyError), telemetry.consumer("orders", system="kafka"):
        raise KeyError("no")

    assert counted(telemetry) == {(PROCESS, "kafka", "orders", "process", "KeyError"): 1}
    (span,) = spans(telemetry)
    assert span.status.status_code is StatusCode.ERROR


def test_with_the_sdk_s_spans_it_is_the_same(worker, traceparent, monkeypatch):
    """A provider of somebody else: the same parent, links, kind and attributes; a root alone is continued too."""
    exporter = InMemorySpanExporter()
    foreign = TracerProvider()
    foreign.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("fournines.instrumentation.providers.global_provider", lambda: foreign)
    telemetry = worker()

    with telemetry.consumer("orders", message=sqs(traceparent=traceparent)):
        pass
    with telemetry.consumer("orders", batch=[sqs(traceparent=traceparent)]):
        pass
    with telemetry.consumer("orders", message={"x-amzn-trace-id": ROOT}):
        pass

    one, batch, rooted = exporter.get_finished_spans()
    assert (one.parent.span_id, one.kind, len(one.links)) == (SENDER, SpanKind.CONSUMER, 1)
    assert (batch.parent, batch.links[0].context.span_id) == (None, SENDER)
    assert rooted.context.trace_id == TRACE


class Raising(dict):
    """A message of somebody's own class, with a fault of its own."""

    def get(self, *_):
        raise RuntimeError("no")

    def __contains__(self, _):
        raise RuntimeError("no")

    def __iter__(self):
        raise RuntimeError("no")


HOSTILE = [
    7, b"bytes", "text", object(), [], [[]], [("traceparent",)], {"MessageAttributes": 7},
    {"MessageAttributes": {"traceparent": 7}}, {"MessageAttributes": {"traceparent": {"StringValue": "\x00" * 9}}, "MessageId": ["x"]},
    {"Attributes": 7, "MessageId": "x" * 1_000_000, "ReceiptHandle": "r"}, Raising(a=1), {"Records": [Raising(), None, 7]}, {"Sns": None},
    {"kinesis": {"data": "%%%"}}, {"headers": [(None, None)]}, {"Body": '{"traceparent":' + "[" * 90_000, "ReceiptHandle": "r"},
    {"traceparent": "00-" + "0" * 1_000_000}, {"Body": '"traceparent"', "ReceiptHandle": "r"}, {1: 2}, {"traceparent": b"\xff\xfe"},
    {"x-amzn-trace-id": ";" * 10_000},
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_message_hurts(worker, counted, number):
    """Whatever comes in: the handler is called with it, its result comes out, and it is counted once."""
    telemetry, message = worker(), HOSTILE[number]

    assert telemetry.consumer("orders", system="x")(lambda given: given is message)(message)
    with telemetry.consumer("orders", system="x", message=message):
        pass
    with telemetry.consumer("orders", system="x", batch=message):
        pass

    assert counted(telemetry) == {(PROCESS, "x", "orders", "process"): 3}


def test_a_flood_of_destinations_is_bounded(worker, counted):
    """Names from data: 2,000 series, and the rest under `otel.metric.overflow`."""
    telemetry = worker()

    for n in range(2500):
        with telemetry.consumer(f"orders-{n}" * 100, system="x"):
            pass

    found = counted(telemetry)
    assert len(found) == 2001
    assert found[PROCESS, True] == 500
    assert max(len(key[2]) for key in found if len(key) > 2) == 200


def test_the_message_is_the_first_parameter_however_it_is_called(worker, spans, traceparent):
    """By its name too, and in any order; of a method as well."""
    telemetry = worker()
    sent = {"traceparent": traceparent}

    @telemetry.consumer("orders")
    def handle(message, retries=0):
        pass

    class Handler:
        @telemetry.consumer("orders")
        def handle(self, message, retries=0):
            pass

    handle(retries=3, message=sent)
    handle(sent, retries=3)
    Handler().handle(retries=3, message=sent)

    assert [f"{span.parent.span_id:016x}" for span in spans(telemetry)] == [traceparent.split("-")[2]] * 3
