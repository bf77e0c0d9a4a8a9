"""TLS connections on their way in: until its handshake is done each has a place among its door's connections, and little time."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from typing import Any, Final, Protocol

from .connection import Connection

PAUSE: Final = 1.0
"""Seconds without letting anybody in where the system has nothing left to do it with."""

logger = logging.getLogger("fournines.collector")


class Hall(Protocol):
    """What handshakes ask of their door."""

    def connection(self) -> Connection[Any]:
        """A connection that is about to be made."""

    def places(self) -> int:
        """How many connections more there may be, those that shake hands included."""

    def turned_away(self, reason: str) -> None:
        """Somebody got no connection."""


class Handshakes:
    """Lets senders in on a listening socket while `run` runs.

    Where all places are taken, whose handshake began first loses his: honest ones take milliseconds, and a flood of half-open ones
    keeps nobody out.
    """

    def __init__(self, hall: Hall, context: ssl.SSLContext, seconds: float) -> None:
        self._hall = hall
        self._context = context
        self._seconds = seconds
        self._under_way: dict[Connection[Any], asyncio.Task[None]] = {}
        """The oldest first."""

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._under_way)

    def done(self, connection: Connection[Any]) -> None:
        """A connection is made: from now on it counts as one."""
        self._under_way.pop(connection, None)

    async def run(self, listening: socket.socket) -> None:
        """Accepts until it is cancelled; what is under way then is ended."""
        listening.settimeout(0)
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    accepted, _ = await loop.sock_accept(listening)
                except ConnectionAbortedError:
                    continue  # it went before it was let in
                except OSError as error:
                    logger.warning("nobody can be let in for now: %s", error)
                    self._hall.turned_away("accept")
                    await asyncio.sleep(PAUSE)
                else:
                    self._begin(accepted)
        finally:
            for task in self._under_way.values():
                task.cancel()

    def _begin(self, accepted: socket.socket) -> None:
        if self._hall.places() <= 0 and not self._give_up_oldest():
            self._hall.turned_away("connections")
            accepted.close()
            return
        connection = self._hall.connection()
        task = asyncio.create_task(self._shake(connection, accepted), name="TLS handshake")
        self._under_way[connection] = task

    def _give_up_oldest(self) -> bool:
        """Makes a place; False where all are connections."""
        if not self._under_way:
            return False
        self._under_way.pop(next(iter(self._under_way))).cancel()
        return True

    async def _shake(self, connection: Connection[Any], accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                lambda: connection, accepted, ssl=self._context, ssl_handshake_timeout=self._seconds
            )
        except asyncio.CancelledError:
            self._hall.turned_away("handshake")
            raise
        except OSError as error:  # no TLS, no certificate of ours, gone, or out of time
            logger.debug("a TLS handshake failed: %s", error)
            self._hall.turned_away("handshake")
        finally:
            self._under_way.pop(connection, None)
