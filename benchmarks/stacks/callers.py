"""Callers of services, each at a steady rate over one connection, whose requests begin to fail at a moment of their own."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

_ASKED = b"GET /pay?fail=%d HTTP/1.1\r\nHost: pay.example\r\n\r\n"


@dataclass
class Caller:
    """Calls the service on `port` `rate` times a second; from `fails_at` (epoch seconds) on `share` of its calls fail, evenly spread.

    `first_failure` is when the first of these was sent, `answered` how many calls were answered, `failed` how many of them with 500.
    """

    service: str
    port: int
    rate: int
    share: float
    fails_at: float
    first_failure: float | None = None
    answered: int = 0
    failed: int = 0
    _due: float = field(default=0.0)

    async def run(self) -> None:
        """Calls until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        began = time.time()
        try:
            for number in range(10**9):
                await asyncio.sleep(max(0.0, began + number / self.rate - time.time()))
                await self._call(reader, writer)
        finally:
            writer.close()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fails = self._fails()
        if fails and self.first_failure is None:
            self.first_failure = time.time()
        writer.write(_ASKED % fails)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length: 0" in head.lower(), head
        assert (b" 500 " in head.split(b"\r\n", 1)[0]) is fails, head
        self.answered += 1
        self.failed += fails

    def _fails(self) -> bool:
        """Every 1/share-th, the first at once."""
        if time.time() < self.fails_at:
            return False
        fails, self._due = self._due <= 0, self._due - 1
        if fails:
            self._due += 1 / self.share
        return fails
