"""One answer as the bytes of HTTP/1.1."""

from __future__ import annotations

import gzip
from http import HTTPStatus
from typing import Final, NamedTuple

from google.protobuf.message import Message

from ..status import Header, Refusal
from .head import Encoding, Head

WORTH_PACKING: Final = 512
"""Bytes below which an answer is not compressed, even for a sender that asks for it."""

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_LINES: Final = {status.value: b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode()) for status in HTTPStatus}


class Answer(NamedTuple):
    """Status, headers and body; `content-length` and `date` are added on the way out."""

    status: int
    headers: tuple[Header, ...]
    body: bytes

    def wire(self, date: bytes, *, keep: bool, bare: bool) -> bytes:
        """The bytes of it: `keep` says whether the connection goes on, `bare` that only the head is asked for."""
        lines = [_LINES[self.status], b"date: ", date, b"\r\n"]
        for name, value in self.headers:
            lines += (name, b": ", value, b"\r\n")
        if not keep:
            lines.append(b"connection: close\r\n")
        lines += (b"content-length: %d\r\n\r\n" % len(self.body), b"" if bare else self.body)
        return b"".join(lines)


def answer(said: Refusal | Message | None, encoding: Encoding, head: Head | None) -> Answer:
    """The answer to a request: a refusal as `google.rpc.Status`; None where it was taken and there is nothing to say but that."""
    if said is None:
        return _NOTHING_TO_SAY[encoding]
    if isinstance(said, Refusal):
        return _answer(said.http, encoding, said.status(), head, said.headers)
    return _answer(200, encoding, said, head)


def _answer(
    status: int, encoding: Encoding, message: Message, head: Head | None, headers: tuple[Header, ...] = ()
) -> Answer:
    body = encoding.encode(message)
    headers = ((b"content-type", encoding.value.encode()), *headers)
    if head is not None and len(body) >= WORTH_PACKING and _takes_gzip(head.text(b"accept-encoding")):
        body = gzip.compress(body, mtime=0)
        headers = (*headers, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding"))
    return Answer(status, headers, body)


def _takes_gzip(accept: str) -> bool:
    """Whether `Accept-Encoding` asks for gzip (RFC 9110, section 12.5.3); a quality of 0 forbids it."""
    for choice in accept.lower().split(","):
        coding, _, quality = choice.partition(";")
        if coding.strip() in ("gzip", "x-gzip", "*"):
            return not quality.strip().replace(" ", "").startswith("q=0") or quality.strip("q=0. ") != ""
    return False


_NOTHING_TO_SAY: Final = {
    encoding: Answer(
        200, ((b"content-type", encoding.value.encode()),), b"" if encoding is Encoding.PROTOBUF else b"{}"
    )
    for encoding in Encoding
}
