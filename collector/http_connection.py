"""One connection of HTTP/1.1: framing, order, time and size. What requests mean is not known here.

Requests may follow one another without waiting; each is handed on as soon as it is whole, and answered in its turn. Beyond
`MOST_WAITING` unanswered ones, and while the other end does not read its answers, nothing more is read from the connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, Final, Protocol

import httptools

from .access import Peer, peer_of
from .door import Connection
from .errors import BadRequest, CollectorError, Unavailable
from .http_answer import CONTINUE, Answer
from .pace import Pace
from .request_head import Head

logger = logging.getLogger(__name__)

MOST_WAITING: Final = 16
MOST_HEAD: Final = 64 * 1024
"""Bytes a head may have, and whatever else is no body in a row: trailers, say, or a chunk's extensions."""

LINGER: Final = 256 * 1024 * 1024
"""Bytes that are still read, and dropped, after a refusal: a sender that is busy writing sees the answer, not a reset connection."""

SMALL: Final = 2**20
"""A refused body that says it is no larger is read to its end, so that the connection can go on."""

_TOO_MUCH: Final = f"the request's head, or what stands between or behind its body, has more than {MOST_HEAD} bytes"


class Exchange(Protocol):
    """One request on its way in."""

    def feed(self, data: bytes) -> None:
        """Takes the body's next bytes; raises CollectorError."""

    def finish(self) -> None:
        """The body is whole; the answer comes by `HttpConnection.answer`. Raises CollectorError."""

    def abandon(self) -> None:
        """The body will not become whole."""


class Turn:
    """One request's place in the order of answers. `exchange` is there while the body is read."""

    __slots__ = ("answer", "exchange", "head", "keep")

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.exchange: Exchange | None = None
        self.head: Head | None = None
        self.keep = True

    def wire(self, date: bytes) -> bytes:
        """The answer's bytes."""
        assert self.answer is not None, "asked for once it is there"
        bare = self.head is not None and self.head.method == b"HEAD"
        return self.answer.wire(date, keep=self.keep, bare=bare)


class Desk(Protocol):
    """What a connection asks of the door it came through."""

    @property
    def pace(self) -> Pace:
        """How long it may take its time."""

    @property
    def now(self) -> float:
        """Seconds of the loop's clock."""

    @property
    def date(self) -> bytes:
        """The date for answers."""

    def opened(self, connection: Connection) -> str:
        """A connection came; why it can't stay, empty where it can."""

    def closed(self, connection: Connection) -> None:
        """A connection went."""

    def received(self, size: int) -> None:
        """Bytes came."""

    def begin(self, connection: HttpConnection, turn: Turn, head: Head) -> Exchange:
        """A request begins; raises Refused or CollectorError for one that is refused by its head."""

    def refuse(self, error: Exception, head: Head | None) -> Answer:
        """The answer that a refusal means, which is counted."""


