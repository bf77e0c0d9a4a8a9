"""Destinations made of a plan: each with the forwarder that speaks its protocol, and a queue of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Metric

from .columns import Signal
from .forward import (
    FOLDER,
    NONE,
    Destination,
    Forwarder,
    Instruments,
    OtlpGrpcForwarder,
    OtlpHttpForwarder,
    abandoned,
    queue_name,
)
from .plan import Outlet, ToOtlp, ToStore, ToXray
from .prometheus import Publisher, RemoteWriteForwarder, snapshot_results
from .xray import Unprocessed, XrayForwarder

GRPC_PORT: Final = 4317

_LOG: Final = logging.getLogger("fournines.collector")


class Outlets:
    """What is sent on, and the loops that have snapshots written out. Raises CollectorError where a queue can't be opened.

    `families` gives what of the SLOs is written to stores, and may block; `clock` gives epoch seconds.
    """

    def __init__(
        self,
        outlets: Sequence[Outlet],
        data: Path,
        registry: CollectorRegistry,
        clock: Callable[[], float],
        families: Callable[[], Iterable[Metric]],
    ) -> None:
        self._folder = data / FOLDER
        self._clock = clock
        self._families = families
        self._instruments, self._unprocessed = Instruments(registry), Unprocessed(registry)
        self._snapshots = snapshot_results(registry)
        self.publishers: list[Publisher] = []
        self.destinations = [self._made(outlet) for outlet in outlets]
        for name, size in abandoned(self._folder, [destination.name for destination in self.destinations]):
            _LOG.warning("%d bytes wait in %s for a destination that is no longer configured", size, name)

    def _made(self, outlet: Outlet) -> Destination:
        match outlet:
            case ToOtlp():
                return self._to_otlp(outlet)
            case ToXray():
                return self._to_xray(outlet)
            case ToStore():
                return self._to_store(outlet)

    def _to_otlp(self, outlet: ToOtlp) -> Destination:
        return Destination(
            queue_name("otlp", outlet.endpoint),
            self._otlp_forwarder(outlet),
            self._folder,
            self._instruments,
            self._clock,
            signals=outlet.signals,
            redact=outlet.redact,
            parallel=outlet.parallel,
            most_bytes=outlet.queue_bytes,
        )

    def _otlp_forwarder(self, outlet: ToOtlp) -> Forwarder:
        if not outlet.grpc:
            return OtlpHttpForwarder(outlet.endpoint, self._clock, outlet.headers, compress=outlet.compress)
        end = urlsplit(outlet.endpoint)
        host = f"[{end.hostname}]" if ":" in (end.hostname or "") else end.hostname
        target = f"{host}:{end.port or GRPC_PORT}"
        return OtlpGrpcForwarder(target, outlet.headers, tls=end.scheme == "https", compress=outlet.compress)

    def _to_xray(self, outlet: ToXray) -> Destination:
        return Destination(
            queue_name("xray", outlet.endpoint or outlet.region),
            XrayForwarder(outlet.region, self._clock, self._unprocessed, outlet.endpoint, outlet.timeout),
            self._folder,
            self._instruments,
            self._clock,
            signals=frozenset({Signal.TRACES}),
            redact=outlet.redact,
            parallel=2,
            most_bytes=outlet.queue_bytes,
        )

    def _to_store(self, outlet: ToStore) -> Destination:
        destination = Destination(
            queue_name("remote_write", outlet.url),
            RemoteWriteForwarder(outlet.url, self._clock, outlet.headers),
            self._folder,
            self._instruments,
            self._clock,
            signals=NONE,
            parallel=1,
            most_bytes=outlet.queue_bytes,
        )
        labels = {"collector": outlet.collector}
        self.publishers.append(
            Publisher(self._families, destination.put, self._snapshots, self._clock, labels, outlet.interval)
        )
        return destination
