"""One attempt to hand a body to a collector, over HTTP or gRPC, and what came of it.

Which answers are worth another attempt is said by the OTLP specification ("OTLP/HTTP Response", "OTLP/gRPC Response"):
https://opentelemetry.io/docs/specs/otlp/. Ours is more patient where the specification leaves counts behind: every 5xx,
408 and RESOURCE_EXHAUSTED are tried again, because the collector recognises a repeat.
"""

from __future__ import annotations

import logging
import os
import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from ... import __version__
from ..config.target import Target

if TYPE_CHECKING:
    import requests

GRPC_METHODS: Final = {
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}
GRPC_RETRIED: Final = frozenset(
    {
        "CANCELLED", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS",
        # What a proxy or an interceptor says for a failure it has no word for: the counterpart of a 500.
        "UNKNOWN", "INTERNAL",
    }
)  # fmt: skip
HTTP_RETRIED: Final = frozenset({408, 429})

_ABANDONED: Final[list[Any]] = []
_log = logging.getLogger("fournines.instrumentation")


class Outcome(Enum):
    """How one attempt ended."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"


class Attempt(NamedTuple):
    """What became of one attempt: where and why it failed, `retry_after` in seconds (0: not said), `rejected` items that were not taken."""

    outcome: Outcome
    reason: str = ""
    retry_after: float = 0.0
    rejected: int = 0


class Transport(Protocol):
    """Hands a body over, once."""

    def send(self, body: bytes, timeout: float, now: float) -> Attempt:
        """Tries once, for at most about `timeout` seconds; never raises for what a network may do."""

    def close(self) -> None:
        """Lets go of connections; a later `send` opens them anew. In a forked child it does not touch them: they are the parent's."""


class FakeTransport:
    """Keeps what it is given; says `answer` to all of it, or, where that is a list, its next entry."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.answer: Attempt | list[Attempt] = Attempt(Outcome.ACCEPTED)

    def send(self, body: bytes, timeout: float, now: float) -> Attempt:
        """What the test says."""
        self.sent.append(body)
        return self.answer.pop(0) if isinstance(self.answer, list) else self.answer

    def close(self) -> None:
        """Nothing is open."""


def transport(target: Target) -> Transport | None:
    """The transport a target asks for; None, with one clear log line, where its package is not installed."""
    if target.protocol != "grpc":
        import requests  # noqa: F401 - here, and not first on the export thread: see `Telemetry`

        return HttpTransport(target)
    try:
        import grpc  # noqa: F401 - asked whether it is there
    except ImportError:
        _log.error(
            "OTEL_EXPORTER_OTLP_PROTOCOL=grpc needs the package grpcio: pip install 'fournines[grpc]'. %s are not exported",
            target.signal,
        )
        return None
    return GrpcTransport(target)


class HttpTransport:
    """OTLP over HTTP with protobuf bodies, on one kept-alive connection."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._address = _shown(target.endpoint)
        self._session: requests.Session | None = None
        self._opened_by = 0

    def send(self, body: bytes, timeout: float, now: float) -> Attempt:
        """One POST. Redirects are not followed: a POST would silently become a GET."""
        import requests

        session = self._session = self._session or self._open()
        try:
            response = session.post(
                self._target.endpoint,
                data=body,
                timeout=timeout,
                allow_redirects=False,
                verify=self._target.certificate or True,
            )
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
        ):
            return Attempt(Outcome.REFUSED, f"{self._address} is no address that begins with http:// or https://")
        except requests.exceptions.ProxyError as e:
            return Attempt(Outcome.RETRY, f"{self._address} by a proxy, which NO_PROXY avoids: {_why(e)}")
        except (requests.RequestException, OSError) as e:
            return Attempt(Outcome.RETRY, f"{self._address}: {_why(e)}")
        return self._answer(response.status_code, response.headers.get("Retry-After", ""), response.content, now)

    def close(self) -> None:
        """Closes the connection; a parent's is forgotten, and goes on being used there."""
        session, self._session = self._session, None
        if session is not None and self._opened_by == os.getpid():
            session.close()

    def _answer(self, status: int, retry_after: str, content: bytes, now: float) -> Attempt:
        if 200 <= status < 300:
            return Attempt(Outcome.ACCEPTED, rejected=_rejected(self._target.signal, content))
        if status in HTTP_RETRIED or status >= 500:
            return Attempt(Outcome.RETRY, f"{self._address}: HTTP {status}", _seconds(retry_after, now))
        return Attempt(Outcome.REFUSED, f"{self._address}: HTTP {status}")

    def _open(self) -> requests.Session:
        import requests

        session, self._opened_by = requests.Session(), os.getpid()
        session.headers["User-Agent"] = f"fournines/{__version__}"
        session.headers["Content-Type"] = "application/x-protobuf"
        if self._target.gzip:
            session.headers["Content-Encoding"] = "gzip"
        session.headers.update(dict(self._target.headers))
        if self._target.client_certificate:
            key = self._target.client_key
            session.cert = (self._target.client_certificate, key) if key else self._target.client_certificate
        return session


