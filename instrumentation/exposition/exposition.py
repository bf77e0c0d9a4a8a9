"""`/metrics`: the same counts that leave as deltas, cumulative, as Prometheus text or OpenMetrics.

Exemplars stand in OpenMetrics only, because the text format has no place for them; Prometheus asks for OpenMetrics and
keeps them with `--enable-feature=exemplar-storage`. https://prometheus.io/docs/specs/om/open_metrics_spec/

A page is made off the event loop, a few at a time: who asks for more at once is told to come back.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Final

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from .. import names
from ..config.page import Page
from ..config.token import CHALLENGE
from ..counts.point import Total
from ..health import Health
from ..multiprocess.gate import GATE
from ..multiprocess.place import is_shared, meeting_place
from ..multiprocess.snapshot import Snapshot
from ..multiprocess.workers import Workers
from ..multiprocess.writer import Writer
from .families import (
    Families,
    Own,
    Registry,
    collected,
    info,
    metric_of,
    shared_families,
)
from .format import chosen, gzip_accepted
from .server import Answer, Header, PageServer

AT_ONCE: Final = 4
"""Pages that may be in the making: a scraper or two, and somebody with a browser."""
RETRY_AFTER: Final = b"5"
STOP_SECONDS: Final = 1.0
VARY: Final = (b"vary", b"accept, accept-encoding")
PLAIN: Final = b"text/plain; charset=utf-8"

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = logging.getLogger("fournines.instrumentation")


class Exposition:
    """The metrics page of one application, on a registry of its own; of all its workers, where there are several."""

    _workers: Workers | None
    _looked: bool

    def __init__(self, own: Own, settings: Page, service: str, health: Health) -> None:
        self._own, self._settings, self._service, self._health = own, settings, service, health
        self.registry = Registry()
        self.registry.register(own)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._writer = Writer(self._write, health)
        port = settings.port
        self._server = None if port is None else PageServer((settings.host, port), self.answer, health)
        self._begin()

    @property
    def elsewhere(self) -> bool:
        """Whether the page has a port of its own, and is not the application's to show."""
        return self._server is not None

    def start(self) -> None:
        """Shares this worker's counts with the others, and opens the port, where either was asked for. Never raises."""
        if is_shared(self._settings):
            self._writer.start()
        if self._server is not None:
            self._server.start()

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Leaves the last counts to the other workers, and closes the port. Takes at most about `timeout` seconds."""
        if self._server is not None:
            self._server.stop()
        self._writer.stop(timeout)

    def part(self) -> None:
        """As `stop`, and gives the seat back, but waits for nothing: nobody holds the application any more."""
        if self._server is not None:
            self._server.part()
        workers = self._workers
        self._writer.part(workers.close if workers is not None else lambda: None)

    def forget(self) -> None:
        """Begins anew in a forked child: seat, port and threads are its parent's."""
        self._writer.forget()
        if self._workers is not None:
            self._workers.leave_to_parent()
        if self._server is not None:
            self._server.forget()
        self._begin()

    async def respond(self, scope: Mapping[str, Any], send: Send) -> None:
        """Answers one scrape."""
        headers: list[Header] = list(scope["headers"])
        answer = self._refusal(headers) or await _aside(lambda: self._made(headers))
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    def answer(self, headers: Iterable[Header]) -> Answer:
        """One scrape's answer, whatever happens."""
        headers = list(headers)
        return self._refusal(headers) or self._made(headers)

    def _made(self, headers: list[Header]) -> Answer:
        if not self._places.acquire(blocking=False):
            return self._unavailable("busy", b"too many scrapes at once\n")
        try:
            return self._shown(headers)
        except OSError as e:
            _log.warning("the metrics page can't be made now (%s)", e)
            return self._unavailable("workers", b"the workers' counts can't be read now\n")
        except Exception:  # noqa: BLE001 - the outer guard: a scrape is answered
            self._health.add(names.PROM_ERRORS, "page")
            _log.warning("the metrics page failed", exc_info=self._health.count(names.PROM_ERRORS, "page") == 1)
            return _said(500, b"the metrics page failed; the log says why\n")
        finally:
            self._places.release()

    def _refusal(self, headers: Iterable[Header]) -> Answer | None:
        """The answer to who may not read the page; None for who may."""
        token = self._settings.token
        if token is None or token.admits(_joined(headers, b"authorization")):
            return None
        self._health.add(names.PROM_SCRAPES_REFUSED, "token")
        return _said(401, b"a bearer token is needed\n", (b"www-authenticate", CHALLENGE))

    def page(self, accept: str) -> tuple[bytes, str]:
        """(body, content type) in the format that the `Accept` header asks for."""
        format_ = chosen(accept)
        return format_.encode(*self._families()), format_.content_type

    def _shown(self, headers: list[Header]) -> Answer:
        body, content_type = self.page(_joined(headers, b"accept").decode("latin-1"))
        packing: list[Header] = []
        if gzip_accepted(_joined(headers, b"accept-encoding").decode("latin-1")):
            body, packing = gzip.compress(body, compresslevel=5, mtime=0), [(b"content-encoding", b"gzip")]
        length = (b"content-length", b"%d" % len(body))
        return Answer(200, [(b"content-type", content_type.encode("latin-1")), length, VARY, *packing], body)

    def _unavailable(self, reason: str, text: bytes) -> Answer:
        self._health.add(names.PROM_SCRAPES_REFUSED, reason)
        return _said(503, text, (b"retry-after", RETRY_AFTER))

    def _families(self) -> tuple[Families, tuple[tuple[float, ...], list[Total]]]:
        workers = self._shared()
        if workers is None:
            others = [metric for one in self._others() for metric in collected(one, self._health)]
            return _page([info(self._own.target()), *self._own.others(), *others]), self._own.durations()
        total = workers.total()
        families = [info(total.target), *map(metric_of, total.families.values()), *self._of_prometheus()]
        return _page(families), (total.boundaries, total.totals())

    def _others(self) -> list[Collector]:
        return [one for one in self.registry.registered() if one is not self._own]

    def _of_prometheus(self) -> list[Metric]:
        folder = self._settings.prometheus_folder
        if not folder:
            return []
        try:
            theirs = MultiProcessCollector(None, folder)  # type: ignore[no-untyped-call]
        except ValueError:  # the folder is gone: prometheus-client has nothing to show either
            return []
        return collected(theirs, self._health)

    def _taken(self) -> Snapshot:
        shares = bool(self._settings.prometheus_folder)
        with GATE:
            return self._own.snapshot(shared_families(self._others(), self._health, prometheus_shares=shares))

    def _shared(self) -> Workers | None:
        """The workers this process is one of: looked for where it serves, because a master that forks is none of them."""
        with self._finding:
            if not self._looked:
                self._looked = True
                self._workers = self._found() if is_shared(self._settings) else None
            return self._workers

    def _found(self) -> Workers | None:
        try:
            return Workers(meeting_place(self._settings, self._service), self._taken, self._health)
        except OSError as e:
            self._health.add(names.PROM_ERRORS, "workers")
            _log.warning("workers can't share their metrics page (%s): each speaks for itself", e)
            return None

    def _write(self) -> None:
        workers = self._shared()
        if workers is not None:
            workers.write()

    def _begin(self) -> None:
        self._finding = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._looked = False
        self._workers = None


async def _aside(call: Callable[[], Answer]) -> Answer:
    try:
        made = asyncio.get_running_loop().run_in_executor(None, call)
    except RuntimeError:  # another kind of loop, or no threads left: there the page is made on the loop
        return call()
    return await made


def _page(families: Iterable[Metric]) -> Families:
    # The durations are written apart: who registers their name as well is not shown.
    return Families(family for family in families if family.name != names.PROM_REQUEST_DURATION)


def _joined(headers: Iterable[Header], wanted: bytes) -> bytes:
    return b",".join(value for name, value in headers if name.lower() == wanted)


def _said(status: int, text: bytes, *more: Header) -> Answer:
    return Answer(status, [(b"content-type", PLAIN), (b"content-length", b"%d" % len(text)), *more], text)
