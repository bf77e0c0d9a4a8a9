"""What a series says of itself, as plain values: what it gained since it was last asked, and what it holds."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

from .. import names

Attribute = str | int
Key = tuple[str, str, str | None, int, str | None, str | None]
"""(method, scheme, route, status, error type, protocol version): all that tells one series of requests from another."""

K = TypeVar("K", bound=Hashable)
"""What tells one series of a metric from another."""


class Exemplar(NamedTuple):
    """One request that fell into a bucket: its ids, its seconds and when (epoch seconds)."""

    trace_id: int
    span_id: int
    seconds: float
    at: float


class Gained(NamedTuple, Generic[K]):
    """What one series gained since the last seal. `counts` has one entry per bucket, the last for +Inf."""

    key: K
    counts: tuple[int, ...]
    seconds: float
    exemplars: tuple[Exemplar, ...]

    @property
    def requests(self) -> int:
        """Requests, or whatever was timed, in this point."""
        return sum(self.counts)


class Held(NamedTuple, Generic[K]):
    """What one series holds since the process began; one exemplar, or None, per bucket."""

    key: K
    counts: tuple[int, ...]
    seconds: float
    exemplars: tuple[Exemplar | None, ...]


Point = Gained[Key]
Total = Held[Key]
"""The same of requests."""


def attributes(key: Key) -> dict[str, Attribute]:
    """The key under the names of the semantic conventions; what is None is left out."""
    method, scheme, route, status, error_type, version = key
    pairs: dict[str, Attribute | None] = {
        names.METHOD: method,
        names.URL_SCHEME: scheme,
        names.STATUS_CODE: status,
        names.ROUTE: route,
        names.ERROR_TYPE: error_type,
        names.PROTOCOL_VERSION: version,
    }
    return {name: value for name, value in pairs.items() if value is not None}
