"""One connection of HTTP/2 that carries unary gRPC calls: frames, windows, order and time. What calls mean is not known here.

Data is handed on as it arrives, so that a body takes room in memory only once it is there, and is refused before it is sent whole.
Source: RFC 9113; "gRPC over HTTP2".
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, Protocol

import hpack

from .access import Peer, peer_of
from .door import Connection
from .errors import Unavailable
from .grpc_answer import GrpcAnswer
from .http2 import (
    DEFAULT_WINDOW,
    HEADER,
    MOST_WINDOW,
    NO_TABLE,
    PREFACE,
    SETTING,
    WORD,
    Code,
    ConnectionFault,
    Flag,
    FrameHead,
    Kind,
    Setting,
    frame,
    unpadded,
    window_update,
)
from .pace import Pace

logger = logging.getLogger(__name__)

MOST_STREAMS: Final = 128
"""Calls of one connection that are read or wait at the same time; the other end is told so."""

MOST_HEAD: Final = 64 * 1024
MOST_FRAME: Final = 2**20
STREAM_WINDOW: Final = 4 * 2**20
CONNECTION_WINDOW: Final = 16 * 2**20
"""What the other end may send before it hears from us again; what comes is handed on at once."""

MOST_RESETS: Final = 1_000
"""Calls given up by the other end, beyond those it let be answered, before it is told to calm down (CVE-2023-44487)."""

MOST_KNOWN: Final = 64
"""Heads remembered; a sender uses a few."""

MOST_PIECES: Final = 1_000
"""Frames one head may come in."""

_GREETING: Final = frame(
    Kind.SETTINGS,
    0,
    0,
    SETTING.pack(Setting.MAX_CONCURRENT_STREAMS, MOST_STREAMS)
    + SETTING.pack(Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW)
    + SETTING.pack(Setting.MAX_FRAME_SIZE, MOST_FRAME)
    + SETTING.pack(Setting.MAX_HEADER_LIST_SIZE, MOST_HEAD),
) + window_update(0, CONNECTION_WINDOW - DEFAULT_WINDOW)

Headers = Mapping[bytes, bytes]


class Call(Protocol):
    """One call on its way in."""

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the messages; raises CollectorError."""

    def finish(self) -> None:
        """All has come; the answer comes by `GrpcConnection.answer`. Raises CollectorError."""

    def abandon(self) -> None:
        """The rest will not come."""


class Stream:
    """One call's stream. `call` is there while it is read."""

    __slots__ = ("began", "call", "consumed", "number", "open", "window")

    def __init__(self, number: int, began: float, window: int) -> None:
        self.number = number
        self.began = began
        self.call: Call | None = None
        self.open = True
        """Whether the other end may send more."""
        self.consumed = 0
        self.window = window


class GrpcDesk(Protocol):
    """What a connection asks of the door it came through."""

    @property
    def pace(self) -> Pace:
        """How long it may take its time."""

    @property
    def now(self) -> float:
        """Seconds of the loop's clock."""

    def opened(self, connection: Connection) -> str:
        """A connection came; why it can't stay, empty where it can."""

    def closed(self, connection: Connection) -> None:
        """A connection went."""

    def received(self, size: int) -> None:
        """Bytes came."""

    def begin(self, connection: GrpcConnection, stream: Stream, headers: Headers) -> Call:
        """A call begins; raises what refuses it."""

    def refuse(self, error: Exception) -> GrpcAnswer:
        """The answer that a refusal means, which is counted."""


