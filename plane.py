"""The data plane of a service, built from its settings: everything that comes in, the collector that counts it, everything sent on.

OTLP, X-Ray, remote write, scrapes, probes -> collector (decode, count, commit) -> kept traces, log counts, destinations
"""

from __future__ import annotations

import asyncio
import logging
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Final, Protocol

from prometheus_client import Metric
from pydantic import SecretStr

from .collector import (
    Access,
    Bounds,
    Collector,
    CollectorError,
    Counters,
    Doors,
    LogCounts,
    Probe,
    Prober,
    Receipt,
    Receiving,
    Signal,
    Tap,
    Terms,
    Tls,
    Traces,
)
from .collector.forward import (
    FOLDER,
    NONE,
    Destination,
    Forwards,
    Instruments,
    OtlpGrpcSender,
    OtlpHttpSender,
    abandoned,
    queue_name,
)
from .collector.kernels import load_decoders
from .collector.prometheus import (
    Assembly,
    Publisher,
    RemoteWrite,
    RemoteWriteSender,
    ScrapeJob,
    Scraper,
    remote_write_app,
)
from .collector.xray import DEFAULT_RULES, SamplingRule, Unprocessed, XrayReceiver, XraySender
from .collector.xray import PORT as XRAY_PORT
from .settings import Otlp, OtlpForward, Probed, RemoteWriteForward, Scrape, Settings, XrayForward
from .slo import DAY, SLO

GRPC_PORT: Final = 4317

_log = logging.getLogger("fournines")


