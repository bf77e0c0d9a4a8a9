"""What the connections of every door have in common: who is at the other end, how long it was silent, and when it is not read from."""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from .access import Peer, peer_of
from .desk import MOST_AT_ONCE, Desk
from .pending import Pending

P = TypeVar("P", bound=Pending)

LATE: Final = "the rest of the request did not come in time; send it again"

logger = logging.getLogger("fournines.collector")


class Connection(asyncio.BufferedProtocol, Generic[P]):
    """The door looks in by `overdue` every now and then: silence has no event of its own."""

    def __init__(self, desk: Desk[Any]) -> None:
        self._desk = desk
        self._transport: Any = None
        self._peer: Peer | None = None
        self._heard = desk.now
        """When something last came, was answered, or could come again."""
        self._taken = desk.now
        """When the other end last took an answer, or had none to take. What it sends meanwhile is no sign that it will."""
        self._blocked = False
        """The other end does not read its answers."""
        self._held_back = False
        """Nothing is read from it."""

    # The transport's events.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        self._transport = transport
        refusal = self._desk.opened(self)
        if refusal:
            self._turn_away(refusal)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        del sizehint  # the transport's own guess
        return self._desk.buffer[: self._at_once()]

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came."""
        self._desk.received(nbytes)
        self._heard = self._desk.now
        self._guarded(self._take, self._desk.buffer[:nbytes])

    def connection_lost(self, error: Exception | None) -> None:
        """It is over, whoever ended it. What was handed on is counted all the same."""
        self._forget_all()
        self._desk.closed(self)

    def pause_writing(self) -> None:
        """The other end does not read, so that nothing more is read from it."""
        self._blocked = True
        self._taken = self._desk.now
        self._hold_back()

    def resume_writing(self) -> None:
        """It reads again."""
        self._blocked = False
        self._let_on()

    # What the door asks.

    @property
    def peer(self) -> Peer:
        """The other end."""
        if self._peer is None:
            self._peer = peer_of(self._transport)
        return self._peer

    def overdue(self) -> None:
        """Ends what has been silent, or has left its answers lying, for too long.

        What is in the middle of a request is asked to come again.
        """
        now = self._desk.now
        if self._has_answers_to_take() and now - self._taken > self._desk.pace.silence:
            self._transport.abort()
        else:
            self._look(0.0 if self._held_back else now - self._heard)

    @abstractmethod
    def stop(self) -> None:
        """The door closes: answers what is under way, and ends as soon as there is nothing."""

    def abort(self) -> None:
        """Ends at once."""
        self._transport.abort()

    # Each protocol's own.

    @abstractmethod
    def _turn_away(self, refusal: str) -> None:
        """There is no place for it."""

    def _at_once(self) -> int:
        """How many bytes are read at a time."""
        return MOST_AT_ONCE

    @abstractmethod
    def _take(self, data: memoryview) -> None:
        """The next bytes. They are others as soon as this returns."""

    @abstractmethod
    def _refuse(self, pending: P, error: Exception) -> None:
        """Answers a request at once, before the rest of it."""

    @abstractmethod
    def _break_off(self) -> None:
        """The collector's own fault: nothing is known of what comes next."""

    @abstractmethod
    def _forget_all(self) -> None:
        """None of its requests is answered any more; those half read are abandoned."""

    def _has_answers_to_take(self) -> bool:
        """Whether answers wait for the other end to read them."""
        return self._blocked

    @abstractmethod
    def _look(self, silent: float) -> None:
        """Nothing came for `silent` seconds, though it could: ends what is overdue."""

    def _may_go_on(self) -> bool:
        """Whether more may be read as soon as the other end reads."""
        return True

    # Inside.

    def _guarded(self, read: Callable[..., None], *args: Any) -> None:
        """Reads what came; where that fails nothing of the connection is believed any more."""
        try:
            read(*args)
        except Exception:
            self._desk.on_fault()
            logger.exception("a connection is given up: a fault of the collector's own")
            self._break_off()

    def _attempt(self, pending: P, step: Callable[..., None], *args: Any) -> bool:
        """One step of a request, and whether it went well."""
        try:
            step(*args)
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
            self._refuse(pending, error)
            return False
        return True

    def _finish(self, pending: P) -> None:
        """A request is whole."""
        exchange = pending.exchange
        if exchange is not None and self._attempt(pending, exchange.finish):
            pending.exchange = None

    def _hold_back(self) -> None:
        if not self._held_back and not self._transport.is_closing():
            self._held_back = True
            self._transport.pause_reading()

    def _let_on(self) -> None:
        if self._held_back and not self._blocked and self._may_go_on() and not self._transport.is_closing():
            self._held_back = False
            # Nobody is silent while nothing is read from him. It is no new leave to take his time: requests are still judged by
            # their age, and what keeps answers lying is ended whatever it sends.
            self._heard = self._desk.now
            self._transport.resume_reading()
