"""One answer to a unary call as the frames of HTTP/2. Source: "gRPC over HTTP2", section "Responses"."""

from __future__ import annotations

import base64
from typing import Final, NamedTuple
from urllib.parse import quote

from google.protobuf.message import Message

from ..status import Refusal
from .frames import DEFAULT_FRAME, Flag, FrameType, frame, literal

_STATUS_200: Final = b"\x88"
_TYPE: Final = literal(b"content-type", b"application/grpc")
_ACCEPTS: Final = literal(b"grpc-accept-encoding", b"identity, gzip, zstd")
_OK: Final = literal(b"grpc-status", b"0")
MOST_MESSAGE: Final = 3 * 1024
"""Bytes of a status message: senders' limits for metadata are 8 KiB."""


class GrpcAnswer(NamedTuple):
    """`data` counts against the other end's window, `opening` and `closing` do not. Without an opening the closing is all."""

    opening: bytes
    data: bytes
    closing: bytes

    def frames(self, stream: int, prefix: bytes = b"") -> list[bytes]:
        """The frames of it; `prefix` begins the first head."""
        ending = Flag.END_HEADERS | Flag.END_STREAM
        if not self.opening:
            return [frame(FrameType.HEADERS, ending, stream, prefix + self.closing)]
        data = [self.data[at : at + DEFAULT_FRAME] for at in range(0, len(self.data), DEFAULT_FRAME)]
        return [
            frame(FrameType.HEADERS, Flag.END_HEADERS, stream, prefix + self.opening),
            *(frame(FrameType.DATA, 0, stream, piece) for piece in data),
            frame(FrameType.HEADERS, ending, stream, self.closing),
        ]


def answer(said: Refusal | Message | None) -> GrpcAnswer:
    """The answer to a call; None where it was taken and there is nothing to say but that."""
    if said is None:
        return _NOTHING_TO_SAY
    if isinstance(said, Refusal):
        return _refused(said)
    content = said.SerializeToString()
    return GrpcAnswer(_STATUS_200 + _TYPE + _ACCEPTS, b"\0" + len(content).to_bytes(4, "big") + content, _OK)


def _refused(refusal: Refusal) -> GrpcAnswer:
    """Code, message, and the whole `google.rpc.Status` as details."""
    details = base64.b64encode(refusal.status().SerializeToString()).rstrip(b"=")
    fields = [
        _STATUS_200,
        _TYPE,
        _ACCEPTS,
        literal(b"grpc-status", b"%d" % refusal.code),
        literal(b"grpc-message", quote(refusal.message[:MOST_MESSAGE], safe=_SAFE).encode()),
    ]
    if len(details) <= MOST_MESSAGE:
        fields.append(literal(b"grpc-status-details-bin", details))
    return GrpcAnswer(b"", b"", b"".join(fields))


def plain(status: int) -> GrpcAnswer:
    """An answer to what is no gRPC: HTTP's status and nothing else."""
    return GrpcAnswer(b"", b"", literal(b":status", b"%d" % status))


_SAFE: Final = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
_NOTHING_TO_SAY: Final = GrpcAnswer(_STATUS_200 + _TYPE + _ACCEPTS, bytes(5), _OK)
