"""A target's page: asked for, and taken whole or not at all.

Half a page would show counters that fell, and each of them would count anew.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import httpx

from ..doors.body import sink_for
from ..errors import BadRequest, TooLarge
from .exposition import ACCEPT, OPENMETRICS, PROTOBUF, media_type_of
from .targets import Target


class ScrapedPage(NamedTuple):
    """A target's exposition, as it was sent."""

    body: bytes
    content_type: str


class Failed(Exception):
    """A scrape brought nothing; `reason` is one of a few words, for a metric."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


async def ask(client: httpx.AsyncClient, target: Target) -> ScrapedPage:
    """Asks a target once, within its time-out. Raises Failed, BadRequest, or TooLarge."""
    headers = {"accept": ACCEPT, "accept-encoding": "gzip", "user-agent": "fournines", **target.job.headers}
    timeout = min(target.job.timeout, target.job.interval)
    headers["x-prometheus-scrape-timeout-seconds"] = f"{timeout:g}"
    try:
        async with (
            asyncio.timeout(timeout),
            client.stream("GET", target.url, headers=headers, timeout=timeout) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise Failed(f"http_{response.status_code}", f"answered {response.status_code}")
            return await _whole(response, target.job.limit)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Failed("timeout", f"no whole answer within {timeout:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failed("connection", str(error) or type(error).__name__) from error


async def _whole(response: httpx.Response, limit: int) -> ScrapedPage:
    """The page, inflated here: a client that inflates by itself has no limit."""
    coding = response.headers.get("content-encoding", "")
    sink = sink_for(coding, limit)
    if sink is None:
        raise BadRequest(f"its Content-Encoding is {coding!r:.50}, which nobody asked for")
    try:
        async for piece in response.aiter_raw():
            sink.feed(piece)
        page = ScrapedPage(sink.finish(), response.headers.get("content-type", ""))
    except TooLarge:
        raise
    except BadRequest as error:
        raise Failed("connection", str(error)) from error
    if not page.body.endswith(b"\n") and _ends_anywhere(response, page):
        raise Failed("connection", "it ends in the middle of a line, and said nothing of its length")
    return page


def _ends_anywhere(response: httpx.Response, page: ScrapedPage) -> bool:
    """Whether nothing would tell where the page was cut: neither HTTP's framing, nor a coding, nor the form itself."""
    framed = response.headers.keys() & {"content-length", "transfer-encoding", "content-encoding"}
    return bool(page.body) and not framed and media_type_of(page.content_type) not in (PROTOBUF, OPENMETRICS)
