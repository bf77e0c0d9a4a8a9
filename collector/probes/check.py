"""Making a probe: an HTTP request or a TCP connection, and whether the answer is as expected."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httpx

from .probe import Probe

MOST_BODY: Final = 64 * 1024
"""Bytes of an answer that are looked at."""

TIMEOUT, CONNECTION, DNS, STATUS, BODY, TLS, OWN = (
    "timeout",
    "connection",
    "dns",
    "status",
    "body",
    "tls",
    "own_trouble",
)
"""What can be wrong: `error.type` of the span, and `result` of the metric."""

_OWN_ERRNO: Final = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.ENOBUFS,
    errno.ENOMEM,
}
_OWN_DNS: Final = {socket.EAI_AGAIN, socket.EAI_SYSTEM, socket.EAI_MEMORY}
_HAS_EXPIRED: Final = 10
"""X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL."""


class Checked(NamedTuple):
    """What came of a probe, in epoch seconds. `error` is empty where all was as expected; `own` says that the fault is on this side.

    `expires` is the end of the certificate that was shown and verified; `expired` that it was not, because it or one above it is over.
    """

    began: float
    ended: float
    error: str = ""
    detail: str = ""
    status: int | None = None
    expires: float | None = None
    expired: bool = False

    @property
    def own(self) -> bool:
        """Whether it says nothing about the service."""
        return self.error == OWN

    @property
    def result(self) -> str:
        """A word for the metric."""
        return self.error or "ok"


class _Unexpected(Exception):
    """An answer that is not as expected."""

    def __init__(self, error: str, detail: str, answer: _Answer) -> None:
        super().__init__(detail)
        self.error = error
        self.answer = answer


class _Answer(NamedTuple):
    status: int | None = None
    expires: float | None = None


class Checker:
    """Makes probes, each over a connection of its own: that it can be had is part of what is probed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._trusting = httpx.create_ssl_context(verify=False)
        self._strict = httpx.create_ssl_context()

    async def check(self, probe: Probe) -> Checked:
        """Asks once; never longer than the probe's time-out."""
        began = self._clock()
        answer, error, detail, expired = _Answer(), "", "", False
        try:
            async with asyncio.timeout(probe.timeout):
                answer = await (self._tcp(probe) if probe.url.startswith("tcp:") else self._http(probe))
        except (TimeoutError, httpx.TimeoutException):
            error, detail = TIMEOUT, f"no whole answer within {probe.timeout:g} s"
        except _Unexpected as unexpected:
            error, detail, answer = unexpected.error, str(unexpected), unexpected.answer
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as failure:
            error, detail, expired = _kind(failure), str(failure) or type(failure).__name__, _has_expired(failure)
        # A clock that was put back meanwhile makes no probe end before it began.
        return Checked(began, max(began, self._clock()), error, detail, answer.status, answer.expires, expired)

    async def _http(self, probe: Probe) -> _Answer:
        context = self._strict if probe.verify else self._trusting
        headers = {"user-agent": "fournines", "accept-encoding": "identity", **probe.headers}
        async with (
            httpx.AsyncClient(verify=context, trust_env=False, timeout=probe.timeout, headers=headers) as client,
            client.stream(probe.method, probe.url) as response,
        ):
            answer = _Answer(response.status_code, _expiry(response))
            if not any(low <= answer.status <= high for low, high in probe.expect if answer.status is not None):
                raise _Unexpected(STATUS, f"it answered {answer.status}", answer)
            body = await _body(response) if probe.contains or probe.matches else ""
            if probe.contains not in body or not re.search(probe.matches, body):
                raise _Unexpected(BODY, "the body does not hold what is expected", answer)
            return answer

    async def _tcp(self, probe: Probe) -> _Answer:
        parts = urlsplit(probe.url)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.close()
        await writer.wait_closed()
        return _Answer()


async def _body(response: httpx.Response) -> str:
    """The beginning of the body. Sent raw: what is compressed is not looked into, so it is not asked for either."""
    content = b""
    async for piece in response.aiter_raw():
        content += piece
        if len(content) >= MOST_BODY:
            break
    return content[:MOST_BODY].decode(response.encoding or "utf-8", "replace")


def _expiry(response: httpx.Response) -> float | None:
    """When the certificate expires that was shown; None without TLS, or where it was not verified."""
    stream = response.extensions.get("network_stream")
    shown = stream.get_extra_info("ssl_object") if stream is not None else None
    certificate = shown.getpeercert() if shown is not None else None
    return float(ssl.cert_time_to_seconds(certificate["notAfter"])) if certificate else None


def _kind(failure: BaseException) -> str:
    """What a failure to connect or to talk means."""
    for cause in _causes(failure):
        if isinstance(cause, ssl.SSLError):
            return TLS
        if isinstance(cause, socket.gaierror):
            return OWN if cause.errno in _OWN_DNS else DNS
        if isinstance(cause, OSError) and cause.errno in _OWN_ERRNO:
            return OWN
    return CONNECTION


def _has_expired(failure: BaseException) -> bool:
    """Whether a certificate was refused for its age alone."""
    refused = (cause for cause in _causes(failure) if isinstance(cause, ssl.SSLCertVerificationError))
    return any(cause.verify_code == _HAS_EXPIRED for cause in refused)


def _causes(failure: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = failure
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
