"""From settings to the data plane they ask for."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from ..collector import Probe, Retention, Signal, Tls
from ..collector.plan import Outlet, Plan, Reception, ToOtlp, ToStore, ToXray
from ..collector.prometheus import ScrapeJob
from ..collector.xray import SamplingRule
from ..settings import KeptTraces, OtlpForward, Probed, RemoteWriteForward, Scrape, Settings, XrayForward
from ..slo import DAY


def plan_of(settings: Settings) -> Plan:
    """The data plane that the settings ask for."""
    return Plan(
        data=settings.data,
        kernels=settings.kernels_folder,
        reception=_reception(settings),
        outlets=tuple(map(_outlet, settings.forward)),
        scrapes=tuple(ScrapeJob(**_plain(job)) for job in settings.scrape),
        probes=tuple(Probe(**_plain(probe)) for probe in settings.probes),
        traces=_bounds(settings.traces),
        share=settings.traces.share,
    )


def _reception(settings: Settings) -> Reception:
    otlp, xray = settings.otlp, settings.xray
    return Reception(
        host=settings.host,
        http_port=otlp.http_port,
        grpc_port=otlp.grpc_port,
        socket=otlp.socket,
        limit=otlp.limit,
        tokens=tuple(token.get_secret_value() for token in otlp.tokens),
        tls=Tls(**dict(otlp.tls)) if otlp.tls else None,
        xray_port=xray.port,
        xray_rules=tuple(SamplingRule(**dict(rule)) for rule in xray.rules),
    )


def _outlet(forward: OtlpForward | RemoteWriteForward | XrayForward) -> Outlet:
    match forward:
        case OtlpForward():
            return ToOtlp(
                endpoint=str(forward.endpoint),
                grpc=forward.protocol == "grpc",
                headers=unmasked(forward.headers),
                signals=frozenset(Signal[name.upper()] for name in forward.signals),
                redact=forward.redact,
                compress=forward.compress,
                parallel=forward.parallel,
                queue_bytes=forward.queue_bytes,
            )
        case XrayForward():
            return ToXray(
                region=forward.region,
                endpoint=str(forward.endpoint) if forward.endpoint else None,
                redact=forward.redact,
                timeout=forward.timeout,
                queue_bytes=forward.queue_bytes,
            )
        case RemoteWriteForward():
            return ToStore(
                url=str(forward.url),
                collector=forward.collector or platform.node(),
                headers=unmasked(forward.headers),
                interval=forward.interval,
                queue_bytes=forward.queue_bytes,
            )


def _bounds(kept: KeptTraces) -> Retention:
    return Retention(traces=kept.traces, bytes=kept.bytes, seconds=kept.days * DAY)


def _plain(asked: Scrape | Probed) -> dict[str, Any]:
    """Its values by key, which are named alike on both sides."""
    return dict(asked) | {"headers": unmasked(asked.headers)}


def unmasked(headers: Mapping[str, SecretStr]) -> dict[str, str]:
    """Headers as they are sent."""
    return {name: value.get_secret_value() for name, value in headers.items()}
