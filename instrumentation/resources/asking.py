"""One small question to somebody on the machine or beside it: no proxy, no redirect, no long answer, and not for long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

MOST: Final = 1 << 20
"""Bytes of an answer; metadata are some thousand."""
OK: Final = 200


class NoAnswer(Exception):
    """Nobody answered, or something else than was asked for; the text says what."""


def document(body: bytes, whose: str) -> Mapping[str, Any]:
    """An answer as a JSON object; `whose` says what it is. Raises `NoAnswer`."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError) as e:
        raise NoAnswer(f"{whose} can't be read: {type(e).__name__}") from e
    if not isinstance(read, dict):
        raise NoAnswer(f"{whose} can't be read: no document")
    return read


def ask(
    url: str, timeout: float, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """What an `http://` address answers. Each step may take `timeout` seconds. Raises `NoAnswer`."""
    import http.client

    try:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise NoAnswer(f"{url!r} is no http address")
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        try:
            connection.request(method, parts.path or "/", body, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read(MOST)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as e:
        raise NoAnswer(f"{url}: {type(e).__name__}") from e
    if answer.status != OK:
        raise NoAnswer(f"{url}: HTTP {answer.status}")
    return content
