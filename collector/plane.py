"""The data plane as one object: everything that comes in, the collector that counts it, and everything sent on.

OTLP, X-Ray, remote write, scrapes, probes -> collector (decode, count, commit) -> log counts, kept traces, destinations
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing
from typing import Final, Protocol

from prometheus_client import Metric

from ..slo import SLO
from .collector import Collector
from .columns import Signal, Source
from .counters import Counters
from .doors.access import Access
from .doors.door import Terms
from .doors.doors import Doors
from .doors.receiving import Receiving
from .errors import CollectorError
from .forward import Forwards
from .kernels import load_decoders
from .ledger.ledger import Ledger
from .logs import LogCounts
from .outlets import Outlets
from .plan import Plan, Reception
from .probes.probe import Probe
from .probes.prober import Prober, ShownCertificate
from .prometheus import RemoteWrite, ScrapeAssembly, Scraper, remote_write_app
from .receipt import Receipt
from .room import Room
from .traces.traces import Traces
from .xray import DEFAULT_RULES, PORT, XrayReceiver

_LOG: Final = logging.getLogger("fournines.collector")


class _Source(Protocol):
    """Where things come in, for as long as it is started."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Plane:
    """Built at once; `start` opens the doors, `stop` closes them, `close` lets the data folder go.

    Raises CollectorError for what can't be had; addresses are taken before anything that takes long, and listened on last.
    `on_commit` is as in `Collector`; `clock` gives epoch seconds, `stopwatch` seconds that never go back; `families` what of the SLOs
    is written to stores, and may block.
    """

    def __init__(
        self,
        plan: Plan,
        slos: Sequence[SLO],
        clock: Callable[[], float],
        stopwatch: Callable[[], float],
        on_commit: Callable[[], None],
        families: Callable[[], Iterable[Metric]],
    ) -> None:
        self._plan, self._clock, self._stopwatch = plan, clock, stopwatch
        self._counters, self._room, self._access = Counters(), Room(), Access(plan.reception.tokens)
        registry = self._counters.registry
        with ExitStack() as opened:
            self._doors = opened.enter_context(closing(self._opened_doors(plan.reception)))
            self._xray = [opened.enter_context(closing(each)) for each in self._opened_xray(plan.reception)]
            # Who has the ledger has the folder, and all else that is kept there, compiled decoders too.
            ledger = opened.enter_context(closing(Ledger(plan.data, clock(), replace_damaged=True)))
            decoders = load_decoders(plan.kernels, _LOG.info)
            self._outlets = Outlets(plan.outlets, plan.data, registry, clock, families)
            self._forwards = opened.enter_context(closing(Forwards(self._outlets.destinations)))
            self.traces = opened.enter_context(closing(Traces(plan.data, registry, plan.traces, plan.share)))
            self._assembly = ScrapeAssembly()
            taps = (LogCounts(registry), self._assembly, self.traces, self._forwards)
            self.collector = Collector(
                ledger, slos, clock(), decoders,
                counters=self._counters, room=self._room, taps=taps, on_commit=on_commit, stopwatch=stopwatch,
            )  # fmt: skip
            opened.callback(self.collector.close)
            self._opened = opened.pop_all()
        self._writes = RemoteWrite(self.collector.submit, self._counters, self._assembly, clock)
        self.write_app = remote_write_app(self._writes, self._access)
        """Where Prometheus writes, an ASGI application."""
        self._prober = Prober(plan.probes, self.collector.accept, self._counters, clock)
        self._sources: list[_Source] = []
        self._sending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Takes in from when this returns."""
        scraper = Scraper(self._plan.scrapes, self.collector.submit, self._counters, self._clock)
        self._sources = [self._doors, *self._xray, self._writes, scraper, self._prober, *self._outlets.publishers]
        for source in self._sources:
            await source.start()
        if self._outlets.destinations:
            self._sending = asyncio.create_task(self._forwards.run(), name="forwards")
        _LOG.info("OTLP/HTTP on port %d, OTLP/gRPC on port %d", self._doors.http_port, self._doors.grpc_port)
        for receiver in self._xray:
            _LOG.info("X-Ray on port %d, UDP and TCP", receiver.port)

    @property
    def http_port(self) -> int:
        """The port OTLP/HTTP is received on."""
        return self._doors.http_port

    @property
    def certificates(self) -> Mapping[Probe, ShownCertificate]:
        """The certificates that probes were shown last; see `Prober.certificates`."""
        return self._prober.certificates

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What runs until `stop`, and never ends by itself."""
        return [self._sending] if self._sending else []

    async def stop(self) -> None:
        """Takes nothing new, and answers what is under way."""
        for source in reversed(self._sources):
            await source.stop()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def close(self) -> None:
        """Commits everything accepted; what is queued for others is sent after the next start."""
        self._opened.close()

    def _accept(self, signal: Signal, body: bytes, received: float, source: Source = Source.OTLP) -> Future[Receipt]:
        """Asked only once there is a collector: its addresses are taken before."""
        return self.collector.accept(signal, body, received, source)

    def _opened_doors(self, reception: Reception) -> Doors:
        terms = Terms(
            self._accept,
            self._clock,
            room=self._room,
            access=self._access,
            tls=reception.tls,
            limit=reception.limit,
            receiving=Receiving(self._counters.registry),
            on_fault=self._counters.internal_errors.inc,
        )
        return Doors(terms, reception.host, reception.http_port, reception.grpc_port, reception.socket)

    def _opened_xray(self, reception: Reception) -> list[XrayReceiver]:
        """Nothing where it is off, or where nobody asked for it and somebody else, likely AWS's own daemon, has its port."""
        if reception.xray_port == 0:
            return []
        try:
            receiver = XrayReceiver(
                self._accept,
                reception.host,
                PORT if reception.xray_port is None else reception.xray_port,
                registry=self._counters.registry,
                clock=self._clock,
                stopwatch=self._stopwatch,
                rules=[*reception.xray_rules, *DEFAULT_RULES],
            )
        except CollectorError as error:
            if reception.xray_port is not None:
                raise
            _LOG.warning("X-Ray is not received: %s", error)
            return []
        return [receiver]
