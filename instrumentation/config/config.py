"""All that the instrumentation may be told, read once and typed. Arguments of `instrument()` stand above it.

`OTEL_*` variables mean what the OpenTelemetry specification says:
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. Ours begin with `FOURNINES_`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .. import names
from ..errors import BadRule
from ..redaction.lengths import Lengths
from ..redaction.rules import Rules
from .logs import LogsConfig, read_logs
from .page import Page, read_page
from .target import Target, pairs, read_target
from .variables import Variables

if TYPE_CHECKING:
    from ..resources.discovery import Asked

CONVENTION_BOUNDARIES: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds; the semantic conventions' advice for `http.server.request.duration`."""
USUAL_THRESHOLDS: Final = (0.15, 0.2, 0.3, 0.4)
"""Seconds; objectives people set most, so that no histogram has to be interpolated for them."""
KNOWN_METHODS: Final = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE")
DEFAULT_PROPAGATORS: Final = ("tracecontext", "baggage", "xray")
FIXED: Final = {
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": ("delta", "lowmemory"),
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": ("explicit_bucket_histogram",),
    "OTEL_METRICS_EXEMPLAR_FILTER": ("trace_based",),
}
"""What the specification lets one choose and this package does not -> the values that agree with what it does."""

_log = logging.getLogger("fournines.instrumentation")


@dataclass(frozen=True)
class EmfConfig:
    """Where CloudWatch's embedded metrics go: `stdout`, a file, `tcp://host:port`, `udp://host:port`; empty: nowhere."""

    address: str = ""
    namespace: str = "fournines"
    log_group: str = ""


@dataclass(frozen=True)
class Config:
    """All that the instrumentation may be told. Seconds throughout; a target that is None is switched off."""

    disabled: bool
    attributes: Mapping[str, str]
    metrics: Target | None
    traces: Target | None
    sampler: str = ""
    sampler_argument: str = ""
    kept_share: float = 1.0
    slow: float = 0.25
    propagators: tuple[str, ...] = DEFAULT_PROPAGATORS
    export_interval: float = 5.0
    boundaries: tuple[float, ...] = CONVENTION_BOUNDARIES
    known_methods: frozenset[str] = frozenset(KNOWN_METHODS)
    span_queue: int = 2048
    span_batch: int = 512
    logs: LogsConfig = field(default_factory=LogsConfig)
    emf: EmfConfig = field(default_factory=EmfConfig)
    page: Page = field(default_factory=Page)
    redaction: Rules = field(default_factory=Rules)
    lengths: Lengths = field(default_factory=Lengths)
    asked: Asked | None = None
    clients_off: frozenset[str] = frozenset()


def read_config(
    service: str | None = None, version: str | None = None, environ: Mapping[str, str] | None = None
) -> Config:
    """Reads the environment once. Never raises: what can't be understood is logged and the default taken."""
    from .resources import asked

    env = Variables(environ)
    for name, ours in FIXED.items():
        env.choice((name,), ours, ours[0])
    return Config(
        disabled=env.is_true("OTEL_SDK_DISABLED"),
        attributes=_attributes(env, service, version),
        metrics=read_target(env, "metrics"),
        traces=read_target(env, "traces"),
        sampler=env.text("OTEL_TRACES_SAMPLER"),
        sampler_argument=env.text("OTEL_TRACES_SAMPLER_ARG"),
        kept_share=env.share("FOURNINES_TRACES_KEPT"),
        slow=env.number("FOURNINES_TRACES_SLOW", 0.25),
        propagators=env.words("OTEL_PROPAGATORS") or DEFAULT_PROPAGATORS,
        export_interval=env.number("OTEL_METRIC_EXPORT_INTERVAL", 5000.0) / 1000,
        boundaries=_boundaries(env),
        known_methods=frozenset(env.words("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS") or KNOWN_METHODS),
        span_queue=int(env.number("OTEL_BSP_MAX_QUEUE_SIZE", 2048)),
        span_batch=int(env.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)),
        logs=read_logs(env),
        emf=_emf(env),
        page=read_page(env),
        redaction=_redaction(env),
        lengths=Lengths(
            env.limit("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
            env.limit("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
        ),
        asked=asked(env),
        clients_off=frozenset(env.words("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS")),
    )


def _redaction(env: Variables) -> Rules:
    """Patterns are separated by blanks, since they may hold commas; one that can't be followed is left out."""
    patterns: list[str] = []
    for pattern in env.text("FOURNINES_REDACT_PATTERNS").split():
        try:
            Rules(patterns=(pattern,))
        except BadRule as e:
            _log.warning("FOURNINES_REDACT_PATTERNS: %s; left out", e)
        else:
            patterns.append(pattern)
    return Rules(env.words("FOURNINES_REDACT_KEYS"), tuple(patterns), frozenset(env.words("FOURNINES_REDACT_ALLOWED")))


def _emf(env: Variables) -> EmfConfig:
    address = env.text("FOURNINES_EMF")
    if not address and "awsemf" in env.words("OTEL_METRICS_EXPORTER"):
        address = "stdout"
    return EmfConfig(
        address="" if address.lower() in ("off", "none") else address,
        namespace=env.text("FOURNINES_EMF_NAMESPACE") or "fournines",
        log_group=env.text("FOURNINES_EMF_LOG_GROUP"),
    )


def _boundaries(env: Variables) -> tuple[float, ...]:
    bounds = {*CONVENTION_BOUNDARIES, *USUAL_THRESHOLDS}
    for text in env.words("FOURNINES_LATENCY_THRESHOLDS"):
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if 0 < value < float("inf"):
            bounds.add(value)
        else:
            _log.warning("FOURNINES_LATENCY_THRESHOLDS: %r is no positive number of seconds; left out", text)
    return tuple(sorted(bounds))


def _attributes(env: Variables, service: str | None, version: str | None) -> dict[str, str]:
    from .resources import detected

    attributes = {names.SERVICE_NAME: "unknown_service:python", **detected(env)}
    attributes |= pairs(env.text("OTEL_RESOURCE_ATTRIBUTES"))
    if name := service or env.text("OTEL_SERVICE_NAME"):
        attributes[names.SERVICE_NAME] = name
    if version:
        attributes[names.SERVICE_VERSION] = version
    return {_utf8(key): _utf8(value) for key, value in attributes.items()}


def _utf8(text: str) -> str:
    # Bytes of the environment that are no UTF-8 reach Python as surrogates, which no export could encode.
    return text.encode("utf-8", "replace").decode("utf-8")
