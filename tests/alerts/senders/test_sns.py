"""Amazon SNS, against moto's server: the real client, its signatures and refusals, and what subscribers get."""

from __future__ import annotations

import builtins
import json

import boto3
import pytest

from fournines.alerts import NOT_SHOWN, Action, InvalidReceiver, Outcome
from fournines.alerts.senders import SnsNotifier
from fournines.alerts.senders.sns import message, subject

TOPIC = "arn:aws:sns:eu-central-1:123456789012:pages"


pytestmark = pytest.mark.usefixtures("aws_credentials")


@pytest.fixture
def queue(moto):
    """Makes a topic with a queue that listens to it; gives its ARN, and what the queue got."""

    def make(name):
        sns, sqs = (boto3.client(each, region_name="eu-central-1", endpoint_url=moto) for each in ("sns", "sqs"))
        fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
        topic = sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
        url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

        def got():
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
            return [(json.loads(each["Body"]), each["Attributes"]) for each in found.get("Messages", ())]

        return topic, got

    return make


def test_a_topic_s_queue_gets_the_webhook_s_body(moto, queue, incident, sent):
    """A program that listens reads what every webhook of ours gets; beginnings, who took it on, ends; no change."""
    topic, got = queue("pages")
    actions = (Action.TRIGGER, Action.UPDATE, Action.ACKNOWLEDGE, Action.RESOLVE)
    attempts = sent(SnsNotifier(topic, endpoint=moto), *map(incident, actions))

    assert [Outcome.DELIVERED] * 4 == [attempt.outcome for attempt in attempts]
    assert NOT_SHOWN == attempts[1]
    bodies = [json.loads(body["Message"]) for body, _ in got()]
    assert sorted(["firing", "firing", "resolved"]) == sorted(body["status"] for body in bodies)
    assert {"slo/a/page"} == {body["groupKey"] for body in bodies}


def test_a_topic_in_order_gets_an_incident_in_order_and_nothing_twice(moto, queue, incident, sent):
    """One group an incident; a message that is sent twice has one id."""
    topic, got = queue("pages.fifo")
    sent(SnsNotifier(topic, endpoint=moto), incident(), incident(), incident(Action.RESOLVE))

    found = got()
    assert {"slo/a/page"} == {attributes["MessageGroupId"] for _, attributes in found}
    assert 2 == len({attributes["MessageDeduplicationId"] for _, attributes in found})
    long = message(incident(dedup_key="slo/" + "ü x" * 100), "sns", "arn:a:b:c:d:e.fifo")["MessageGroupId"]
    assert len(long) <= 128
    assert long.isascii()
    assert " " not in long


def test_each_subscriber_gets_what_suits_it(incident):
    """Mailboxes text, telephones a line, programs JSON; subscriptions filter by severity, service, SLO and action."""
    made = message(incident(), "sns", TOPIC)
    said = json.loads(made["Message"])
    assert said["default"].startswith("a burns 21x\n\nThe promise: ü\n\nTop route: POST /payments: 96 of 120\n")
    assert "a burns 21x" == said["sms"]
    assert said["sqs"] == said["lambda"] == said["https"]
    values = {name: value["StringValue"] for name, value in made["MessageAttributes"].items()}
    assert {"severity": "page", "service": "s", "slo": "a", "action": "trigger", "dedup_key": "slo/a/page"} == values


@pytest.mark.parametrize(
    "labels",
    [
        {"slo": "a"},
        {"slo": "ü" * 20_000, "service": '"' * 5_000},
        {f"label{number}": "x" * 500 for number in range(1_000)},
    ],
    ids=["few", "long", "many"],
)
def test_what_is_too_long_fits(moto, queue, incident, sent, labels):
    """A subject's 99 characters of ASCII in one line, a telephone's 160, 256 kB in all forms: SNS refuses more for good."""
    texts = {"summary": "ü\n\t" + "x" * 5_000, "description": "y" * 300_000 + "ü"}
    long = incident(labels=labels, annotations=texts, details={"fails": "ü" * 50_000})
    assert "? " + "x" * 97 == subject(long)
    made = message(long, "sns", TOPIC)
    said = json.loads(made["Message"])
    assert len(said["sms"]) == 160
    assert "yyy" in said["default"]
    attributes = sum(
        len(name) + len(value["StringValue"].encode()) for name, value in made["MessageAttributes"].items()
    )
    assert len(made["Message"]) + len(made["Subject"]) + attributes <= 256 * 1_024
    topic, got = queue("long")
    assert [Outcome.DELIVERED] == [attempt.outcome for attempt in sent(SnsNotifier(topic, endpoint=moto), long)]
    assert 1 == len(got())


def test_a_topic_that_is_not_there_is_final(moto, incident, sent):
    """It does not come by waiting: the fallback is told at once."""
    (attempt,) = sent(SnsNotifier(TOPIC + "x", endpoint=moto), incident())

    assert (Outcome.REJECTED, "answered 404 NotFound") == (
        attempt.outcome,
        attempt.reason.replace("NotFoundException", "NotFound"),
    )


ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>m</Message></Error></ErrorResponse>"


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, "Throttling", Outcome.RETRY),
        (400, "KMSThrottling", Outcome.RETRY),
        (403, "ExpiredToken", Outcome.RETRY),
        (429, "Throttled", Outcome.RETRY),
        (500, "InternalError", Outcome.RETRY),
        (503, "ServiceUnavailable", Outcome.RETRY),
        (400, "InvalidParameter", Outcome.REJECTED),
    ],
)
def test_every_answer_has_its_meaning(service, incident, sent, status, code, outcome):
    """Throttling, faults of the service and credentials that ran out pass; a wrong request does not. One call an attempt."""
    aws = service(lambda asked: (status, ERROR.format(code).encode(), {"content-type": "text/xml"}))

    (attempt,) = sent(SnsNotifier(TOPIC, endpoint=aws.url), incident())

    assert (outcome, f"answered {status} {code}") == (attempt.outcome, attempt.reason)
    assert 1 == len(aws.asked)


def test_nobody_listens_or_nobody_may(incident, sent, free_port, monkeypatch):
    """No connection and no credentials are tried again: an instance may get its role a moment later."""
    (refused,) = sent(SnsNotifier(TOPIC, endpoint=f"http://127.0.0.1:{free_port()}"), incident())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (unsigned,) = sent(SnsNotifier(TOPIC, endpoint=f"http://127.0.0.1:{free_port()}"), incident())

    assert [(Outcome.RETRY, "no answer (EndpointConnectionError)")] == [(refused.outcome, refused.reason)]
    assert [(Outcome.RETRY, "no answer (NoCredentialsError)")] == [(unsigned.outcome, unsigned.reason)]


def test_without_boto3_it_says_what_to_install(monkeypatch):
    """At the start, not in the night."""
    real = builtins.__import__

    def without(name, *more, **others):
        if name == "boto3":
            raise ImportError(name)
        return real(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InvalidReceiver, match=r"receiver pages needs boto3; install fournines\[sns\]"):
        SnsNotifier(TOPIC, name="pages")
