"""What a data plane is to be, as plain values: where things come in, what is kept beside the counts, and who gets what is sent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .columns import Signal
from .doors.status import MAX_BODY
from .doors.tls import Tls
from .forward import ALL, MOST_BYTES
from .probes.probe import Probe
from .prometheus import ScrapeJob
from .traces.store import Retention
from .traces.traces import SHARE
from .xray import SamplingRule


@dataclass(frozen=True, slots=True)
class Reception:
    """Where OTLP and X-Ray are received, and from whom. Port 0 takes a free one for OTLP, and is off for X-Ray.

    `xray_port` None takes X-Ray's own port, where it is free. `limit` bounds a request's bytes, before and after inflating.
    """

    host: str = "127.0.0.1"
    http_port: int = 4318
    grpc_port: int = 4317
    socket: Path | None = None
    limit: int = MAX_BODY
    tokens: tuple[str, ...] = field(default=(), repr=False)
    tls: Tls | None = None
    xray_port: int | None = None
    xray_rules: tuple[SamplingRule, ...] = ()


@dataclass(frozen=True, slots=True)
class ToOtlp:
    """An OTLP collector or backend, over HTTP (`endpoint` without a signal's path) or gRPC."""

    endpoint: str
    grpc: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    signals: frozenset[Signal] = ALL
    redact: bool = True
    compress: bool = True
    parallel: int = 4
    queue_bytes: int = MOST_BYTES


@dataclass(frozen=True, slots=True)
class ToXray:
    """AWS X-Ray in a region; `endpoint` is another than the region's own, `timeout` seconds."""

    region: str
    endpoint: str | None = None
    redact: bool = True
    timeout: float = 10.0
    queue_bytes: int = MOST_BYTES


@dataclass(frozen=True, slots=True)
class ToStore:
    """A Prometheus-compatible store that gets the SLOs' own series each `interval` seconds, under a `collector` label."""

    url: str
    collector: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    interval: float = 15.0
    queue_bytes: int = MOST_BYTES


Outlet = ToOtlp | ToXray | ToStore


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of it. `kernels` is the folder of the compiled decoders, `share` that of ordinary traces which are kept."""

    data: Path
    kernels: Path
    reception: Reception = Reception()
    outlets: tuple[Outlet, ...] = ()
    scrapes: tuple[ScrapeJob, ...] = ()
    probes: tuple[Probe, ...] = ()
    traces: Retention = field(default_factory=Retention)
    share: float = SHARE
