"""One trace through a queue: sent by one service with boto3, processed by another. SQS and SNS are moto's."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture
def shop(watch, http_receiver):
    """The service that sends."""
    return watch(None, http_receiver, service="shop", clients={"botocore"})


@pytest.fixture
def settler(worker, http_receiver):
    """The service that processes."""
    return worker(http_receiver)


def received(sqs, url, most=10):
    """The messages of a queue."""
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most)["Messages"]
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def told(http_receiver, *services):
    """The spans by name, once all services have sent theirs."""
    for service in services:
        assert service.flush()
    return {span.name: span for span in http_receiver.spans()}


def test_a_message_of_sqs_goes_on_in_its_sender_s_trace(aws, shop, settler, http_receiver, rx):
    """The consumer's span is the child of the span that sent, and carries the message's id."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]

    with shop.operation("order"):
        sent = sqs.send_message(QueueUrl=url, MessageBody="7")
    (message,) = received(sqs, url)
    with settler.consumer("orders", message=message):
        pass

    spans = told(http_receiver, shop, settler)
    order, process = spans["order"], spans["process orders"]
    (send,) = [span for span in spans.values() if span.parent_span_id == order.span_id]
    assert process.trace_id == order.trace_id
    assert process.parent_span_id == send.span_id
    assert rx.labels(process)["messaging.message.id"] == sent["MessageId"]
    assert rx.labels(process)["messaging.system"] == "aws_sqs"


def test_a_batch_is_linked_to_all_who_sent(aws, shop, settler, http_receiver):
    """Messages of several traces, processed at once: one span, with a link to each."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="batches")["QueueUrl"]

    for number in range(3):
        with shop.operation(f"order-{number}"):
            sqs.send_message(QueueUrl=url, MessageBody="7")
    with settler.consumer("batches", batch=received(sqs, url)):
        pass

    spans = told(http_receiver, shop, settler)
    traces = {spans[f"order-{number}"].trace_id for number in range(3)}
    assert {link.trace_id for link in spans["process batches"].links} == traces
    assert spans["process batches"].trace_id not in traces


@pytest.mark.parametrize("raw", ["false", "true"])
def test_a_topic_in_between_changes_nothing(aws, shop, settler, http_receiver, raw):
    """SNS puts its message into an envelope, or its attributes onto SQS's: the trace is found in either."""
    sqs, sns = aws("sqs"), aws("sns")
    url = sqs.create_queue(QueueName=f"topical-{raw}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name=f"orders-{raw}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": raw})

    with shop.operation("order"):
        sns.publish(TopicArn=topic, Message="7")
    (message,) = received(sqs, url)
    with settler.consumer("orders", message=message):
        pass

    spans = told(http_receiver, shop, settler)
    assert spans["process orders"].trace_id == spans["order"].trace_id
    assert spans["process orders"].parent_span_id != spans["order"].parent_span_id


@pytest.fixture
def quiet_root():
    """The root logger as it was: a worker makes it its own."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.long
@pytest.mark.usefixtures("quiet_root")
def test_a_task_of_celery_goes_on_where_its_instrumentation_has_taken_it_up(watch, http_receiver):
    """Within a task that is followed as an outgoing call's other end, the consumer is inside of the task's own span: one trace."""
    from celery import Celery
    from celery.contrib.testing.worker import start_worker

    telemetry = watch(None, http_receiver, service="settler", clients={"celery"})
    app = Celery("bank", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.worker_hijack_root_logger = False

    @app.task(bind=True, name="settle", shared=False)
    def settle(self, amount):
        with telemetry.consumer("settlements", system="celery", message=self.request):
            return amount

    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="error"), telemetry.operation("order"):
        assert settle.delay(7).get(timeout=20) == 7

    spans = told(http_receiver, telemetry)
    run, process = spans["run/settle"], spans["process settlements"]
    assert process.trace_id == run.trace_id == spans["order"].trace_id
    assert process.parent_span_id == run.span_id
    assert [link.span_id for link in process.links] == [run.parent_span_id]