class HttpConnection(Connection):
    """See the module. The door looks in by `overdue` every now and then: silence has no event of its own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: Any = None
        self._turns: deque[Turn] = deque()
        """Requests that are not answered, the oldest first; the last one may still be read."""
        self._reading: Turn | None = None
        """The request that is read; it may be refused already, and then the rest of it is dropped."""
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._bare_bytes = 0
        """Bytes since there was a body's last one, or a request's first."""
        self._passing_over = False
        self._last = False
        """No request follows those of `_turns`."""
        self._lingers = False
        """All is answered; what still comes is dropped."""
        self._dropped = 0
        self._blocked = False
        self._held_back = False
        self._peer: Peer | None = None
        self._heard = self._began = desk.now

    # The transport's events.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        self._transport = transport
        refusal = self._desk.opened(self)
        if refusal:
            self._fault(Unavailable(refusal))

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._desk.received(len(data))
        self._heard = self._desk.now
        if self._last:
            self._drop(len(data))
            return
        self._bare_bytes += len(data)
        self._feed(data)
        self._bound_bare()
        if len(self._turns) > MOST_WAITING:
            self._hold_back()

    def eof_received(self) -> bool:
        """The other end writes no more. What it sent whole is still answered."""
        self._give_up()
        self._last = True
        if self._turns:
            self._turns[-1].keep = False
        # TLS has no half-closed connections.
        return bool(self._turns) and self._transport.can_write_eof()

    def connection_lost(self, error: Exception | None) -> None:
        """It is over, whoever ended it. What was handed on is counted all the same."""
        self._give_up()
        self._turns.clear()
        self._last = True
        self._desk.closed(self)

    def pause_writing(self) -> None:
        """The other end does not read."""
        self._blocked = True
        self._hold_back()

    def resume_writing(self) -> None:
        """It reads again."""
        self._blocked = False
        self._let_on()

    # The parser's events.

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._last or self._passing_over:
            return
        self._reading = self._new_turn()
        # The bytes it begins in may hold requests before it: they are counted from the next ones on.
        self._url, self._headers, self._head_bytes, self._bare_bytes = b"", {}, 0, 0
        self._began = self._desk.now

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        if not self._passing_over:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, whole; one behind the body says nothing that is asked here."""
        self._head_bytes += len(name) + len(value)
        if (
            self._passing_over
            or self._head_bytes > MOST_HEAD
            or self._reading is None
            or self._reading.head is not None
        ):
            return
        name = name.lower()
        known = self._headers.get(name)
        self._headers[name] = value if known is None else known + b", " + value

    def on_headers_complete(self) -> None:
        """The head is whole."""
        turn = self._reading
        if turn is None or self._passing_over:
            return
        turn.head = Head(self._parser.get_method(), self._url, self._headers)
        turn.keep = self._parser.should_keep_alive()
        try:
            self._bound_head()
            turn.exchange = self._desk.begin(self, turn, turn.head)
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
            self._refuse(turn, error)
        else:
            if self._headers.get(b"expect", b"").lower() == b"100-continue" and self._turns[0] is turn:
                self._transport.write(CONTINUE)

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._bare_bytes = 0
        turn = self._reading
        if turn is None or turn.exchange is None:
            self._drop(len(data))
            return
        try:
            turn.exchange.feed(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
            self._refuse(turn, error)

    def on_message_complete(self) -> None:
        """The body is whole."""
        if self._parser.should_upgrade():
            return  # so says the parser where it stops; see `_pass_over_offer`
        turn, self._reading = self._reading, None
        if turn is None:
            return
        self._last = self._last or not turn.keep
        if turn.exchange is not None:
            exchange, turn.exchange = turn.exchange, None
            try:
                exchange.finish()
            except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
                self.answer(turn, self._desk.refuse(error, turn.head))

    # What the door asks.

    @property
    def peer(self) -> Peer:
        """The other end."""
        if self._peer is None:
            self._peer = peer_of(self._transport)
        return self._peer

    def answer(self, turn: Turn, answer: Answer) -> None:
        """Answers a request in its turn."""
        if turn.answer is None:
            turn.answer = answer
            self._flush()

    def overdue(self) -> None:
        """Ends what has been silent for too long, and asks it to come again where it is in the middle of a request."""
        pace, silent = self._desk.pace, self._desk.now - self._heard
        if self._blocked or self._lingers:
            if silent > pace.silence:
                self._transport.abort()
        elif self._held_back:
            return
        elif self._reading is not None:
            head = self._reading.head is None and self._desk.now - self._began > pace.silence
            if silent > pace.silence or head or self._desk.now - self._began > pace.request:
                self._fault(Unavailable("the rest of the request did not come in time; send it again"))
        elif self._turns:
            if silent > pace.commit:
                error = Unavailable(f"not committed within {pace.commit:g} seconds; send it again")
                self._turns[0].keep = False
                self.answer(self._turns[0], self._desk.refuse(error, self._turns[0].head))
        elif silent > pace.idle:
            self._transport.close()

    def stop(self) -> None:
        """The door closes: answers what is under way, and ends as soon as there is nothing."""
        if self._turns:
            self._turns[-1].keep = False
            self._last = self._reading is None
        else:
            self._transport.close()

    def abort(self) -> None:
        """Ends at once."""
        self._transport.abort()

    # Inside.

    def _bound_head(self) -> None:
        if self._head_bytes > MOST_HEAD:
            raise BadRequest(_TOO_MUCH)

    def _bound_bare(self) -> None:
        if self._reading is not None and self._bare_bytes > MOST_HEAD:
            self._fault(BadRequest(_TOO_MUCH))

    def _feed(self, data: bytes) -> None:
        while data:
            data = self._fed(data)

    def _fed(self, data: bytes) -> bytes:
        """Has the parser read; gives what it left, because it stopped at an offer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._pass_over_offer()
            return data[upgrade.args[0] :]
        except httptools.HttpParserCallbackError:
            logger.exception("a connection is given up: a fault of the collector's own")
            self._transport.abort()
        except httptools.HttpParserError as error:
            if not self._last:
                self._fault(BadRequest(f"this is no HTTP/1.1: {error}"))
        return b""

    def _pass_over_offer(self) -> None:
        """Goes on in HTTP/1.1 where a sender offers h2c with its request, as some do with their first.

        The parser stops before such a request's body; another one reads on, from a head that offers nothing.
        """
        self._parser = httptools.HttpRequestParser(self)
        framing = [
            name + b": " + value + b"\r\n"
            for name, value in self._headers.items()
            if name in (b"content-length", b"transfer-encoding")
        ]
        self._passing_over = True
        self._parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(framing) + b"\r\n")
        self._passing_over = False

    def _refuse(self, turn: Turn, error: Exception) -> None:
        """Answers at once, before the rest of the body; a large rest is not waited for."""
        if turn.exchange is not None:
            turn.exchange.abandon()
            turn.exchange = None
        length = turn.head.length if turn.head is not None else None
        turn.keep = turn.keep and length is not None and length <= SMALL
        self.answer(turn, self._desk.refuse(error, turn.head))

    def _fault(self, error: CollectorError) -> None:
        """Refuses what can't go on, and ends the connection after the answers before."""
        self._last = True
        turn = self._reading or self._new_turn()
        if turn.answer is not None:
            self._transport.close()
            return
        turn.keep = False
        self._refuse(turn, error)

    def _new_turn(self) -> Turn:
        turn = Turn()
        self._turns.append(turn)
        return turn

    def _give_up(self) -> None:
        """Forgets the request that was being read."""
        turn, self._reading = self._reading, None
        if turn is not None and turn.answer is None:
            self._turns.remove(turn)
            if turn.exchange is not None:
                turn.exchange.abandon()

    def _flush(self) -> None:
        """Writes the answers whose turn it is."""
        out: list[bytes] = []
        going = True
        while going and self._turns and self._turns[0].answer is not None:
            turn = self._turns.popleft()
            out.append(turn.wire(self._desk.date))
            going = turn.keep
        if out:
            self._heard = self._desk.now
            self._transport.write(b"".join(out))
        if not going:
            self._end()
        elif self._held_back:
            self._let_on()

    def _end(self) -> None:
        """All is said. Where more of a body is on its way the other end is let finish, or it would not see the answer."""
        self._turns.clear()
        self._last = True
        if self._reading is None:
            self._transport.close()
            return
        self._lingers = True
        self._let_on()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _drop(self, size: int) -> None:
        self._dropped += size
        if self._dropped > LINGER:
            self._transport.abort()

    def _hold_back(self) -> None:
        if not self._held_back and not self._transport.is_closing():
            self._held_back = True
            self._transport.pause_reading()

    def _let_on(self) -> None:
        few = len(self._turns) <= MOST_WAITING // 2
        if self._held_back and not self._blocked and few and not self._transport.is_closing():
            self._held_back = False
            self._heard = self._desk.now
            self._transport.resume_reading()
