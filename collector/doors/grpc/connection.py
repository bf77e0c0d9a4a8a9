"""One connection of HTTP/2 that carries unary gRPC calls: their order and time. What calls mean is not known here.

Data is handed on as it arrives, so that a body takes room in memory only once it is there, and is refused before it is sent whole.
Source: RFC 9113; "gRPC over HTTP2".
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, Protocol

from ...errors import Unavailable
from ..connection import LATE, Connection
from ..desk import Desk
from ..exchange import Exchange
from .answer import GrpcAnswer
from .answers import GrpcAnswers
from .frames import Code, ConnectionFault, Flag, FrameHead, FrameType, frame, goodbye, increment, reset, said_by
from .greeting import CONNECTION_WINDOW, GREETING, MOST_STREAMS
from .heads import Headers, HeadReader, WholeHead
from .reader import DataEnded, DataPiece, FrameBegun, FrameEvent, FrameReader, Padding, WholeFrame
from .stream import Stream
from .windows import Inbound

MOST_RESETS: Final = 1_000
"""Calls given up by the other end, beyond those it let be answered, before it is told to calm down (CVE-2023-44487)."""


class GrpcReceiver(Protocol):
    """What a connection asks of the door it came through."""

    def begin(self, connection: GrpcConnection, stream: Stream, headers: Headers) -> Exchange:
        """A call begins; raises what refuses it."""

    def refuse(self, error: Exception) -> GrpcAnswer:
        """The answer that a refusal means, which is counted."""


class GrpcConnection(Connection[Stream]):
    """See the module."""

    def __init__(self, desk: Desk[Any], receiver: GrpcReceiver) -> None:
        super().__init__(desk)
        self._receiver = receiver
        self._reader = FrameReader()
        self._heads = HeadReader()
        self._streams: dict[int, Stream] = {}
        """Calls that are not answered."""
        self._newest = 0
        self._inbound = Inbound(0, CONNECTION_WINDOW)
        self._answers = GrpcAnswers(self._streams)
        self._resets = 0
        self._stopping = False

    # The transport's events.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        self._transport = transport
        self._transport.write(GREETING)
        super().connection_made(transport)

    def eof_received(self) -> bool:
        """The other end writes no more. Calls that came whole are still answered."""
        for stream in [each for each in self._streams.values() if each.exchange is not None]:
            self._forget(stream)
        self._stopping = True
        return bool(self._streams) and bool(self._transport.can_write_eof())

    # What the door asks.

    def answer(self, stream: Stream, answer: GrpcAnswer) -> None:
        """Answers a call, unless it was given up."""
        if self._streams.get(stream.number) is stream:
            if not self._answers:
                self._taken = self._desk.now
            self._answers.put(stream, answer)
            self._flush()

    def stop(self) -> None:
        """The door closes: answers what is under way, and ends as soon as there is nothing."""
        self._stopping = True
        self._say_goodbye(Code.NO_ERROR, "stopping")
        self._end_if_done()

    # What the reader says.

    def _hear(self, event: FrameEvent) -> None:
        match event:
            case DataPiece():
                self._data(event.stream, event.piece)
            case FrameBegun():
                self._begun(event.head)
            case DataEnded():
                self._data_ended(event.head)
            case WholeFrame():
                self._frame(event.head, event.payload)
            case Padding():
                self._count(self._streams.get(event.stream), event.size)

    def _begun(self, head: FrameHead) -> None:
        if self._heads.halfway and head.kind != FrameType.CONTINUATION:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a head was interrupted")
        if head.kind == FrameType.DATA and (head.stream == 0 or head.stream > self._newest):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "data of no call")

    def _data(self, stream: int, piece: bytes) -> None:
        found = self._streams.get(stream)
        self._count(found, len(piece))
        if found is not None and found.exchange is not None:
            self._attempt(found, found.exchange.feed, piece)

    def _data_ended(self, head: FrameHead) -> None:
        stream = self._streams.get(head.stream)
        if stream is not None and head.flags & Flag.END_STREAM:
            self._ended(stream)

    def _frame(self, head: FrameHead, payload: bytes) -> None:
        match head.kind:
            case FrameType.HEADERS:
                self._headed(self._heads.begin(head, payload))
            case FrameType.CONTINUATION:
                self._headed(self._heads.go_on(head, payload))
            case FrameType.SETTINGS:
                self._set(head, payload)
            case FrameType.PING:
                self._ping(head, payload)
            case FrameType.WINDOW_UPDATE:
                self._widen(head, payload)
            case FrameType.RST_STREAM:
                self._reset(head)
            case FrameType.GOAWAY:
                self._stopping = True
                self._end_if_done()
            case FrameType.PUSH_PROMISE:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "a client pushes nothing")
            case _:
                pass  # PRIORITY, and types to come (RFC 9113, section 4.1)

    # Frames that are about the connection.

    def _set(self, head: FrameHead, payload: bytes) -> None:
        if head.flags & Flag.ACK:
            return
        self._answers.set(said_by(payload))
        self._transport.write(frame(FrameType.SETTINGS, Flag.ACK, 0))
        self._flush()

    def _ping(self, head: FrameHead, payload: bytes) -> None:
        if len(payload) != 8:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a ping has eight bytes")
        if not head.flags & Flag.ACK:
            self._transport.write(frame(FrameType.PING, Flag.ACK, 0, payload))

    def _widen(self, head: FrameHead, payload: bytes) -> None:
        more, stream = increment(payload), self._streams.get(head.stream)
        if head.stream == 0:
            self._answers.outbound.widen(more)
        elif stream is not None:
            stream.outbound.widen(more)
        self._flush()

    def _reset(self, head: FrameHead) -> None:
        stream = self._streams.get(head.stream)
        if stream is None:
            return
        self._forget(stream)
        self._resets += 1
        if self._resets > MOST_RESETS:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many calls were given up")

    # Calls in.

    def _count(self, stream: Stream | None, size: int) -> None:
        """Counts what came against the windows, and opens them again in good time."""
        if update := self._inbound.came(size):
            self._transport.write(update)
        if stream is not None and stream.exchange is not None and (update := stream.inbound.came(size)):
            self._transport.write(update)

    def _headed(self, head: WholeHead | None) -> None:
        """A head has come, or a part of it (None)."""
        if head is None:
            return
        if head.stream in self._streams:
            self._trailers(self._streams[head.stream], head)
        elif head.stream <= self._newest:
            return  # trailers of a call that is answered already
        elif head.stream % 2 == 0:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a client's streams have odd numbers")
        else:
            self._newest = head.stream
            self._open(head)

    def _open(self, head: WholeHead) -> None:
        if self._stopping or len(self._streams) >= MOST_STREAMS:
            self._transport.write(reset(head.stream, Code.REFUSED_STREAM))
            return
        stream = self._streams[head.stream] = Stream(head.stream, self._desk.now, self._answers.stream_window)
        if self._attempt(stream, self._begin, stream, head) and head.ended:
            self._ended(stream)

    def _begin(self, stream: Stream, head: WholeHead) -> None:
        stream.open = not head.ended
        stream.exchange = self._receiver.begin(self, stream, head.headers)

    def _trailers(self, stream: Stream, head: WholeHead) -> None:
        if not head.ended:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a second head that does not end the call")
        self._ended(stream)

    def _ended(self, stream: Stream) -> None:
        stream.open = False
        if stream.exchange is not None:
            stream.began = self._desk.now
            self._finish(stream)

    def _forget(self, stream: Stream) -> None:
        self._streams.pop(stream.number, None)
        stream.give_up()

    def _forget_all(self) -> None:
        for stream in tuple(self._streams.values()):
            self._forget(stream)
        self._answers.forget()

    # Being late.

    def _has_answers_to_take(self) -> bool:
        """Whether answers wait for it to read, or to open its windows; our greeting is one until it is returned."""
        return self._blocked or bool(self._answers) or not self._reader.greeted

    def _look(self, silent: float) -> None:
        for stream in tuple(self._streams.values()):
            self._look_at(stream, silent)
        if not self._streams and silent > self._desk.pace.idle:
            self._end(Code.NO_ERROR, "idle")

    def _look_at(self, stream: Stream, silent: float) -> None:
        pace, age = self._desk.pace, self._desk.now - stream.began
        if stream.answered:
            return
        if stream.exchange is None:
            if age > pace.request + pace.commit:
                self._refuse(stream, Unavailable("not committed in time; send it again"))
        elif pace.is_late(silent, age):
            self._refuse(stream, Unavailable(LATE))

    # Going out.

    def _refuse(self, pending: Stream, error: Exception) -> None:
        pending.give_up()
        self.answer(pending, self._receiver.refuse(error))

    def _flush(self) -> None:
        """Writes the answers there is a window for."""
        out = self._answers.frames()
        if out:
            self._resets = max(0, self._resets - len(out))
            self._heard = self._taken = self._desk.now
            self._transport.write(b"".join(out))
        self._end_if_done()

    # Ending.

    def _turn_away(self, refusal: str) -> None:
        self._receiver.refuse(Unavailable(refusal))  # counted as over HTTP; there is no call it would answer
        self._end(Code.ENHANCE_YOUR_CALM, refusal)

    def _take(self, data: memoryview) -> None:
        try:
            for event in self._reader.read(bytes(data)):
                if self._transport.is_closing():
                    return
                self._hear(event)
        except ConnectionFault as fault:
            self._end(fault.code, str(fault))

    def _break_off(self) -> None:
        self._end(Code.INTERNAL_ERROR, "internal error; the collector's log says more")

    def _end_if_done(self) -> None:
        if self._stopping and not self._streams:
            self._transport.close()

    def _say_goodbye(self, code: Code, text: str) -> None:
        self._transport.write(goodbye(self._newest, code, text))

    def _end(self, code: Code, text: str) -> None:
        if not self._transport.is_closing():
            self._say_goodbye(code, text)
            self._transport.close()
