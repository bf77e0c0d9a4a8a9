"""Collectors that answer in every way but the right one, and one that does; in a process of their own.

    python collectors.py

prints one JSON object, the port of each kind, and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

ANSWERS: Final = {
    "up": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "503": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "garbage": b"\x00\xff\x16\x03 no HTTP at all\r\n\r\n",
    "hanging": b"",
}

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answer(said: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads one request after the other, and answers each with the same bytes; none at all where there are none."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b":0")
            await reader.readexactly(int(length.split(b":")[1]))
            writer.write(said)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Serves all kinds."""
    ports = {}
    for kind, said in ANSWERS.items():
        server = await asyncio.start_server(partial(answer, said), "127.0.0.1", 0, limit=1 << 26)
        ports[kind] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
