"""What the environment says, read once and typed. Arguments of `instrument()` stand above it.

`OTEL_*` variables mean what the OpenTelemetry specification says (durations are milliseconds; an unknown value is
logged and the default taken, never an error): https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
and https://opentelemetry.io/docs/specs/otel/protocol/exporter/. Ours begin with `FOURNINES_`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from .. import names
from ..errors import BadRule
from ..redaction.lengths import Lengths
from ..redaction.rules import Rules
from .page import Page, read_page

if TYPE_CHECKING:
    from ..resources import Asked

Environ = Mapping[str, str]

CONVENTION_BOUNDARIES: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds; the semantic conventions' advice for `http.server.request.duration`."""
USUAL_THRESHOLDS: Final = (0.15, 0.2, 0.3, 0.4)
"""Seconds; objectives people set most, so that no histogram has to be interpolated for them."""
KNOWN_METHODS: Final = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE")
DEFAULT_PROPAGATORS: Final = ("tracecontext", "baggage", "xray")
PROTOCOLS: Final = ("http/protobuf", "grpc")
DEFAULT_ENDPOINTS: Final = {"http/protobuf": "http://localhost:4318", "grpc": "http://localhost:4317"}
FIXED: Final = {
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": ("delta", "lowmemory"),
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": ("explicit_bucket_histogram",),
    "OTEL_METRICS_EXEMPLAR_FILTER": ("trace_based",),
}
"""What the specification lets one choose and this package does not -> the values that agree with what it does."""
PATHS: Final = {"metrics": "/v1/metrics", "traces": "/v1/traces", "logs": "/v1/logs"}
EXPORTERS: Final = {"OTEL_METRICS_EXPORTER": {"prometheus", "awsemf"}, "OTEL_LOGS_EXPORTER": {"console"}}
"""Exporters that are known beside `otlp` and `none`."""
LOG_LINES: Final = ("off", "plain", "json")
OPT_IN: Final = "OTEL_SEMCONV_STABILITY_OPT_IN"

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


@dataclass(frozen=True)
class LogsConfig:
    """What becomes of logs. `lines`: what consoles show: what they did, the same with ids on each record, or JSON. The rest is OTLP's:
    entries that may wait, entries in a batch, seconds between exports, attributes of a record, characters of a value.
    """

    lines: str = "off"
    target: Target | None = None
    queue: int = 2048
    batch: int = 512
    delay: float = 1.0
    attributes: int = 128
    value_length: int | None = None

    def with_argument(self, lines: str | None) -> LogsConfig:
        """The same, with what `instrument()` was told of consoles."""
        return self if lines is None else replace(self, lines=lines)


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


