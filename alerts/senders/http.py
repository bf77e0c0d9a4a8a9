"""What all senders over HTTP share: a request within five seconds, its answer judged, and nothing of its path shown."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx

from ..errors import InvalidReceiver
from ..notifier import DELIVERED, Attempt, Outcome

TIMEOUT_SECONDS: Final = 5.0
RETRIED: Final = frozenset({408, 425, 429})
"""Refusals that time mends; with these every 5xx is tried again, and every other 4xx is not."""

_READ_LIMIT: Final = 65_536
_JSON: Final = {"content-type": "application/json; charset=utf-8"}
_ENVIRONMENT: Final = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE or SSL_CERT_DIR"
_ALWAYS: Final = {"user-agent": "fournines", "accept-encoding": "identity"}


class Answer(NamedTuple):
    """What came back: what it means by its status alone, the status (None where nobody answered), and the beginning of its body."""

    attempt: Attempt
    status: int | None = None
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The object that the body is; empty where it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class HttpSender:
    """Connections to receivers. Redirects are not followed: they would carry pages to strangers. Certificates are verified."""

    def __init__(self) -> None:
        """Connects as the environment says. `InvalidReceiver` where it can't; the text shows none of it: proxies have passwords."""
        try:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            raise InvalidReceiver(
                f"senders can't use what the environment says in {_ENVIRONMENT} ({type(error).__name__}); proxies are http or https"
            ) from error
        logging.getLogger("httpx").addFilter(_hide_paths)

    async def close(self) -> None:
        """Closes them."""
        await self._client.aclose()

    async def post(self, url: str, content: object, now: float, headers: Mapping[str, str] | None = None) -> Answer:
        """Posts what becomes JSON."""
        return await self.request("POST", url, now, json.dumps(content).encode(), {**_JSON, **(headers or {})})

    async def request(
        self, method: str, url: str, now: float, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request within 5 seconds in all. Whatever goes wrong is an answer without status, to be tried again."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._requested(method, url, now, body, {**_ALWAYS, **(headers or {})})
        except (TimeoutError, httpx.TimeoutException):
            return Answer(Attempt(Outcome.RETRY, f"no answer within {TIMEOUT_SECONDS:g} s"))
        except httpx.HTTPError as error:
            return Answer(Attempt(Outcome.RETRY, f"no connection to {origin(url)} ({type(error).__name__})"))

    async def _requested(self, method: str, url: str, now: float, body: bytes, headers: Mapping[str, str]) -> Answer:
        async with self._client.stream(method, url, content=body, headers=headers) as response:
            read = bytearray()
            async for chunk in response.aiter_raw():  # read to its end, so that the connection can be used again
                read += chunk
                if len(read) > _READ_LIMIT:
                    break
            attempt = judge(response.status_code, response.headers.get("retry-after"), now)
            return Answer(attempt, response.status_code, bytes(read))


def judge(status: int, retry_after: str | None, now: float) -> Attempt:
    """What a status code means for the message that was answered with it."""
    if 200 <= status < 300:
        return DELIVERED
    if status in RETRIED or status >= 500:
        return Attempt(Outcome.RETRY, f"answered {status}", _seconds(retry_after, now))
    if 300 <= status < 400:
        return Attempt(Outcome.REJECTED, f"answered {status}; redirects are not followed")
    return Attempt(Outcome.REJECTED, f"answered {status}")


def _seconds(retry_after: str | None, now: float) -> float | None:
    """Retry-After (RFC 9110, section 10.2.3): seconds or a date; None when it says neither."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after.strip()[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())


def checked(url: str, name: str) -> str:
    """The URL itself. `InvalidReceiver` unless it is http(s) with a host; the text does not show it."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        sound = False
    if not sound:
        raise InvalidReceiver(f"the URL of receiver {name} is no http or https address")
    return url


def origin(url: str) -> str:
    """What of a URL may be shown: scheme, host and port. Tokens stand in paths."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _hide_paths(record: logging.LogRecord) -> bool:
    """Cuts the URLs that httpx logs down to scheme and host."""
    if isinstance(record.args, tuple):
        record.args = tuple(origin(str(arg)) if isinstance(arg, httpx.URL) else arg for arg in record.args)
    return True