class GrpcConnection(Connection):
    """See the module. The door looks in by `overdue` every now and then: silence has no event of its own."""

    def __init__(self, desk: GrpcDesk) -> None:
        self._desk = desk
        self._transport: Any = None
        self._decoder: Any = hpack.Decoder(max_header_list_size=MOST_HEAD)
        self._known: dict[bytes, Headers] = {}
        """Heads made of nothing but references to the decoder's table, for as long as that stays as it is."""
        self._streams: dict[int, Stream] = {}
        self._newest = 0
        self._buffer = bytearray()
        self._awaited = len(PREFACE)
        self._head: FrameHead | None = None
        self._greeted = False
        self._block: tuple[FrameHead, bytearray] | None = None
        self._pieces = 0
        self._padding = 0
        self._consumed = 0
        self._window = DEFAULT_WINDOW
        self._stream_window = DEFAULT_WINDOW
        self._waiting: deque[tuple[Stream, GrpcAnswer]] = deque()
        self._prefix = b""
        self._resets = 0
        self._stopping = False
        self._blocked = False
        self._peer: Peer | None = None
        self._heard = desk.now

    # The transport's events.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        self._transport = transport
        self._transport.write(_GREETING)
        refusal = self._desk.opened(self)
        if refusal:
            self._end(Code.ENHANCE_YOUR_CALM, refusal)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._desk.received(len(data))
        self._heard = self._desk.now
        try:
            self._take(data)
        except ConnectionFault as fault:
            self._end(fault.code, str(fault))
        except Exception:
            logger.exception("a connection is given up: a fault of the collector's own")
            self._end(Code.INTERNAL_ERROR, "internal error; the collector's log says more")

    def eof_received(self) -> bool:
        """The other end writes no more. Calls that came whole are still answered."""
        for stream in [each for each in self._streams.values() if each.call is not None]:
            self._forget(stream)
        self._stopping = True
        return bool(self._streams) and bool(self._transport.can_write_eof())

    def connection_lost(self, error: Exception | None) -> None:
        """It is over, whoever ended it. What was handed on is counted all the same."""
        for stream in tuple(self._streams.values()):
            self._forget(stream)
        self._waiting.clear()
        self._desk.closed(self)

    def pause_writing(self) -> None:
        """The other end does not read, so that nothing more is read from it."""
        self._blocked = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        self._blocked = False
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # What the door asks.

    @property
    def peer(self) -> Peer:
        """The other end."""
        if self._peer is None:
            self._peer = peer_of(self._transport)
        return self._peer

    def answer(self, stream: Stream, answer: GrpcAnswer) -> None:
        """Answers a call, unless it was given up."""
        if self._streams.get(stream.number) is stream:
            self._waiting.append((stream, answer))
            self._flush()

    def overdue(self) -> None:
        """Ends what has been silent for too long, and asks it to come again where it is in the middle of a call."""
        desk, pace = self._desk, self._desk.pace
        silent = desk.now - self._heard
        if self._blocked or self._waiting or not self._greeted:
            if silent > pace.silence:
                self._transport.abort()
            return
        for stream in tuple(self._streams.values()):
            reading, age = stream.call is not None, desk.now - stream.began
            if reading and (silent > pace.silence or age > pace.request):
                self._refuse(stream, Unavailable("the rest of the request did not come in time; send it again"))
            elif not reading and age > pace.request + pace.commit:
                self._refuse(stream, Unavailable("not committed in time; send it again"))
        if not self._streams and silent > pace.idle:
            self._end(Code.NO_ERROR, "idle")

    def stop(self) -> None:
        """The door closes: answers what is under way, and ends as soon as there is nothing."""
        self._stopping = True
        self._say_goodbye(Code.NO_ERROR, "stopping")
        self._end_if_done()

    def abort(self) -> None:
        """Ends at once."""
        self._transport.abort()

    # Frames in.

    def _take(self, data: bytes) -> None:
        at, size = 0, len(data)
        while at < size and not self._transport.is_closing():
            head = self._head
            if head is not None and head.kind == Kind.DATA and not head.flags & Flag.PADDED:
                piece = data[at : at + self._awaited]
                at += len(piece)
                self._take_data(head, piece)
                continue
            missing = self._awaited - len(self._buffer)
            self._buffer += data[at : at + missing]
            at += min(missing, size - at)
            if len(self._buffer) == self._awaited:
                self._advance()

    def _take_data(self, head: FrameHead, piece: bytes) -> None:
        """Hands a piece of a frame on as it comes, and passes over the padding behind."""
        self._awaited -= len(piece)
        content = len(piece) - max(0, self._padding - self._awaited)
        if content < len(piece):
            self._padding = self._awaited
            self._consume(len(piece) - content, self._streams.get(head.stream))
        if content:
            self._data(head.stream, piece[:content])
        if not self._awaited:
            self._data_ended(head)

    def _pad(self, head: FrameHead, padding: int) -> None:
        """A padded frame of data has said how much of it is padding."""
        if padding >= head.size:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "more padding than frame")
        self._consume(1, self._streams.get(head.stream))
        self._head, self._padding, self._awaited = (
            head._replace(flags=head.flags & ~Flag.PADDED),
            padding,
            head.size - 1,
        )
        if not self._awaited:
            self._data_ended(self._head)

    def _advance(self) -> None:
        """What was awaited is there: the preface, a frame's head, or its payload."""
        whole, self._buffer = bytes(self._buffer), bytearray()
        if not self._greeted:
            if whole != PREFACE:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "this is no HTTP/2; OTLP/HTTP has a port of its own")
            self._greeted = True
            self._awaited = HEADER.size
        elif self._head is None:
            self._begin_frame(FrameHead.read(whole))
        elif self._head.kind == Kind.DATA:
            self._pad(self._head, whole[0])
        else:
            head, self._head, self._awaited = self._head, None, HEADER.size
            self._frame(head, whole)

    def _begin_frame(self, head: FrameHead) -> None:
        if head.size > (MOST_FRAME if head.kind == Kind.DATA else MOST_HEAD):
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a frame larger than was agreed on")
        if self._block is not None and head.kind != Kind.CONTINUATION:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a head was interrupted")
        if head.kind == Kind.DATA and (head.stream == 0 or head.stream > self._newest):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "data of no call")
        padded = head.kind == Kind.DATA and head.flags & Flag.PADDED
        if padded and not head.size:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a padded frame without its length of padding")
        self._head, self._awaited, self._padding = head, 1 if padded else head.size, 0
        if not head.size:
            self._head, self._awaited = None, HEADER.size
            if head.kind == Kind.DATA:
                self._data_ended(head)
            else:
                self._frame(head, b"")

    def _frame(self, head: FrameHead, payload: bytes) -> None:
        match head.kind:
            case Kind.HEADERS:
                self._block, self._pieces = (head, bytearray(unpadded(head, payload))), 1
                self._headers_ended(head)
            case Kind.CONTINUATION:
                self._continue(head, payload)
            case Kind.SETTINGS:
                self._settings(head, payload)
            case Kind.PING:
                self._ping(head, payload)
            case Kind.WINDOW_UPDATE:
                self._window_update(head, payload)
            case Kind.RST_STREAM:
                self._reset(head)
            case Kind.GOAWAY:
                self._stopping = True
                self._end_if_done()
            case Kind.PUSH_PROMISE:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "a client pushes nothing")
            case _:
                pass  # PRIORITY, and types to come (RFC 9113, section 4.1)

    def _settings(self, head: FrameHead, payload: bytes) -> None:
        if head.flags & Flag.ACK:
            return
        if len(payload) % SETTING.size:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "settings cut off")
        said = dict(
            SETTING.iter_unpack(payload)
        )  # the last of each counts: each for itself would cost a look at every stream
        window = said.get(Setting.INITIAL_WINDOW_SIZE, self._stream_window)
        if window > MOST_WINDOW:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a window that large is none")
        for stream in self._streams.values():
            stream.window += window - self._stream_window
        self._stream_window = window
        if Setting.HEADER_TABLE_SIZE in said:
            self._prefix = NO_TABLE
        self._transport.write(frame(Kind.SETTINGS, Flag.ACK, 0))
        self._flush()

    def _ping(self, head: FrameHead, payload: bytes) -> None:
        if len(payload) != 8:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a ping has eight bytes")
        if not head.flags & Flag.ACK:
            self._transport.write(frame(Kind.PING, Flag.ACK, 0, payload))

    def _window_update(self, head: FrameHead, payload: bytes) -> None:
        if len(payload) != WORD.size:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a window's update has four bytes")
        more = WORD.unpack(payload)[0] & MOST_WINDOW
        stream = self._streams.get(head.stream)
        if head.stream == 0:
            self._window += more
        elif stream is not None:
            stream.window += more
        if not more or max(self._window, stream.window if stream else 0) > MOST_WINDOW:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a window that large, or not larger, is none")
        self._flush()

    def _reset(self, head: FrameHead) -> None:
        stream = self._streams.get(head.stream)
        if stream is None:
            return
        self._forget(stream)
        self._resets += 1
        if self._resets > MOST_RESETS:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many calls were given up")

    # Heads.

    def _continue(self, head: FrameHead, payload: bytes) -> None:
        if self._block is None or self._block[0].stream != head.stream:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a head goes on that did not begin")
        self._block[1].extend(payload)
        self._pieces += 1
        if len(self._block[1]) > MOST_HEAD or self._pieces > MOST_PIECES:
            raise ConnectionFault(
                Code.ENHANCE_YOUR_CALM, f"a head has at most {MOST_HEAD} bytes and {MOST_PIECES} frames"
            )
        self._headers_ended(head)

    def _headers_ended(self, head: FrameHead) -> None:
        if not head.flags & Flag.END_HEADERS:
            return
        assert self._block is not None, "ended by a frame of it"
        (first, block), self._block = self._block, None
        headers = self._decoded(bytes(block))
        ended = bool(first.flags & Flag.END_STREAM)
        if first.stream in self._streams:
            self._trailers(self._streams[first.stream], ended=ended)
        elif first.stream <= self._newest:
            return  # trailers of a call that is answered already
        elif first.stream % 2 == 0:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a client's streams have odd numbers")
        else:
            self._newest = first.stream
            self._begin(first.stream, headers, ended=ended)

    def _decoded(self, block: bytes) -> Headers:
        references = bool(block) and min(block) >= 0x80 and max(block) < 0xFF
        if references and (known := self._known.get(block)) is not None:
            return known
        try:
            headers = {name: value for name, value, *_ in self._decoder.decode(block, raw=True)}
        except hpack.HPACKError as error:
            raise ConnectionFault(Code.COMPRESSION_ERROR, f"a head can't be read: {error}") from error
        if not references or len(self._known) >= MOST_KNOWN:
            self._known.clear()
        if references:
            self._known[block] = headers
        return headers

    def _begin(self, number: int, headers: Headers, *, ended: bool) -> None:
        if self._stopping or len(self._streams) >= MOST_STREAMS:
            self._transport.write(frame(Kind.RST_STREAM, 0, number, WORD.pack(Code.REFUSED_STREAM)))
            return
        stream = Stream(number, self._desk.now, self._stream_window)
        self._streams[number] = stream
        try:
            stream.call = self._desk.begin(self, stream, headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
            stream.open = not ended
            self._refuse(stream, error)
        else:
            if ended:
                self._ended(stream)

    def _trailers(self, stream: Stream, *, ended: bool) -> None:
        if not ended:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a second head that does not end the call")
        self._ended(stream)

    # Data.

    def _data(self, number: int, piece: bytes) -> None:
        stream = self._streams.get(number)
        self._consume(len(piece), stream)
        if stream is None or stream.call is None:
            return
        try:
            stream.call.feed(piece)
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
            self._refuse(stream, error)

    def _data_ended(self, head: FrameHead) -> None:
        self._head, self._awaited = None, HEADER.size
        stream = self._streams.get(head.stream)
        if stream is not None and head.flags & Flag.END_STREAM:
            self._ended(stream)

    def _consume(self, size: int, stream: Stream | None) -> None:
        """Counts what came against the windows, and opens them again in good time."""
        self._consumed += size
        if self._consumed >= CONNECTION_WINDOW // 2:
            self._transport.write(window_update(0, self._consumed))
            self._consumed = 0
        if stream is not None:
            stream.consumed += size
            if stream.consumed >= STREAM_WINDOW // 2 and stream.call is not None:
                self._transport.write(window_update(stream.number, stream.consumed))
                stream.consumed = 0

    def _ended(self, stream: Stream) -> None:
        stream.open = False
        call, stream.call = stream.call, None
        if call is None:
            return
        stream.began = self._desk.now
        try:
            call.finish()
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
            self.answer(stream, self._desk.refuse(error))

    # Answers.

    def _refuse(self, stream: Stream, error: Exception) -> None:
        """Answers at once, before the rest of the call."""
        call, stream.call = stream.call, None
        if call is not None:
            call.abandon()
        self.answer(stream, self._desk.refuse(error))

    def _flush(self) -> None:
        """Writes the answers there is a window for."""
        out: list[bytes] = []
        while self._waiting:
            stream, answer = self._waiting[0]
            size = len(answer.data)
            if size > min(self._window, stream.window):
                break
            self._waiting.popleft()
            if self._streams.pop(stream.number, None) is None:
                continue
            self._window -= size
            out += answer.frames(stream.number, self._prefix)
            self._prefix = b""
            if stream.open:  # what it still sends is not wanted any more (RFC 9113, section 8.1)
                out.append(frame(Kind.RST_STREAM, 0, stream.number, WORD.pack(Code.NO_ERROR)))
        if out:
            self._resets = max(0, self._resets - len(out))
            self._heard = self._desk.now
            self._transport.write(b"".join(out))
        self._end_if_done()

    def _forget(self, stream: Stream) -> None:
        self._streams.pop(stream.number, None)
        call, stream.call = stream.call, None
        if call is not None:
            call.abandon()

    def _end_if_done(self) -> None:
        if self._stopping and not self._streams:
            self._transport.close()

    def _say_goodbye(self, code: Code, text: str) -> None:
        self._transport.write(frame(Kind.GOAWAY, 0, 0, WORD.pack(self._newest) + WORD.pack(code) + text.encode()))

    def _end(self, code: Code, text: str) -> None:
        if not self._transport.is_closing():
            self._say_goodbye(code, text)
            self._transport.close()
