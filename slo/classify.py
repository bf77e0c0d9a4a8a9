"""One table decides what an event is, for spans, metrics, X-Ray segments and the embedded SLIs alike.

    what happened                                            availability   latency
    1xx-3xx, 4xx other than below                            good           good if within the threshold
    429 (throttled), 499 or a client that went away          no event       no event
    5xx, span status error, error.type set, exception        bad            no event (it is availability's)
      but 4xx with that very code as error.type              good           good if within the threshold
    health, metrics, documentation routes; WebSockets        no event       no event
    a message or an operation that was cancelled             no event       no event

Attribute names are those of the OpenTelemetry semantic conventions for HTTP (stable), with the older ones read as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

Attribute = str | int | float | bool
Attributes = Mapping[str, Attribute]

THROTTLED: Final = 429
CLIENT_CLOSED_REQUEST: Final = 499
CLIENT_ERRORS: Final = 400
SERVER_ERRORS: Final = 500

STATUS_CODE_KEYS: Final = ("http.response.status_code", "http.status_code")
ROUTE_KEYS: Final = ("http.route",)
SCHEME_KEYS: Final = ("url.scheme", "http.scheme")
ERROR_TYPE: Final = "error.type"
SPAN_STATUS: Final = "otel.status_code"
"""`ERROR` where a span's status says so: the name the specification gives it outside OTLP (Mapping to non-OTLP formats)."""

CANCELLED: Final = "fournines.cancelled"
"""True on the span of work that was cancelled: for a request a status says so."""

CLASSIFYING_KEYS: Final = frozenset({*STATUS_CODE_KEYS, *ROUTE_KEYS, *SCHEME_KEYS, ERROR_TYPE, SPAN_STATUS, CANCELLED})
"""Every attribute that classification reads; all others are left alone."""

OPERATIONAL_ROUTES: Final = frozenset(
    {
        "/health", "/healthz", "/healthcheck", "/health/live", "/health/ready", "/live", "/livez", "/liveness",
        "/ready", "/readyz", "/readiness", "/startupz", "/ping", "/status", "/-/healthy", "/-/ready", "/_health",
        "/metrics", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json", "/favicon.ico",
    }
)  # fmt: skip
"""Routes that operators, scrapers and browsers call, not customers."""


class Verdict(Enum):
    """What an event means to an SLO."""

    GOOD = "good"
    BAD = "bad"
    IGNORED = "no event"


def first_of(attributes: Attributes, keys: tuple[str, ...]) -> Attribute | None:
    """The value of the first of `keys` that is set."""
    for key in keys:
        if key in attributes:
            return attributes[key]
    return None


def status_code(attributes: Attributes) -> int | None:
    """The HTTP status that was answered; None where none was, or where the attribute holds no number."""
    value = first_of(attributes, STATUS_CODE_KEYS)
    try:
        return None if value is None else int(value)
    except (ValueError, OverflowError):
        return None


def is_operational(attributes: Attributes) -> bool:
    """Whether the request was for health, metrics or documentation, or was a WebSocket."""
    route = first_of(attributes, ROUTE_KEYS)
    scheme = first_of(attributes, SCHEME_KEYS)
    return scheme in ("ws", "wss") or (isinstance(route, str) and route.rstrip("/") in OPERATIONAL_ROUTES)


def availability(attributes: Attributes) -> Verdict:
    """The table's column *availability* for one event's attributes."""
    code = status_code(attributes)
    if is_operational(attributes) or code in (THROTTLED, CLIENT_CLOSED_REQUEST) or attributes.get(CANCELLED) is True:
        return Verdict.IGNORED
    if code is not None and code >= SERVER_ERRORS:
        return Verdict.BAD
    if _is_answered_refusal(code, attributes):
        return Verdict.GOOD
    failed = bool(attributes.get(ERROR_TYPE)) or attributes.get(SPAN_STATUS) == "ERROR"
    return Verdict.BAD if failed else Verdict.GOOD


def _is_answered_refusal(code: int | None, attributes: Attributes) -> bool:
    """A 4xx whose error.type only repeats it: the conventions have clients report every 404 so, and nothing is broken by it."""
    return code is not None and code >= CLIENT_ERRORS and attributes.get(ERROR_TYPE) == str(code)


def counts_for_latency(attributes: Attributes) -> bool:
    """The table's column *latency*: whether the event is one at all. Good is then a duration at or below the threshold."""
    return availability(attributes) is Verdict.GOOD
