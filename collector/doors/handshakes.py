"""TLS connections on their way in: until its handshake is done each has a place among its door's connections, and little time."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from .connection import Connection
from .desk import Desk

PAUSE: Final = 1.0
"""Seconds without letting anybody in where the system has nothing left to do it with."""

logger = logging.getLogger("fournines.collector")


class Handshakes:
    """Lets senders in on a listening socket while `run` runs.

    Where all places are taken, whose handshake began first loses his: honest ones take milliseconds, and a flood of half-open ones
    keeps nobody out. `connection` makes one that is about to be made.
    """

    def __init__(
        self, desk: Desk[Any], connection: Callable[[], Connection[Any]], context: ssl.SSLContext, seconds: float
    ) -> None:
        self._desk = desk
        self._connection = connection
        self._context = context
        self._seconds = seconds

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
                    self._desk.refused("accept")
                    await asyncio.sleep(PAUSE)
                else:
                    self._begin(accepted)
        finally:
            for task in self._desk.shaking.values():
                task.cancel()

    def _begin(self, accepted: socket.socket) -> None:
        if self._desk.places() <= 0 and not self._give_up_oldest():
            self._desk.refused("connections")
            accepted.close()
            return
        connection = self._connection()
        task = asyncio.create_task(self._shake(connection, accepted), name="TLS handshake")
        self._desk.shaking[connection] = task

    def _give_up_oldest(self) -> bool:
        """Makes a place; False where all are connections."""
        if not self._desk.shaking:
            return False
        self._desk.shaking.pop(next(iter(self._desk.shaking))).cancel()
        return True

    async def _shake(self, connection: Connection[Any], accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                lambda: connection, accepted, ssl=self._context, ssl_handshake_timeout=self._seconds
            )
        except asyncio.CancelledError:
            self._desk.refused("handshake")
            raise
        except OSError as error:  # no TLS, no certificate of ours, gone, or out of time
            logger.debug("a TLS handshake failed: %s", error)
            self._desk.refused("handshake")
        finally:
            self._desk.shaking.pop(connection, None)
