"""Whose request is being served: kept in the OpenTelemetry context, so that several applications in one process stay apart.

Libraries make their spans with the process's one global provider; this says which application's queue they belong to, and
which request they wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, cast

from opentelemetry.context import Context, create_key, get_value, set_value

from .health import Health
from .propagation import Propagators
from .requestspan import RequestSpan
from .sampling import Sampling
from .spanqueue import SpanQueue

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

KEY: Final = create_key("fournines.current")
ROOT: Final = create_key("fournines.root")
CALL: Final = create_key("fournines.call")
"""Context key: the ids of a span that stands for an outgoing call already; who makes that call sends them, and makes no span."""


class Current(Protocol):
    """What code below a request may need of the application that serves it."""

    tracer: Tracer
    provider: TracerProvider
    propagators: Propagators
    known_methods: frozenset[str]
    spans: SpanQueue
    sampling: Sampling
    health: Health
    clients: frozenset[str]
    """The libraries whose calls are told of."""
    on_request: Callable[[], None]
    """What has to run for any of it to be told is started, if it does not run yet."""


def served_by(current: Current, context: Context) -> Context:
    """The context of a request that this application serves."""
    return set_value(KEY, current, context)


def current() -> Current | None:
    """The application whose request is being served here; None outside of requests."""
    return cast(Current | None, get_value(KEY))


def local_root() -> RequestSpan | None:
    """The span of the request being served here; None outside, and where the SDK's own span stands for it."""
    return cast(RequestSpan | None, get_value(ROOT))
