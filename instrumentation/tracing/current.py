"""Whose request is being served: kept in the OpenTelemetry context, so that several applications in one process stay apart.

Libraries make their spans with the process's one global provider; this says which application's queue they belong to, and
which request they wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from opentelemetry.context import _RUNTIME_CONTEXT, Context, attach, create_key, detach, get_value, set_value

from .. import names
from ..health import Health
from ..propagation.propagators import Propagators
from .requestspan import RequestSpan
from .sampling import Sampling
from .spanqueue import SpanQueue

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

KEY: Final = create_key("fournines.current")
ROOT: Final = create_key("fournines.root")
CALL: Final = create_key("fournines.call")
"""Context key: the ids of a span that stands for an outgoing call already; who makes that call sends them, and makes no span."""


@dataclass(eq=False, kw_only=True)
class Current:
    """What code below a request may need of the application that serves it.

    clients      the libraries whose calls are told of
    on_failure   called where a request or work failed
    on_request   starts what has to run for any of it to be told
    tracer       set, like `provider`, when all else is there
    """

    health: Health
    propagators: Propagators
    known_methods: frozenset[str]
    spans: SpanQueue
    sampling: Sampling
    clients: frozenset[str]
    on_failure: Callable[[], None]
    on_request: Callable[[], None]
    tracer: Tracer = field(init=False)
    provider: TracerProvider = field(init=False)

    def start(self) -> None:
        """Starts what has to run, where it does not run. Never raises."""
        try:
            self.on_request()
        except Exception:  # noqa: BLE001 - where no thread can be started the request is counted all the same
            self.failed("start")

    def failed(self, where: str) -> None:
        """Counts a fault of ours."""
        self.health.add(names.PROM_ERRORS, where)


_variable: Final = getattr(_RUNTIME_CONTEXT, "_current_context", None)
"""Where OpenTelemetry keeps the current context; another of its runtimes (`OTEL_PYTHON_CONTEXT`) may have none."""

enter: Final[Callable[[Context], Token[Context]]] = _variable.set if isinstance(_variable, ContextVar) else attach
leave: Final[Callable[[Token[Context]], None]] = _variable.reset if isinstance(_variable, ContextVar) else detach
"""`attach` and `detach`, without the two functions each that stand before the variable. `leave` may raise."""


def served_by(current: Current, context: Context) -> Context:
    """The context of a request that this application serves."""
    return set_value(KEY, current, context)


def current() -> Current | None:
    """The application whose request is being served here; None outside of requests."""
    return cast(Current | None, get_value(KEY))


def local_root() -> RequestSpan | None:
    """The span of the request being served here; None outside, and where the SDK's own span stands for it."""
    return cast(RequestSpan | None, get_value(ROOT))
