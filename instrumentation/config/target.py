"""Where one signal goes: https://opentelemetry.io/docs/specs/otel/protocol/exporter/."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from .variables import Variables

PROTOCOLS: Final = ("http/protobuf", "grpc")
DEFAULT_ENDPOINTS: Final = {"http/protobuf": "http://localhost:4318", "grpc": "http://localhost:4317"}
PATHS: Final = {"metrics": "/v1/metrics", "traces": "/v1/traces", "logs": "/v1/logs"}
EXPORTERS: Final = {"OTEL_METRICS_EXPORTER": {"prometheus", "awsemf"}, "OTEL_LOGS_EXPORTER": {"console"}}
"""Exporters that are known beside `otlp` and `none`."""

_log = logging.getLogger("fournines.instrumentation")


@dataclass(frozen=True)
class Target:
    """Where one signal goes, and how. `timeout` in seconds; headers and keys stay out of the repr."""

    signal: str
    protocol: str
    endpoint: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    timeout: float = 10.0
    gzip: bool = False
    certificate: str | None = None
    client_key: str | None = field(default=None, repr=False)
    client_certificate: str | None = None
    insecure: bool = False

    @property
    def receiver(self) -> str:
        """The `host:port` of its endpoint, which gRPC takes without a scheme too; all of what can't be read."""
        try:
            return urlsplit(self.endpoint).netloc or self.endpoint
        except ValueError:
            return self.endpoint


def read_target(env: Variables, signal: str) -> Target | None:
    """Where a signal goes; None where another exporter was chosen for it, or none. A signal's own variable stands above the general one."""
    if not _is_exported(env, f"OTEL_{signal.upper()}_EXPORTER"):
        return None

    def named(what: str) -> tuple[str, str]:
        return f"OTEL_EXPORTER_OTLP_{signal.upper()}_{what}", f"OTEL_EXPORTER_OTLP_{what}"

    protocol = env.choice(named("PROTOCOL"), PROTOCOLS, PROTOCOLS[0])
    own_timeout, general_timeout = named("TIMEOUT")
    return Target(
        signal=signal,
        protocol=protocol,
        endpoint=_endpoint(env, signal, protocol),
        headers=tuple(pairs(env.text(*named("HEADERS"))).items()),
        timeout=env.number(own_timeout if env.text(own_timeout) else general_timeout, 10_000.0) / 1000,
        gzip=env.choice(named("COMPRESSION"), ("gzip", "none"), "none") == "gzip",
        certificate=env.text(*named("CERTIFICATE")) or None,
        client_key=env.text(*named("CLIENT_KEY")) or None,
        client_certificate=env.text(*named("CLIENT_CERTIFICATE")) or None,
        insecure=env.is_true(*named("INSECURE")),
    )


def pairs(text: str) -> dict[str, str]:
    """`key=value,key=value` with percent-encoding, as for W3C baggage; what has no key is left out."""
    parts = (part.partition("=") for part in text.split(",") if "=" in part)
    return {unquote(key.strip()): unquote(value.strip()) for key, _, value in parts if key.strip()}


def _endpoint(env: Variables, signal: str, protocol: str) -> str:
    # The signal's own variable is used as it is; the general one, over HTTP, is a base that the signal's path is added to.
    if own := env.text(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"):
        return own
    base = env.text("OTEL_EXPORTER_OTLP_ENDPOINT") or DEFAULT_ENDPOINTS[protocol]
    return base if protocol == "grpc" else base.rstrip("/") + PATHS[signal]


def _is_exported(env: Variables, name: str) -> bool:
    chosen = env.words(name) or ("otlp",)
    known = {"otlp", "none", *EXPORTERS.get(name, ())}
    for exporter in set(chosen) - known:
        _log.warning("%s=%r is not known here (%s); left out", name, exporter, ", ".join(sorted(known)))
    return "otlp" in chosen