class GrpcTransport:
    """OTLP over gRPC: the bytes go out as they are, no message object is made for them."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._address = _shown(target.endpoint)
        self._channel: Any = None
        self._call: Any = None
        self._opened_by = 0

    def send(self, body: bytes, timeout: float, now: float) -> Attempt:
        """One unary call."""
        import grpc

        call = self._call = self._call or self._open()
        metadata = [(key.lower(), value) for key, value in self._target.headers]
        try:
            content = call(body, timeout=timeout, metadata=metadata)
        except grpc.RpcError as e:
            code = e.code().name
            outcome = Outcome.RETRY if code in GRPC_RETRIED else Outcome.REFUSED
            return Attempt(outcome, f"{self._address}: gRPC {code}")
        except ValueError:  # the channel was closed under us
            return Attempt(Outcome.RETRY, f"{self._address}: closed")
        return Attempt(Outcome.ACCEPTED, rejected=_rejected(self._target.signal, content))

    def close(self) -> None:
        """Closes the channel; a parent's is kept alive: its destructor would wait for threads the child does not have."""
        channel, self._channel, self._call = self._channel, None, None
        if channel is None:
            return
        if self._opened_by == os.getpid():
            channel.close()
        else:
            _ABANDONED.append(channel)

    def _open(self) -> Any:
        import grpc

        self._opened_by = os.getpid()
        # Bodies were compressed, if at all, when they were sealed for HTTP; gRPC compresses on the wire.
        compression = grpc.Compression.Gzip if self._target.gzip else grpc.Compression.NoCompression
        address, secure = grpc_address(self._target)
        if secure:
            self._channel = grpc.secure_channel(address, _credentials(self._target), compression=compression)
        else:
            self._channel = grpc.insecure_channel(address, compression=compression)
        return self._channel.unary_unary(GRPC_METHODS[self._target.signal])


def grpc_address(target: Target) -> tuple[str, bool]:
    """`host:port` and whether it is reached over TLS: by scheme; without one, secure unless INSECURE says otherwise."""
    parts = urlsplit(target.endpoint)
    if parts.scheme in ("http", "https") and parts.netloc:
        return parts.netloc, parts.scheme == "https"
    return target.endpoint, not target.insecure


def _credentials(target: Target) -> Any:
    import grpc

    def read(path: str | None) -> bytes | None:
        if not path:
            return None
        with open(path, "rb") as file:  # noqa: PTH123 - three small reads at start need no Path
            return file.read()

    return grpc.ssl_channel_credentials(
        read(target.certificate), read(target.client_key), read(target.client_certificate)
    )


def _shown(endpoint: str) -> str:
    """An endpoint for a log: without what may be a secret in it."""
    return re.sub("^([a-z]+://)?[^/]*@", r"\1", endpoint.partition("?")[0], flags=re.IGNORECASE)


def _why(error: BaseException) -> str:
    """The system's own word for what happened, where it has one."""
    cause: BaseException | None = error
    while cause is not None:
        if said := getattr(cause, "strerror", None):
            return str(said)
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def _seconds(retry_after: str, now: float) -> float:
    """`Retry-After` as seconds from `now` (epoch seconds): a number or an HTTP date; 0 when it says nothing."""
    if not retry_after:
        return 0.0
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now)
    except (TypeError, ValueError):
        return 0.0


def _rejected(signal: str, content: bytes) -> int:
    """How many items a *partial success* says were not taken; 0 when the answer can't be read."""
    if not content:
        return 0
    from . import otlp

    return otlp.rejected(signal, content)
