"""Senders that keep the collector busy, and what they were told."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from collections import Counter

HEAD = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n%sContent-Length: %d\r\n\r\n"
PATIENCE = 60
"""Seconds a sender waits for an answer."""


class Told:
    """What senders were told: items acknowledged, and answers by status."""

    def __init__(self):
        self.sent = self.acknowledged = 0
        self.statuses = Counter()
        self.unkind = 0
        """Refusals for want of room that do not say when to come again."""

    def note(self, status, head, items):
        """One answer."""
        self.statuses[status] += 1
        self.acknowledged += items if status == "200" else 0
        self.unkind += status in ("429", "503") and b"\r\nretry-after: " not in head.lower()

    @property
    def broken(self):
        """How many requests were never answered."""
        return sum(count for status, count in self.statuses.items() if not status.isdigit())

    @property
    def refused(self):
        """How many requests were refused or broken off, by status."""
        return {status: count for status, count in sorted(self.statuses.items()) if status != "200"}


def request(body, path=b"/v1/traces", headers=b""):
    """The bytes of a request."""
    return HEAD % (path, headers, len(body)) + body


class Sender:
    """One kept connection, made anew where it was ended."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def send(self, wire, items, told):
        """Sends one request and notes its answer."""
        told.sent += 1
        try:
            async with asyncio.timeout(PATIENCE):
                if self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
                self.writer.write(wire)
                status, head, keep = await answer(self.reader)
            told.note(status, head, items)
            if not keep:
                self.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            told.statuses[type(error).__name__] += 1
            self.close()

    def close(self):
        """Ends the connection."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None


async def answer(reader):
    """One answer: its status, its head, and whether another request may follow."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
    await reader.readexactly(length)
    return head[9:12].decode(), head, b"connection: close" not in lines


async def closed_loop(port, requests, connections, seconds, told):
    """As many senders as connections, each waiting for its answer before it sends the next of `requests` (wire, items)."""
    deadline = time.monotonic() + seconds

    async def work():
        sender = Sender(port)
        with contextlib.closing(sender):
            for wire, items in requests:
                await sender.send(wire, items, told)
                if time.monotonic() > deadline:
                    return

    await asyncio.gather(*(work() for _ in range(connections)))


async def open_loop(port, requests, connections, seconds, told):
    """Senders that do not wait for answers before they send more."""
    deadline = time.monotonic() + seconds

    async def work():
        while time.monotonic() < deadline:
            under_way = []
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
            except OSError as error:
                told.statuses[type(error).__name__] += 1
                await asyncio.sleep(0.1)
                continue
            listening = asyncio.create_task(listen(reader, under_way))
            with contextlib.suppress(OSError):
                for wire, items in requests:
                    if listening.done() or time.monotonic() > deadline:
                        break
                    told.sent += 1
                    under_way.append(items)
                    writer.write(wire)
                    await writer.drain()
                    await asyncio.sleep(0)
            with contextlib.suppress(OSError):
                writer.write_eof()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(listening, PATIENCE)
            told.statuses["unanswered"] += len(under_way)
            writer.close()

    async def listen(reader, under_way):
        keep = True
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while keep:
                status, head, keep = await answer(reader)
                told.note(status, head, under_way.pop(0))

    await asyncio.gather(*(work() for _ in range(connections)))


def many_files():
    """Lets this process have many connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
