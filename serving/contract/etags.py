"""What need not be sent again: an answer has a tag, and who has seen that one is told so (RFC 9110, sections 8.8 and 13)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_BELOW: Final = "/api/"
_UNCHANGED_KEEPS: Final = frozenset({b"etag", b"cache-control", b"link", b"vary"})
"""What a 304 says again of the 200 it stands for."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """An application whose JSON below /api/ has an `ETag` where it was asked for with GET or HEAD and is there.

    The tag is the digest of the bytes: equal tags are equal answers. Caches ask each time (`no-cache`), as numbers age.
    Answers that come piece by piece, as events do, pass as they are.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} and scope["path"].startswith(_BELOW)
        if not asked:
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Answer(send, Headers(scope=scope).get("if-none-match", "")).send)


@dataclass(slots=True)
class _Answer:
    """An answer on its way: held back until it is whole where it is JSON."""

    onward: Send
    seen: str
    start: Message | None = None
    body: bytes = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _has_a_tag(message):
            self.start = message
        elif self.start is None:
            await self.onward(message)
        else:
            await self._hold(self.start, message)

    async def _hold(self, start: Message, message: Message) -> None:
        self.body += message.get("body", b"")
        if message.get("more_body", False):
            return
        tag = f'"{blake2b(self.body, digest_size=12).hexdigest()}"'
        headers = MutableHeaders(raw=start["headers"])
        headers["ETag"] = tag
        headers["Cache-Control"] = "no-cache"
        unchanged = matches(self.seen, tag)
        await self.onward(_unchanged(start) if unchanged else start)
        await self.onward({"type": "http.response.body", "body": b"" if unchanged else self.body})


def matches(seen: str, tag: str) -> bool:
    """Whether a field `If-None-Match` names a tag, by the weak comparison: `W/` makes no difference; `*` is any."""
    return seen.strip() == "*" or tag in _TAG.findall(seen)


def _has_a_tag(start: Message) -> bool:
    return start["status"] == 200 and Headers(raw=start["headers"]).get("content-type", "") == "application/json"


def _unchanged(start: Message) -> Message:
    """Not modified: no body, and of the headers those that say which answer it is."""
    headers = [each for each in start["headers"] if each[0].lower() in _UNCHANGED_KEEPS]
    return {**start, "status": 304, "headers": headers}