class _Source(Protocol):
    """Where things come in, for as long as it is started."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Plane:
    """Built at once; `start` opens the doors, `stop` closes them, `close` lets the data folder go.

    Raises CollectorError for what can't be had. `on_commit` is as in `Collector`; `clock` gives epoch seconds, `stopwatch` seconds
    that never go back; `families` what of the SLOs is written to others, and may block.
    """

    def __init__(
        self,
        settings: Settings,
        slos: Sequence[SLO],
        clock: Callable[[], float],
        stopwatch: Callable[[], float],
        on_commit: Callable[[frozenset[str]], None],
        families: Callable[[], Iterable[Metric]],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._stopwatch = stopwatch
        self._families = families
        self._sources: list[_Source] = []
        self._publishers: list[Publisher] = []
        self._assembly = Assembly()
        self._sending: asyncio.Task[None] | None = None
        self.collector = Collector(
            settings.data,
            slos,
            clock(),
            load_decoders(settings.kernels_folder, _log.info),
            on_commit=on_commit,
            stopwatch=stopwatch,
            taps=self._taps,
            replace_damaged=True,
        )
        self._counters = self.collector.counters
        self._writes = RemoteWrite(self.collector.submit, self._counters, self._assembly, clock)
        self.write_app = remote_write_app(self._writes)
        """Where Prometheus writes, an ASGI application."""

    async def start(self) -> None:
        """Takes in from when this returns."""
        doors = self._doors(self._settings.otlp)
        xray = self._xray(self._settings.xray.port)
        scraper = Scraper(
            [_job(job) for job in self._settings.scrape], self.collector.submit, self._counters, self._clock
        )
        prober = Prober(
            [_probe(one) for one in self._settings.probes], self.collector.accept, self._counters, self._clock
        )
        self._sources = [doors, *xray, self._writes, scraper, prober, *self._publishers]
        for source in self._sources:
            await source.start()
        if self._settings.forward:
            self._sending = asyncio.create_task(self._forwards.run(), name="forwards")
        _log.info("OTLP/HTTP on port %d, OTLP/gRPC on port %d", doors.http_port, doors.grpc_port)
        for receiver in xray:
            _log.info("X-Ray on port %d, UDP and TCP", receiver.port)

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
        self.collector.close()
        self.traces.close()
        self._forwards.close()

    # What is done beside the counting.

    def _taps(self, counters: Counters) -> Sequence[Tap]:
        kept = self._settings.traces
        bounds = Bounds(kept.traces, kept.bytes, kept.days * DAY)
        self.traces = Traces(self._settings.data, counters.registry, bounds, kept.share)
        self._forwards = Forwards(list(self._destinations(counters)))
        return [LogCounts(counters.registry), self._assembly, self.traces, self._forwards]

    def _destinations(self, counters: Counters) -> Iterator[Destination]:
        instruments, unprocessed = Instruments(counters.registry), Unprocessed(counters.registry)
        made = []
        for one in self._settings.forward:
            match one:
                case OtlpForward():
                    made.append(self._to_otlp(one, instruments))
                case XrayForward():
                    made.append(self._to_xray(one, instruments, unprocessed))
                case RemoteWriteForward():
                    made.append(self._to_store(one, instruments, counters))
            yield made[-1]
        for name, size in abandoned(self._settings.data / FOLDER, [destination.name for destination in made]):
            _log.warning("%d bytes wait in %s for a destination that is no longer configured", size, name)

    def _to_otlp(self, one: OtlpForward, instruments: Instruments) -> Destination:
        return Destination(
            queue_name(one.type, str(one.endpoint)),
            self._otlp_sender(one),
            self._settings.data / FOLDER,
            instruments,
            self._clock,
            signals=frozenset(Signal[name.upper()] for name in one.signals),
            redact=one.redact,
            parallel=one.parallel,
            most_bytes=one.queue_bytes,
        )

    def _otlp_sender(self, one: OtlpForward) -> OtlpGrpcSender | OtlpHttpSender:
        end, headers = one.endpoint, _said(one.headers)
        if one.protocol == "grpc":
            target = f"{end.host}:{end.port or GRPC_PORT}"
            return OtlpGrpcSender(target, headers, tls=end.scheme == "https", compress=one.compress)
        return OtlpHttpSender(str(end), self._clock, headers, compress=one.compress)

    def _to_xray(self, one: XrayForward, instruments: Instruments, unprocessed: Unprocessed) -> Destination:
        endpoint = str(one.endpoint) if one.endpoint else None
        return Destination(
            queue_name(one.type, endpoint or one.region),
            XraySender(one.region, unprocessed, endpoint=endpoint, timeout=one.timeout),
            self._settings.data / FOLDER,
            instruments,
            self._clock,
            signals=frozenset({Signal.TRACES}),
            redact=one.redact,
            parallel=2,
            most_bytes=one.queue_bytes,
        )

    def _to_store(self, one: RemoteWriteForward, instruments: Instruments, counters: Counters) -> Destination:
        destination = Destination(
            queue_name(one.type, str(one.url)),
            RemoteWriteSender(str(one.url), _said(one.headers)),
            self._settings.data / FOLDER,
            instruments,
            self._clock,
            signals=NONE,
            parallel=1,
            most_bytes=one.queue_bytes,
        )
        labels = {"collector": one.collector or platform.node()}
        self._publishers.append(
            Publisher(self._families, destination.put, counters.registry, self._clock, labels, one.interval)
        )
        return destination

    # Where things come in.

    def _accept(self, signal: Signal, body: bytes) -> Future[Receipt]:
        return self.collector.accept(signal, body, self._clock())

    def _doors(self, otlp: Otlp) -> Doors:
        terms = Terms(
            self._accept,
            room=self.collector.room,
            access=Access([token.get_secret_value() for token in otlp.tokens]),
            tls=Tls(otlp.tls.certificate, otlp.tls.key, otlp.tls.client_ca) if otlp.tls else None,
            limit=otlp.limit,
            clock=self._clock,
            receiving=Receiving(self._counters.registry),
        )
        return Doors(terms, self._settings.host, otlp.http_port, otlp.grpc_port, otlp.socket)

    def _xray(self, port: int | None) -> list[XrayReceiver]:
        """Nothing where it is off, or where nobody asked for it and somebody else, likely AWS's own daemon, has its port."""
        if port == 0:
            return []
        rules = [SamplingRule(**rule.model_dump()) for rule in self._settings.xray.rules]
        try:
            receiver = XrayReceiver(
                self.collector.accept,
                self._settings.host,
                XRAY_PORT if port is None else port,
                registry=self._counters.registry,
                clock=self._clock,
                stopwatch=self._stopwatch,
                rules=[*rules, *DEFAULT_RULES],
            )
        except CollectorError as error:
            if port is not None:
                raise
            _log.warning("X-Ray is not received: %s", error)
            return []
        return [receiver]


def _said(headers: Mapping[str, SecretStr]) -> dict[str, str]:
    return {key: value.get_secret_value() for key, value in headers.items()}


def _job(job: Scrape) -> ScrapeJob:
    return ScrapeJob(**(dict(job) | {"headers": _said(job.headers)}))


def _probe(probe: Probed) -> Probe:
    return Probe(**(dict(probe) | {"headers": _said(probe.headers)}))
