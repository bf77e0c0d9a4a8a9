"""One bound over everything that is received and not yet answered, whichever door it came through.

Room for a body is taken while it is read, as it grows, and given back once its request is answered: what finds none is refused at once
with a status that asks its sender to come again, before memory grows.
"""

from __future__ import annotations

import threading
from typing import Final

from .errors import Unavailable

MOST_BYTES: Final = 96 * 2**20
"""Some twenty groups of a commit (`writer.MOST_BYTES`): what came on top would wait longer than its sender may, and cost its memory."""

MOST_REQUESTS: Final = 8_192
STEP: Final = 256 * 1024
"""Bytes of a body's room that are taken at once, at most."""


class Room:
    """Bytes and requests taken in and not yet answered. Safe for several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_requests: int = MOST_REQUESTS) -> None:
        self._most_bytes = most_bytes
        self._most_requests = most_requests
        self._lock = threading.Lock()
        self.bytes = 0
        self.requests = 0

    def take(self, size: int, requests: int = 0) -> str:
        """Takes room for `size` bytes more; says why when there is none. An empty room takes anything: nothing is refused for ever."""
        with self._lock:
            full = self.bytes + size > self._most_bytes or self.requests + requests > self._most_requests
            if full and (self.bytes or self.requests):
                return self._refusal()
            self.bytes += size
            self.requests += requests
        return ""

    def give_back(self, size: int, requests: int = 0) -> None:
        """Gives room back."""
        with self._lock:
            self.bytes -= size
            self.requests -= requests

    def refuses(self, size: int) -> str:
        """Why a body of that size would find no room now; empty where it would."""
        return self._refusal() if self.bytes and self.bytes + size > self._most_bytes else ""

    def _refusal(self) -> str:
        return f"{self.requests} requests and {self.bytes} bytes wait to be counted; there is no room for more"


class Reservation:
    """The room of one body while it is read.

    It is never more than twice what came of the body: who announces much and sends little takes little.
    """

    def __init__(self, room: Room, announced: int) -> None:
        self._room = room
        self._held = 0
        self._used = 0
        refusal = room.refuses(announced)
        if refusal:
            raise Unavailable(refusal)

    def hold(self, size: int) -> None:
        """Takes room for that many bytes more; raises Unavailable when there is none."""
        self._used += size
        missing = self._used - self._held
        if missing > 0:
            step = max(missing, min(self._held, STEP))
            refusal = self._room.take(step)
            if refusal:
                raise Unavailable(refusal)
            self._held += step

    def give_back(self) -> None:
        """Gives it back."""
        held, self._held = self._held, 0
        if held:
            self._room.give_back(held)
