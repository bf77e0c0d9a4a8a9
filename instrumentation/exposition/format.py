"""In which format a page is told: what `Accept` and `Accept-Encoding` ask for, of what we have.

Prometheus names several formats with falling weights, and never wants an error: who asks for nothing we have gets the
oldest text. https://prometheus.io/docs/instrumenting/content_negotiation/ and RFC 9110, section 12.5
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from prometheus_client.exposition import generate_latest as as_text
from prometheus_client.openmetrics.exposition import generate_latest as as_openmetrics
from prometheus_client.registry import Collector

from ..counts.point import Total
from .durations import written

OPENMETRICS: Final = "application/openmetrics-text"
TEXT: Final = "text/plain"
UNDERSCORES: Final = "underscores"
ESCAPINGS: Final = ("allow-utf-8", "underscores", "dots", "values")
KNOWN: Final = {
    (OPENMETRICS, ""): "1.0.0",
    (OPENMETRICS, "1.0.0"): "1.0.0",
    (TEXT, ""): "0.0.4",
    (TEXT, "0.0.4"): "0.0.4",
    (TEXT, "1.0.0"): "1.0.0",
    ("application/*", ""): "1.0.0",
    ("text/*", ""): "0.0.4",
    ("*/*", ""): "0.0.4",
}
"""(media range, version asked for) -> the version it gets; what is not here we do not have."""


class Format(NamedTuple):
    """One way to tell a page."""

    media: str = TEXT
    version: str = "0.0.4"
    escaping: str = ""

    @property
    def content_type(self) -> str:
        """The header's value; the escaping is named for who named one."""
        named = f"; escaping={self.escaping}" if self.escaping else ""
        return f"{self.media}; version={self.version}; charset=utf-8{named}"

    def encode(self, families: Collector, durations: tuple[tuple[float, ...], list[Total]]) -> bytes:
        """The page itself: the request durations, then the rest."""
        openmetrics = self.media == OPENMETRICS
        return written(*durations, openmetrics=openmetrics).encode("utf-8", "replace") + self._encoded(families)

    def _encoded(self, families: Collector) -> bytes:
        escaping = self.escaping or UNDERSCORES
        encoder: Callable[[Collector], bytes] = partial(as_text, escaping=escaping)
        if self.media == OPENMETRICS:
            encoder = partial(as_openmetrics, escaping=escaping, version=self.version)
        return encoder(families)


class _Range(NamedTuple):
    media: str
    parameters: dict[str, str]
    weight: float


def chosen(accept: str) -> Format:
    """The format of the greatest weight that we have; named ones before `*`, then the one named first."""
    asked = list(_ranges(accept))
    refused = {_format(one) for one in asked if one.weight == 0}
    best, found = (0.0, False), Format()
    for one in asked:
        made = _format(one)
        rank = (one.weight, "*" not in one.media)
        if made is not None and made not in refused and rank > best:
            best, found = rank, made
    return found


def gzip_accepted(accept_encoding: str) -> bool:
    """Whether the body may be compressed."""
    weights = {one.media: one.weight for one in _ranges(accept_encoding)}
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _format(asked: _Range) -> Format | None:
    version = KNOWN.get((asked.media, asked.parameters.get("version", "")))
    if version is None:
        return None
    media = OPENMETRICS if asked.media.startswith("application/") else TEXT
    escaping = asked.parameters.get("escaping", "")
    return Format(media, version, escaping if escaping in ESCAPINGS else "")


def _ranges(header: str) -> Iterator[_Range]:
    for part in header.split(","):
        media, *parameters = (field.strip() for field in part.split(";"))
        pairs = (field.partition("=") for field in parameters if "=" in field)
        named = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
        weight = _weight(named.pop("q", "1"))
        if media and weight is not None:
            yield _Range(media.lower(), named, weight)


def _weight(text: str) -> float | None:
    try:
        weight = float(text)
    except ValueError:
        return None
    return weight if 0 <= weight <= 1 else None
