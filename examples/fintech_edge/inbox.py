"""Inbox: where pages arrive; a webhook receiver that notes the moment of each."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

__all__ = ["Inbox", "Paged", "read_pages"]


@dataclass(frozen=True)
class Paged:
    """One alert of a webhook body, with the moment it arrived in epoch seconds."""

    slo: str
    severity: str
    status: str
    at: float
    summary: str


def read_pages(body: Mapping[str, Any], at: float) -> list[Paged]:
    """The alerts of one body of Alertmanager's webhook, version 4."""
    return [
        Paged(
            slo=alert["labels"].get("slo", ""),
            severity=alert["labels"].get("severity", ""),
            status=alert["status"],
            at=at,
            summary=alert.get("annotations", {}).get("summary", ""),
        )
        for alert in body["alerts"]
    ]


class Inbox:
    """A webhook receiver on 127.0.0.1, in a thread of its own so that a busy event loop delays no time stamp.

    A context manager; `url` is where to send to.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.bodies: list[Any] = []
        self._clock = clock
        self._pages: list[Paged] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, name="inbox", args=(0.1,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        """Starts to receive."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stops receiving; what arrived stays readable."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def pages(self) -> Sequence[Paged]:
        """What has arrived so far, oldest first."""
        return tuple(self._pages)

    def first(self, slo: str, status: str = "firing", severity: str = "page") -> Paged | None:
        """The first arrival of this kind, or None."""
        wanted = (slo, status, severity)
        return next((page for page in self.pages if (page.slo, page.status, page.severity) == wanted), None)

    def _take(self, body: bytes) -> None:
        at = self._clock()
        parsed = json.loads(body)
        self._pages.extend(read_pages(parsed, at))
        self.bodies.append({"at": at, "body": parsed})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    inbox._take(body)
                    status = 200
                except (ValueError, KeyError, TypeError, AttributeError):
                    status = 400
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name the server calls it by
                """Says nothing: the demo tells what arrived."""

        return Handler
