"""Services on loopback that answer as their documentation says, or as the test does; they stand in for those that can't be had here."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from fournines.alerts import Attempt, Link, Notification, Notifier

NOW = 1_800_000_000.0


Said = tuple[int, Any] | tuple[int, Any, dict[str, str]]
"""Status, what becomes the body, and headers."""


class Asked(NamedTuple):
    """What it was asked."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


class Service:
    """Answers what `answer` says; `next` answers come before it. Remembers what it was asked."""

    def __init__(self, answer: Callable[[Asked], Said]) -> None:
        self.answer = answer
        self.next: list[Said] = []
        self.asked: list[Asked] = []
        self.url = ""

    def take(self, asked: Asked) -> Said:
        self.asked.append(asked)
        return self.next.pop(0) if self.next else self.answer(asked)


@contextlib.contextmanager
def serving(answer: Callable[[Asked], Said]) -> Iterator[Service]:
    """A service at an address of its own, for the length of a block."""
    service = Service(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            status, said, *headers = service.take(asked)
            content = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in {**(headers[0] if headers else {}), "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_port}"
        yield service
        server.shutdown()
        thread.join()


@pytest.fixture
def service() -> Iterator[Callable[[Callable[[Asked], Said]], Service]]:
    """Starts services, and ends them with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda answer: stack.enter_context(serving(answer))


@pytest.fixture
def sent() -> Callable[..., list[Attempt]]:
    """Sends messages one after the other by one notifier, each with the reference that the first ones gave; closes it."""

    def send(notifier: Notifier, *notifications: Notification, reference: str | None = None) -> list[Attempt]:
        async def main() -> list[Attempt]:
            known, attempts = reference, []
            for notification in notifications:
                attempts.append(await notifier.send(notification, NOW, known))
                known = known or attempts[-1].reference
            await notifier.close()
            return attempts

        return asyncio.run(main())

    return send


@pytest.fixture
def incident(message) -> Callable[..., Notification]:
    """A message with facts and links: a trigger unless told otherwise."""

    def make(action=None, **changes: Any) -> Notification:
        one = message(ended=NOW + 600 if action is not None and action.value == "resolve" else None)
        found = replace(
            one,
            details={"Top route": "POST /payments: 96 of 120", "Version": "1.4.2 <canary> & more"},
            links=(Link("Runbook", "https://runbooks.example/a"), Link("Trace", "https://x/t?a=1&b=2")),
        )
        return replace(found, **({} if action is None else {"action": action}), **changes)

    return make
