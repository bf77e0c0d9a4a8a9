"""Request spans as the SDK would have made them: names, attributes, status, limits, resource. Done by the export thread.

What the conventions ask of an HTTP server span: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link

from ... import __version__
from .. import names
from ..health import Health
from ..identity import Resource as ResourceAttributes
from ..redaction.queries import redacted
from .requestspan import RequestSpan
from .said import Said

MOST_ATTRIBUTES: Final = 16
"""More than a request has of its own: with a limit below, the SDK's containers count."""
DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
WEBSOCKET: Final = "WS"
"""The method of a request that became a WebSocket."""


class SpanForm:
    """How the spans of one application are written. `resource` is asked anew after a fork."""

    scope: Final = InstrumentationScope(names.SCOPE, __version__, names.SCHEMA_URL)

    def __init__(self, resource: Callable[[], ResourceAttributes], limits: SpanLimits, health: Health) -> None:
        self.limits = limits
        self._health = health
        self._said_by = resource
        self._attributes: ResourceAttributes | None = None
        self._resource = Resource({})
        cut = limits.max_span_attribute_length is not None
        few = limits.max_span_attributes is not None and limits.max_span_attributes < MOST_ATTRIBUTES
        self._plain = not cut and not few

    def note(self, span: RequestSpan, say: Callable[..., None], told: tuple[Any, ...]) -> None:
        """Keeps what user code says to a span, within the SDK's limits. Never raises: what can't be kept is counted."""
        try:
            if span.said is None:
                span.said = Said(self.limits)
            say(span.said, *told)
        except Exception:  # noqa: BLE001 - the guard: a word to a span must not cost a request
            self._health.add(names.PROM_ERRORS, "span")

    def _resource_now(self) -> Resource:
        attributes = self._said_by()
        if attributes is not self._attributes:
            self._attributes, self._resource = attributes, Resource(attributes)
        return self._resource

    def readable(self, span: RequestSpan) -> ReadableSpan:
        """The span as processors and exporters know it."""
        said = span.said
        return ReadableSpan(
            name=self._name(span),
            context=span.get_span_context(),
            parent=span.parent,
            resource=self._resource_now(),
            attributes=self._attributes_of(span),
            events=() if said is None else said.events,
            links=self._links_of(span),
            kind=span.kind,
            status=span.status,
            start_time=span.began,
            end_time=span.end_time,
            instrumentation_scope=self.scope,
        )

    def _name(self, span: RequestSpan) -> str:
        """What user code called it; else its own name."""
        said = span.said
        return self._own_name(span) if said is None or said.name is None else said.name

    def _own_name(self, span: RequestSpan) -> str:
        """Method and route; else the method."""
        return span_name(span.method, span.route)

    def _links_of(self, span: RequestSpan) -> Sequence[Link]:
        return () if span.said is None else span.said.links

    def _attributes_of(self, span: RequestSpan) -> Mapping[str, Any]:
        own = request_attributes(span.method, span.scope)
        known = outcome_attributes(span.route, span.status_code, span.error)
        return own | known if span.said is None and self._plain else self._bounded(span, own, known)

    def _bounded(self, span: RequestSpan, own: dict[str, Any], known: Mapping[str, Any]) -> BoundedAttributes:
        """What it began with, what user code said, and what is known at its end, within the limits."""
        limits, said = self.limits, span.said
        bounded = BoundedAttributes(
            limits.max_span_attributes, own, immutable=False, max_value_len=limits.max_span_attribute_length
        )
        if said is not None:
            bounded.update(said.attributes)
            bounded.dropped += said.attributes.dropped
        bounded.update(known)
        return bounded


def span_name(method: str, route: str | None) -> str:
    """`GET /items/{id}`; the method alone where no route is known, `HTTP` for one nobody knows; never a path."""
    word = "HTTP" if method == names.OTHER else method
    return word if route is None else f"{word} {route}"


def outcome_attributes(route: str | None, status: int, error: str | None) -> dict[str, str | int]:
    """What is known when a request is over; a status of 0 stands for none."""
    known: dict[str, str | int] = {}
    if route is not None:
        known[names.ROUTE] = route
    if status:
        known[names.STATUS_CODE] = status
    if error is not None:
        known[names.ERROR_TYPE] = error
    return known


def request_attributes(method: str, scope: Mapping[str, Any]) -> dict[str, str | int]:
    """The attributes that a request begins with, under the names of the conventions."""
    websocket = method == WEBSOCKET
    attributes: dict[str, str | int] = {
        names.METHOD: "GET" if websocket else method,
        names.URL_PATH: scope["path"],
        names.URL_SCHEME: scope.get("scheme") or ("ws" if websocket else "http"),
    }
    if websocket:
        attributes[names.PROTOCOL_NAME] = "websocket"
    elif method == names.OTHER:
        attributes[names.METHOD_ORIGINAL] = scope["method"]
    if query := scope.get("query_string"):
        attributes[names.URL_QUERY] = redacted(query.decode("latin-1"))
    if not websocket and (version := scope.get("http_version")):
        attributes[names.PROTOCOL_VERSION] = version
    attributes.update(_peers(scope))
    return attributes


def _peers(scope: Mapping[str, Any]) -> dict[str, str | int]:
    """Who was asked, and who asked."""
    attributes: dict[str, str | int] = {}
    host, agent = _asked(scope["headers"])
    address, port = _server(host, scope.get("server"))
    if address:
        attributes[names.SERVER_ADDRESS] = address
    if port is None and address:
        port = DEFAULT_PORTS.get(scope.get("scheme") or "http")
    if port is not None:
        attributes[names.SERVER_PORT] = port
    if client := scope.get("client"):
        attributes[names.CLIENT_ADDRESS] = client[0]
    if agent:
        attributes[names.USER_AGENT] = agent
    return attributes


def _asked(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str]:
    host = agent = ""
    for name, value in headers:
        if name == b"host":
            host = value.decode("latin-1")
        elif name == b"user-agent":
            agent = value.decode("latin-1")
    return host, agent


def _server(host: str, listening: tuple[str, int | None] | None) -> tuple[str, int | None]:
    """Address and port the client asked for: from the Host header, else where the server listens."""
    if not host:
        address, port = listening or ("", None)
        return str(address or ""), port
    name, _, digits = host.rpartition(":")
    if name and digits.isascii() and digits.isdigit() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(digits[:6])
    return host.strip("[]"), None
