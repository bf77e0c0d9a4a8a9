"""The trace goes along in SQS messages: as attributes of each, one for each header, and as the system attribute of X-Ray.

A message has at most ten attributes, and a request a largest size: what finds no place is left out and counted, so that no
message is refused for ours. A consumer is given only what it asks for, so it asks for ours too.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html

SNS gets its attributes from OpenTelemetry's instrumentation itself. Records of Kinesis have none, and their data are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from .. import names
from ..tracing.current import Current
from .speaker import speaker

MOST_ATTRIBUTES: Final = 10
SIZES: Final = (262_144, 1_048_576)
"""Bytes that a message, or a batch, may have, queue for queue: none is brought above one of them."""
WIDEST: Final = 4
"""Bytes of a character."""
ATTRIBUTES: Final = "MessageAttributes"
SYSTEM_ATTRIBUTES: Final = "MessageSystemAttributes"
ASKED: Final = "MessageAttributeNames"
SYSTEM_ASKED: Final = ("MessageSystemAttributeNames", "AttributeNames")
"""The name, and the one it had before, which every botocore knows."""
ALL: Final = frozenset({"All", ".*"})

Params = dict[str, Any]


def carry(span: object, service: str, operation: str, params: Params) -> None:
    """Called with each request that botocore is about to make; `params` are the request's own, what is in them the caller's."""
    step = STEPS.get((service, operation))
    outgoing = speaker("botocore")
    if step is None or outgoing is None:
        return
    try:
        step(outgoing, params)
    except Exception:  # noqa: BLE001 - parameters that are none are botocore's to refuse
        outgoing.health.add(names.PROM_ERRORS, "client")


def _send(outgoing: Current, params: Params) -> None:
    (carrying,) = _carrying(outgoing, [params])
    params.update(carrying)


def _send_batch(outgoing: Current, params: Params) -> None:
    params["Entries"] = _carrying(outgoing, params["Entries"])


def _receive(outgoing: Current, params: Params) -> None:
    fields = outgoing.propagators.fields
    params[ASKED] = _asking(params.get(ASKED, ()), sorted(fields))
    if names.XRAY in fields:
        present = SYSTEM_ASKED[0] if SYSTEM_ASKED[0] in params else SYSTEM_ASKED[1]
        params[present] = _asking(params.get(present, ()), [names.XRAY_OF_MESSAGES])


STEPS: Final[dict[tuple[str, str], Callable[[Current, Params], None]]] = {
    ("sqs", "SendMessage"): _send,
    ("sqs", "SendMessageBatch"): _send_batch,
    ("sqs", "ReceiveMessage"): _receive,
}


def _carrying(outgoing: Current, messages: Sequence[Mapping[str, Any]]) -> list[Params]:
    """The messages with the current trace: new ones, since they and their attributes are the caller's."""
    headers: dict[str, str] = {}
    outgoing.propagators.inject(headers)
    xray = headers.pop(names.XRAY, "")
    told = [_with_attributes(message, headers, outgoing) for message in messages]
    if headers and not _fit(messages, told):
        outgoing.health.add(names.PROM_REFUSED_HEADERS, names.TRACEPARENT, by=len(messages))
        told = [dict(message) for message in messages]
    return [_with_xray(message, xray) for message in told] if xray else told


def _with_attributes(message: Mapping[str, Any], headers: Mapping[str, str], outgoing: Current) -> Params:
    attributes = dict(message.get(ATTRIBUTES) or {})
    if names.TRACEPARENT in headers:
        # One that came with a message that is passed on would be said of another trace.
        attributes.pop(names.TRACESTATE, None)
    for name, value in headers.items():
        if name in attributes or len(attributes) < MOST_ATTRIBUTES:
            attributes[name] = _string(value)
        else:
            outgoing.health.add(names.PROM_REFUSED_HEADERS, name)
    return {**message, ATTRIBUTES: attributes} if attributes else dict(message)


def _with_xray(message: Params, header: str) -> Params:
    return {
        **message,
        SYSTEM_ATTRIBUTES: {names.XRAY_OF_MESSAGES: _string(header), **(message.get(SYSTEM_ATTRIBUTES) or {})},
    }


def _string(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def _fit(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> bool:
    """Whether they are on the same side of each limit as they were; no body is looked at where it can't matter."""
    after = list(after)
    if sum(_size(message, _at_most) for message in after) <= SIZES[0]:
        return True
    was = sum(_size(message, _bytes) for message in before)
    now = sum(_size(message, _bytes) for message in after)
    return all(now <= limit or was > limit for limit in SIZES)


def _size(message: Mapping[str, Any], of: Callable[[Any], int]) -> int:
    attributes = (message.get(ATTRIBUTES) or {}).items()
    values = sum(of(name) + sum(of(part) for part in value.values()) for name, value in attributes)
    return of(message.get("MessageBody", "")) + values


def _at_most(value: Any) -> int:
    return WIDEST * len(value)


def _bytes(value: Any) -> int:
    return len(value.encode("utf-8", "replace")) if isinstance(value, str) else len(value)


def _asking(asked: Iterable[str], ours: Iterable[str]) -> list[str]:
    asked = list(asked)
    return asked if ALL.intersection(asked) else [*asked, *(name for name in ours if name not in asked)]
