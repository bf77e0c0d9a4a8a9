"""Amazon SNS: one topic, whose subscribers get what suits them: text, a line, or the webhook's body.

Source: Amazon SNS API reference, `Publish`. Credentials are found the way every AWS client finds them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any, Final

from ..errors import InvalidReceiver
from ..names import LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO
from ..notification import Action, Notification
from ..notifier import DELIVERED, NOT_SHOWN, Attempt, Outcome
from .aside import Aside
from .content import headline, key_within, plain, shortened
from .http import TIMEOUT_SECONDS
from .webhook import payload

LONGEST_SUBJECT: Final = 99
LONGEST_MESSAGE: Final = 250_000
"""Bytes: 256 kB (262,144) with the attributes, in which everything stands in several forms."""
LONGEST_TEXTS: Final = (30_000, 4_000, 400)
"""Characters of the text, and of each value of the webhook's body: the first that fit."""
LONGEST_SMS: Final = 160
LONGEST_GROUP: Final = 128
LONGEST_ATTRIBUTE: Final = 512

_FIFO: Final = ".fifo"
_JSON_READERS: Final = ("http", "https", "lambda", "sqs", "firehose")
_THROTTLED: Final = frozenset({"KMSThrottling", "Throttled", "ThrottledException", "Throttling", "ThrottlingException"})
_ATTRIBUTES: Final = (LABEL_SEVERITY, LABEL_SERVICE, LABEL_SLO)


class SnsNotifier:
    """Publishes to one topic, whose ARN says the region. `InvalidReceiver` where boto3 is not installed."""

    def __init__(self, topic: str, *, name: str = "sns", endpoint: str | None = None) -> None:
        self._topic = topic
        self._name = name
        self._aside = Aside()
        self._client = _client(topic.split(":")[3], endpoint, name)

    def __repr__(self) -> str:
        return f"SnsNotifier({self._name!r}, {self._topic!r})"

    async def close(self) -> None:
        """Lets connections go."""
        self._client.close()

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Publishes once. A topic that keeps an order keeps that of an incident's messages, and drops what comes twice within 5 minutes."""
        del now, reference
        if notification.action is Action.UPDATE:
            return NOT_SHOWN
        return await self._aside.attempt(lambda: self._publish(notification))

    def _publish(self, notification: Notification) -> Attempt:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.publish(TopicArn=self._topic, **message(notification, self._name, self._topic))
        except ClientError as error:
            return _judged(error.response)
        except BotoCoreError as error:
            # No connection, no answer in time, no credentials: all of it may be mended while the message waits.
            return Attempt(Outcome.RETRY, f"no answer ({type(error).__name__})")
        return DELIVERED


def message(notification: Notification, receiver: str, topic: str) -> dict[str, Any]:
    """What is published, but for the topic."""
    return {
        "Subject": subject(notification),
        "Message": _fitting(notification, receiver),
        "MessageStructure": "json",
        "MessageAttributes": _attributes(notification),
        **(_in_order(notification) if topic.endswith(_FIFO) else {}),
    }


def _fitting(notification: Notification, receiver: str) -> str:
    """In all forms; one that is too long is refused for good, so that values are cut, and in the end the body left out."""
    for most in LONGEST_TEXTS:
        said = _texts(notification, most)
        bodies = dict.fromkeys(
            _JSON_READERS, json.dumps(payload(_cut(notification, most), receiver, ""), sort_keys=True)
        )
        found = json.dumps({**said, **bodies})
        if len(found) <= LONGEST_MESSAGE:
            return found
    return json.dumps(said)


def _texts(notification: Notification, most: int) -> dict[str, str]:
    line = headline(notification)
    return {
        "default": f"{shortened(line, most)}\n\n{shortened(plain(notification), most)}",
        "sms": shortened(line, LONGEST_SMS),
    }


def _cut(notification: Notification, most: int) -> Notification:
    labels, annotations, details = (
        {name: shortened(text, most) for name, text in texts.items()}
        for texts in (notification.labels, notification.annotations, notification.details)
    )
    return replace(notification, labels=labels, annotations=annotations, details=details)


def subject(notification: Notification) -> str:
    """Less than 100 printable characters of ASCII, in one line."""
    line = " ".join(headline(notification).split()).encode("ascii", "replace").decode()
    return "".join(letter for letter in line if letter.isprintable())[:LONGEST_SUBJECT]


def _attributes(notification: Notification) -> dict[str, dict[str, str]]:
    """What subscriptions filter by."""
    values = {name: notification.labels.get(name, "") for name in _ATTRIBUTES}
    found = {**values, "action": notification.action.value, "dedup_key": notification.dedup_key}
    return {
        name: {"DataType": "String", "StringValue": key_within(value, LONGEST_ATTRIBUTE)}
        for name, value in found.items()
        if value
    }


def _in_order(notification: Notification) -> dict[str, str]:
    group = "".join(
        letter if letter.isascii() and letter.isprintable() and letter != " " else "_"
        for letter in notification.dedup_key
    )
    return {
        "MessageGroupId": key_within(group, LONGEST_GROUP),
        "MessageDeduplicationId": hashlib.sha256(notification.to_json().encode()).hexdigest(),
    }


def _judged(response: Any) -> Attempt:
    """Throttling, the service's own faults and refused credentials pass; a topic that is not there, or a wrong request, does not."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    passing = code in _THROTTLED or status in (401, 403, 429) or status >= 500
    return Attempt(Outcome.RETRY if passing else Outcome.REJECTED, f"answered {status} {code}")


def _client(region: str, endpoint: str | None, name: str) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise InvalidReceiver(f"receiver {name} needs boto3; install fournines[sns]") from error
    # Repeats are the outbox's business, which knows what else waits.
    config = Config(
        connect_timeout=TIMEOUT_SECONDS,
        read_timeout=TIMEOUT_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return boto3.session.Session().client("sns", region_name=region, endpoint_url=endpoint, config=config)
