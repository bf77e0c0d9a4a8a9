"""What an OTLP/HTTP request says before its body: which signal, in which encoding, how compressed; and what is refused at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.rpc import code_pb2
from starlette.types import Scope

from .columns import Signal
from .errors import TooLarge
from .otlp_status import Refusal
from .request_body import Sink, sink_for

SIGNALS: Final[dict[str, Signal | None]] = {
    "/v1/traces": Signal.TRACES,
    "/v1/metrics": Signal.METRICS,
    "/v1/logs": None,  # taken and dropped: an SDK set up for all three must not fill its log with our refusals
}

Header = tuple[bytes, bytes]


class Encoding(Enum):
    """The protocol's two encodings, by their media type."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"

    def encode(self, message: Message) -> bytes:
        """The message in this encoding."""
        if self is Encoding.PROTOBUF:
            return message.SerializeToString()
        return json.dumps(MessageToDict(message)).encode()


class Refused(Exception):
    """A request is refused for its head; `headers` go with the answer."""

    def __init__(self, refusal: Refusal, *headers: Header) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Head:
    """A head that was found acceptable. `signal` is None for logs; `sink` takes the body."""

    signal: Signal | None
    encoding: Encoding
    sink: Sink


def encoding_of(scope: Scope) -> Encoding | None:
    """The encoding by the request's media type, whose parameters (`; charset=utf-8`) say nothing here; None for another or no type."""
    media_type = _header(scope, b"content-type").partition(";")[0].strip().lower()
    try:
        return Encoding(media_type)
    except ValueError:
        return None


def read_head(scope: Scope, limit: int) -> Head:
    """Raises Refused (404, 405, 415) or TooLarge; a body sent without its length is measured while it is read."""
    if scope["path"] not in SIGNALS:
        known = ", ".join(SIGNALS)
        raise Refused(Refusal(404, code_pb2.NOT_FOUND, f"there is nothing at {scope['path']}; OTLP/HTTP is at {known}"))
    if scope["method"] != "POST":
        raise Refused(Refusal(405, code_pb2.UNIMPLEMENTED, "OTLP/HTTP is sent by POST"), (b"allow", b"POST"))
    encoding = encoding_of(scope)
    if encoding is None:
        types = " or ".join(known.value for known in Encoding)
        raise Refused(Refusal(415, code_pb2.INVALID_ARGUMENT, f"the Content-Type of OTLP/HTTP is {types}"))
    sink = sink_for(_header(scope, b"content-encoding"), limit)
    if sink is None:
        refusal = Refusal(415, code_pb2.INVALID_ARGUMENT, "the Content-Encoding understood is gzip, or none")
        raise Refused(refusal, (b"accept-encoding", b"gzip"))
    length = _header(scope, b"content-length")
    if length.isdecimal() and int(length) > limit:
        raise TooLarge(f"the body has {length} bytes, and {limit} are the limit")
    return Head(SIGNALS[scope["path"]], encoding, sink)


def _header(scope: Scope, name: bytes) -> str:
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ", ".join(values)
