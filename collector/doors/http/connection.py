"""One connection of HTTP/1.1: order, time and size. What requests mean is not known here.

Requests may follow one another without waiting; each is handed on as soon as it is whole, and answered in its turn. Beyond
`MOST_WAITING` unanswered ones, and while the other end does not read its answers, nothing more is read from the connection.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final, Protocol

from ...errors import BadRequest, CollectorError, Unavailable
from ..connection import LATE, Connection
from ..desk import MOST_AT_ONCE, Desk
from ..exchange import Exchange
from .answer import CONTINUE, Answer
from .head import Head
from .reader import TOO_MUCH, BodyPiece, RequestBegun, RequestEnded, RequestEvent, RequestHeaded, RequestReader
from .turn import Turn

MOST_WAITING: Final = 16

STRETCH: Final = 16 * 1024
"""Bytes that are looked at in one go where a request may begin: they could be fifty."""

AT_ONCE: Final = 4 * STRETCH
"""Bytes that are read at a time where they may be requests, for which there is no turn yet."""

LINGER: Final = 256 * 1024 * 1024
"""Bytes that are still read, and dropped, after a refusal: a sender that is busy writing sees the answer, not a reset connection."""

SMALL: Final = 2**20
"""A refused body that says it is no larger is read to its end, so that the connection can go on."""

_NOTHING: Final = memoryview(b"")


class HttpReceiver(Protocol):
    """What a connection asks of the door it came through."""

    def begin(self, connection: HttpConnection, turn: Turn, head: Head) -> Exchange:
        """A request begins; raises RequestRefused or CollectorError for one that is refused by its head."""

    def refuse(self, error: Exception, head: Head | None) -> Answer:
        """The answer that a refusal means, which is counted."""


class HttpConnection(Connection[Turn]):
    """See the module."""

    def __init__(self, desk: Desk[Any], receiver: HttpReceiver) -> None:
        super().__init__(desk)
        self._receiver = receiver
        self._reader = RequestReader()
        self._turns: deque[Turn] = deque()
        """Requests that are not answered, the oldest first; the last one may still be read."""
        self._reading: Turn | None = None
        """The request that is read; it may be refused already, and then the rest of it is dropped."""
        self._last = False
        """No request follows those of `_turns`."""
        self._lingers = False
        """All is answered; what still comes is dropped."""
        self._dropped = 0
        self._unread: memoryview = _NOTHING
        """What came and is not read yet, because too many requests wait, or answers are not taken."""
        self._rest = 0
        """Bytes that the body being read has still to come."""
        self._began = desk.now
        """When what is read, or dropped, began."""

    def eof_received(self) -> bool:
        """The other end writes no more. What it sent whole is still answered."""
        self._give_up()
        self._last = True
        if self._turns:
            self._turns[-1].keep = False
        # TLS has no half-closed connections.
        return bool(self._turns) and bool(self._transport.can_write_eof())

    # What the door asks.

    def answer(self, turn: Turn, answer: Answer) -> None:
        """Answers a request in its turn."""
        if turn.answer is None:
            turn.answer = answer
            self._flush()

    def stop(self) -> None:
        """The door closes: answers what is under way, and ends as soon as there is nothing."""
        if self._turns:
            self._turns[-1].keep = False
            self._last = self._reading is None
        else:
            self._transport.close()

    # What the reader says.

    def _hear(self, event: RequestEvent) -> None:
        match event:
            case BodyPiece():
                self._body(event.piece)
            case RequestBegun():
                self._begun()
            case RequestHeaded():
                self._headed(event)
            case RequestEnded():
                self._ended()

    def _begun(self) -> None:
        if not self._last:
            self._reading = self._new_turn()
            self._began = self._desk.now

    def _headed(self, headed: RequestHeaded) -> None:
        turn, head = self._reading, headed.head
        if turn is None:
            return  # it is not wanted any more
        turn.head, turn.keep = head, headed.keep
        self._rest = head.length or 0
        offers_more = head.headers.get(b"expect", b"").lower() == b"100-continue"
        if self._attempt(turn, self._begin, turn, headed) and offers_more and self._turns[0] is turn:
            self._transport.write(CONTINUE)

    def _body(self, piece: bytes) -> None:
        turn = self._reading
        self._rest -= len(piece)
        if turn is None or turn.exchange is None:
            self._drop(len(piece))
        else:
            self._attempt(turn, turn.exchange.feed, piece)

    def _ended(self) -> None:
        turn, self._reading = self._reading, None
        if turn is not None:
            self._last = self._last or not turn.keep
            self._finish(turn)

    def _begin(self, turn: Turn, headed: RequestHeaded) -> None:
        if headed.too_large:
            raise BadRequest(TOO_MUCH)
        turn.exchange = self._receiver.begin(self, turn, headed.head)

    # Coming in.

    def _at_once(self) -> int:
        return min(max(AT_ONCE, self._rest), MOST_AT_ONCE)

    def _take(self, data: memoryview) -> None:
        self._unread = data
        self._read_on()
        if self._unread:
            self._unread = memoryview(bytes(self._unread))

    def _read_on(self) -> None:
        while self._unread and not self._held_back:
            stretch = max(STRETCH, self._rest)
            data, self._unread = self._unread[:stretch], self._unread[stretch:]
            self._read(data)
            if len(self._turns) > MOST_WAITING:
                self._hold_back()

    def _read(self, data: memoryview) -> None:
        if self._last:
            self._drop(len(data))
            return
        try:
            for event in self._reader.read(data):
                self._hear(event)
        except BadRequest as error:
            if not self._last:
                self._fault(error)
        if self._reading is not None and self._reader.rambles:
            self._fault(BadRequest(TOO_MUCH))

    def _new_turn(self) -> Turn:
        turn = Turn()
        self._turns.append(turn)
        return turn

    def _drop(self, size: int) -> None:
        self._dropped += size
        if self._dropped > LINGER:
            self._transport.abort()

    def _may_go_on(self) -> bool:
        return len(self._turns) <= MOST_WAITING // 2

    def _let_on(self) -> None:
        held = self._held_back
        super()._let_on()
        if held:
            self._guarded(self._read_on)

    # Going wrong.

    def _turn_away(self, refusal: str) -> None:
        self._fault(Unavailable(refusal))

    def _break_off(self) -> None:
        self._transport.abort()

    def _refuse(self, pending: Turn, error: Exception) -> None:
        """Answers at once; a large rest of the body is not waited for."""
        pending.give_up()
        if pending is self._reading:
            length = pending.head.length if pending.head is not None else None
            pending.keep = pending.keep and length is not None and length <= SMALL
        self.answer(pending, self._receiver.refuse(error, pending.head))

    def _fault(self, error: CollectorError) -> None:
        """Refuses what can't go on, and ends the connection after the answers before."""
        self._last = True
        turn = self._reading or self._new_turn()
        if turn.answer is not None:
            self._transport.close()
            return
        turn.keep = False
        self._refuse(turn, error)

    def _give_up(self) -> None:
        """Forgets the request that was being read."""
        turn, self._reading = self._reading, None
        if turn is not None and turn.answer is None:
            self._turns.remove(turn)
            turn.give_up()

    def _forget_all(self) -> None:
        self._give_up()
        self._turns.clear()
        self._unread = _NOTHING
        self._last = True

    # Being late.

    def _look(self, silent: float) -> None:
        pace, age = self._desk.pace, self._desk.now - self._began
        if self._held_back:
            return
        if self._lingers:
            if pace.is_late(silent, age):
                self._transport.abort()
        elif self._reading is not None:
            slow_head = self._reading.head is None and age > pace.silence
            if slow_head or pace.is_late(silent, age):
                self._fault(Unavailable(LATE))
        elif self._turns:
            if silent > pace.commit:
                self._answer_late(self._turns[0])
        elif silent > pace.idle:
            self._transport.close()

    def _answer_late(self, turn: Turn) -> None:
        turn.keep = False
        self._refuse(turn, Unavailable(f"not committed within {self._desk.pace.commit:g} seconds; send it again"))

    # Going out.

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
        self._began = self._desk.now
        self._let_on()
        if self._transport.can_write_eof():
            self._transport.write_eof()
