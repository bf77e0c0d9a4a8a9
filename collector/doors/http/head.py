"""What an OTLP/HTTP request says before its body: which signal, in which encoding, how compressed; and what is refused at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.rpc import code_pb2

from ...columns import Signal
from ...errors import TooLarge, Unauthenticated
from ..access import Access, Peer
from ..body import CODINGS, is_understood
from ..status import Refusal, RequestRefused

SIGNALS: Final[Mapping[bytes, Signal]] = {
    b"/v1/traces": Signal.TRACES,
    b"/v1/metrics": Signal.METRICS,
    b"/v1/logs": Signal.LOGS,
}


class Encoding(Enum):
    """The protocol's two encodings, by their media type."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"

    def encode(self, message: Message) -> bytes:
        """The message in this encoding."""
        if self is Encoding.PROTOBUF:
            return message.SerializeToString()
        return json.dumps(MessageToDict(message)).encode()


class Head(NamedTuple):
    """A request's head as it came; names of headers are in lower case, values of a repeated one joined by commas."""

    method: bytes
    target: bytes
    headers: Mapping[bytes, bytes]

    def text(self, name: bytes) -> str:
        """A header's value; empty where there is none."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def encoding(self) -> Encoding | None:
        """The encoding by the media type, whose parameters (`; charset=utf-8`) say nothing here; None for another or no type."""
        return _ENCODINGS.get(self.headers.get(b"content-type", b"").partition(b";")[0].strip().lower())

    @property
    def length(self) -> int | None:
        """The bytes of the body as said in advance; None where it is sent in chunks. No length and no chunks mean no body."""
        if b"transfer-encoding" in self.headers:
            return None
        length = self.headers.get(b"content-length", b"0")
        return int(length) if length.isdigit() else None

    def signal(self, access: Access, peer: Peer, limit: int) -> Signal:
        """The signal it brings. Raises RequestRefused (404, 405, 415), Unauthenticated, or TooLarge for a body said to be so."""
        path = self.target.partition(b"?")[0]
        signal = SIGNALS.get(path)
        if signal is None:
            raise _not_found(path)
        if not access.allows(self.text(b"authorization"), peer):
            raise Unauthenticated("no token that may send: Authorization: Bearer TOKEN")
        if self.method != b"POST":
            raise RequestRefused(_METHOD)
        if self.encoding is None:
            raise RequestRefused(_CONTENT_TYPE)
        if not is_understood(self.text(b"content-encoding")):
            raise RequestRefused(_CONTENT_ENCODING)
        if (length := self.length) is not None and length > limit:
            raise TooLarge(f"the body has {length} bytes, and {limit} are the limit")
        return signal


_ENCODINGS: Final = {encoding.value.encode(): encoding for encoding in Encoding}

_METHOD: Final = Refusal(
    "method", 405, code_pb2.UNIMPLEMENTED, "OTLP/HTTP is sent by POST", headers=((b"allow", b"POST"),)
)
_CONTENT_TYPE: Final = Refusal(
    "content_type",
    415,
    code_pb2.INVALID_ARGUMENT,
    f"the Content-Type of OTLP/HTTP is {' or '.join(known.value for known in Encoding)}",
)
_CONTENT_ENCODING: Final = Refusal(
    "content_encoding",
    415,
    code_pb2.INVALID_ARGUMENT,
    f"the Content-Encodings understood are {' and '.join(CODINGS)}, or none",
    headers=((b"accept-encoding", ", ".join(CODINGS).encode()),),
)


def _not_found(path: bytes) -> RequestRefused:
    known = ", ".join(each.decode() for each in SIGNALS)
    said = path[:100].decode("latin-1")
    return RequestRefused(
        Refusal("path", 404, code_pb2.NOT_FOUND, f"there is nothing at {said}; OTLP/HTTP is at {known}")
    )