def read_config(service: str | None = None, version: str | None = None, environ: Environ | None = None) -> Config:
    """Reads the environment once. Never raises: what can't be understood is logged and the default taken."""
    env = os.environ if environ is None else environ
    for name, ours in FIXED.items():
        _choice(env, (name,), ours, ours[0])
    from .resources import asked

    return Config(
        disabled=_text(env, "OTEL_SDK_DISABLED").lower() == "true",
        attributes=_attributes(env, service, version),
        metrics=_target(env, "metrics"),
        traces=_target(env, "traces"),
        sampler=_text(env, "OTEL_TRACES_SAMPLER"),
        sampler_argument=_text(env, "OTEL_TRACES_SAMPLER_ARG"),
        kept_share=_share(env, "FOURNINES_TRACES_KEPT"),
        slow=_number(env, "FOURNINES_TRACES_SLOW", 0.25),
        propagators=_list(env, "OTEL_PROPAGATORS") or DEFAULT_PROPAGATORS,
        export_interval=_number(env, "OTEL_METRIC_EXPORT_INTERVAL", 5000.0) / 1000,
        boundaries=_boundaries(env),
        known_methods=frozenset(_list(env, "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS") or KNOWN_METHODS),
        span_queue=int(_number(env, "OTEL_BSP_MAX_QUEUE_SIZE", 2048)),
        span_batch=int(_number(env, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)),
        logs=_logs(env),
        emf=_emf(env),
        page=read_page(env),
        redaction=_redaction(env),
        lengths=Lengths(
            _limit(env, ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"), None),
            _limit(env, ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",), None),
        ),
        asked=asked(env),
        clients_off=frozenset(_list(env, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS")),
    )


@contextmanager
def stable_conventions() -> Iterator[None]:
    """Has those of OpenTelemetry's own instrumentations that begin inside speak the stable conventions, unless somebody chose others.

    They read it from the environment, once, when the first of them begins: there is no other way to tell them. The
    environment that children get is left as it was.
    """
    unsaid = OPT_IN not in os.environ
    if unsaid:
        os.environ[OPT_IN] = "http,database"
    try:
        yield
    finally:
        if unsaid:
            os.environ.pop(OPT_IN, None)


def _text(env: Environ, name: str) -> str:
    # "The SDK MUST interpret an empty value the same way as when the variable is unset."
    return env.get(name, "").strip()


def _list(env: Environ, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in _text(env, name).split(",") if part.strip()))


def _number(env: Environ, name: str, default: float) -> float:
    text = _text(env, name)
    try:
        value = float(text or default)
    except ValueError:
        value = -1.0
    if 0 < value < float("inf"):
        return value
    _log.warning("%s=%r is no positive number; %g is used", name, text, default)
    return default


def _share(env: Environ, name: str) -> float:
    text = _text(env, name)
    try:
        value = float(text or 1.0)
    except ValueError:
        value = -1.0
    if 0.0 <= value <= 1.0:
        return value
    _log.warning("%s=%r is no number from 0 to 1; 1 is used", name, text)
    return 1.0


def _redaction(env: Environ) -> Rules:
    """Patterns are separated by blanks, since they may hold commas; one that can't be followed is left out."""
    patterns: list[str] = []
    for pattern in _text(env, "FOURNINES_REDACT_PATTERNS").split():
        try:
            Rules(patterns=(pattern,))
        except BadRule as e:
            _log.warning("FOURNINES_REDACT_PATTERNS: %s; left out", e)
        else:
            patterns.append(pattern)
    return Rules(
        _list(env, "FOURNINES_REDACT_KEYS"), tuple(patterns), frozenset(_list(env, "FOURNINES_REDACT_ALLOWED"))
    )


def _choice(env: Environ, names_: tuple[str, ...], allowed: tuple[str, ...], default: str) -> str:
    for name in names_:
        value = _text(env, name).lower()
        if value in allowed:
            return value
        if value:
            _log.warning("%s=%r is not one of %s; %s is used", name, value, ", ".join(allowed), default)
    return default


def _limit(env: Environ, names_: tuple[str, ...], default: int | None) -> int | None:
    for name in names_:
        if text := _text(env, name):
            if text.isascii() and text.isdigit():
                return int(text)
            _log.warning("%s=%r is no whole number; left out", name, text)
    return default


def _logs(env: Environ) -> LogsConfig:
    # Logs leave the machine only where somebody asked for it: by the exporter's name, or by a place for them.
    exporter = "OTEL_LOGS_EXPORTER"
    asked = _text(env, exporter) or _text(env, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")
    longest = ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT")
    most = ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")
    queue = int(_number(env, "OTEL_BLRP_MAX_QUEUE_SIZE", 2048))
    return LogsConfig(
        lines=_choice(env, ("FOURNINES_LOGS",), LOG_LINES, "json" if "console" in _list(env, exporter) else "off"),
        target=_target(env, "logs") if asked else None,
        queue=queue,
        batch=min(queue, int(_number(env, "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", 512))),
        delay=_number(env, "OTEL_BLRP_SCHEDULE_DELAY", 1000.0) / 1000,
        attributes=_limit(env, most, 128) or 0,
        value_length=_limit(env, longest, None),
    )


def _emf(env: Environ) -> EmfConfig:
    address = _text(env, "FOURNINES_EMF")
    if not address and "awsemf" in _list(env, "OTEL_METRICS_EXPORTER"):
        address = "stdout"
    return EmfConfig(
        address="" if address.lower() in ("off", "none") else address,
        namespace=_text(env, "FOURNINES_EMF_NAMESPACE") or "fournines",
        log_group=_text(env, "FOURNINES_EMF_LOG_GROUP"),
    )


def _boundaries(env: Environ) -> tuple[float, ...]:
    bounds = {*CONVENTION_BOUNDARIES, *USUAL_THRESHOLDS}
    for text in _list(env, "FOURNINES_LATENCY_THRESHOLDS"):
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if 0 < value < float("inf"):
            bounds.add(value)
        else:
            _log.warning("FOURNINES_LATENCY_THRESHOLDS: %r is no positive number of seconds; left out", text)
    return tuple(sorted(bounds))


def _pairs(text: str) -> dict[str, str]:
    """`key=value,key=value` with percent-encoding, as for W3C baggage; what has no key is left out."""
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return {unquote(key.strip()): unquote(value.strip()) for key, _, value in pairs if key.strip()}


def _attributes(env: Environ, service: str | None, version: str | None) -> dict[str, str]:
    from .resources import detected

    attributes = {names.SERVICE_NAME: "unknown_service:python", **detected(env)}
    attributes |= _pairs(_text(env, "OTEL_RESOURCE_ATTRIBUTES"))
    if name := service or _text(env, "OTEL_SERVICE_NAME"):
        attributes[names.SERVICE_NAME] = name
    if version:
        attributes[names.SERVICE_VERSION] = version
    return {_utf8(key): _utf8(value) for key, value in attributes.items()}


def _utf8(text: str) -> str:
    # Bytes of the environment that are no UTF-8 reach Python as surrogates, which no export could encode.
    return text.encode("utf-8", "replace").decode("utf-8")


def _target(env: Environ, signal: str) -> Target | None:
    if not _exported(env, f"OTEL_{signal.upper()}_EXPORTER"):
        return None

    def named(what: str) -> tuple[str, str]:
        return f"OTEL_EXPORTER_OTLP_{signal.upper()}_{what}", f"OTEL_EXPORTER_OTLP_{what}"

    def first(what: str) -> str:
        own, general = named(what)
        return _text(env, own) or _text(env, general)

    protocol = _choice(env, named("PROTOCOL"), PROTOCOLS, PROTOCOLS[0])
    own_timeout, general_timeout = named("TIMEOUT")
    return Target(
        signal=signal,
        protocol=protocol,
        endpoint=_endpoint(env, signal, protocol),
        headers=tuple(_pairs(first("HEADERS")).items()),
        timeout=_number(env, own_timeout if _text(env, own_timeout) else general_timeout, 10_000.0) / 1000,
        gzip=_choice(env, named("COMPRESSION"), ("gzip", "none"), "none") == "gzip",
        certificate=first("CERTIFICATE") or None,
        client_key=first("CLIENT_KEY") or None,
        client_certificate=first("CLIENT_CERTIFICATE") or None,
        insecure=first("INSECURE").lower() == "true",
    )


def _endpoint(env: Environ, signal: str, protocol: str) -> str:
    # The signal's own variable is used as it is; the general one, over HTTP, is a base that the signal's path is added to.
    if own := _text(env, f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"):
        return own
    base = _text(env, "OTEL_EXPORTER_OTLP_ENDPOINT") or DEFAULT_ENDPOINTS[protocol]
    return base if protocol == "grpc" else base.rstrip("/") + PATHS[signal]


def _exported(env: Environ, name: str) -> bool:
    chosen = _list(env, name) or ("otlp",)
    known = {"otlp", "none", *EXPORTERS.get(name, ())}
    for exporter in set(chosen) - known:
        _log.warning("%s=%r is not known here (%s); left out", name, exporter, ", ".join(sorted(known)))
    return "otlp" in chosen
