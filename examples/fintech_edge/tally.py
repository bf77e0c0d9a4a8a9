"""Tally: a plain count of what a service answered, kept apart from everything it is compared with.

It stands outside the instrumented application and shares no code with the instrumentation or the collector: if they
miscount, this does not miscount with them.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Count", "Tally"]

CLIENT_LEFT = 499
NOT_EVENTS = frozenset({429, CLIENT_LEFT})
UNCOUNTED = frozenset({"/healthz", "/metrics", "/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"})
TALLY = "/tally"


@dataclass
class Count:
    """Requests by what they were for the promise: kept, broken, or no event at all.

    `first_bad_at` is in epoch seconds; None while nothing failed.
    """

    good: int = 0
    bad: int = 0
    other: int = 0
    first_bad_at: float | None = None
    statuses: Counter[int] = field(default_factory=Counter)

    def add(self, status: int, at: float) -> None:
        """Counts one answer given at `at`."""
        self.statuses[status] += 1
        if status in NOT_EVENTS:
            self.other += 1
        elif status < 500:
            self.good += 1
        else:
            self.bad += 1
            self.first_bad_at = at if self.first_bad_at is None else min(self.first_bad_at, at)

    def to_json(self) -> str:
        """The count as one JSON object."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> "Count":
        """The count `to_json` wrote."""
        fields = json.loads(text)
        statuses = Counter({int(status): n for status, n in fields.pop("statuses").items()})
        return cls(**fields, statuses=statuses)


class Tally:
    """An ASGI application around a service: counts its answers, shows them at /tally, writes them to `path` at the end.

    /tally is answered here, so it never reaches the service and is never an event.
    """

    def __init__(self, app: ASGIApp, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.count = Count()
        self._app = app
        self._path = path
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers /tally, counts every other request and passes it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._writing(send))
        elif scope["type"] != "http" or scope["path"] in UNCOUNTED:
            await self._app(scope, receive, send)
        elif scope["path"] == TALLY:
            await self._show(send)
        else:
            await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500  # what the server sends when the application raised before it answered
        ended = False

        async def watch_send(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start" and not ended:
                status = message["status"]
            await send(message)
            ended = ended or (message["type"] == "http.response.body" and not message.get("more_body", False))

        async def watch_receive() -> Message:
            nonlocal status, ended
            message = await receive()
            if message["type"] == "http.disconnect" and not ended:
                status, ended = CLIENT_LEFT, True
            return message

        try:
            await self._app(scope, watch_receive, watch_send)
        finally:
            self.count.add(status, self._clock())

    async def _show(self, send: Send) -> None:
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.count.to_json().encode()})

    def _writing(self, send: Send) -> Send:
        async def writing(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                self._path.write_text(self.count.to_json())
            await send(message)

        return writing
