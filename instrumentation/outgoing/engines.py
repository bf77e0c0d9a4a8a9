"""SQLAlchemy's engines, also those that were made before it was followed: most are, in a module that is imported first."""

from __future__ import annotations

import threading
import weakref
from typing import Any

from opentelemetry.metrics import NoOpMeter
from opentelemetry.trace import Tracer

from .. import names
from ..errorname import error_name
from .speaker import followers
from .tracers import CallTracers

SCOPE = "opentelemetry.instrumentation.sqlalchemy"


class Engines:
    """Hands each engine that connects to the instrumentation, unless that has it already."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._lock = threading.Lock()
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()

    def connected(self, connection: Any) -> None:
        """Called where a connection is made, before its first statement."""
        engine = connection.engine
        while (below := getattr(engine, "_proxied", None)) is not None:  # one with options of its own
            engine = below
        if engine in self._known:
            return
        try:
            with self._lock:
                if engine not in self._known:
                    self._known.add(engine)
                    self._follow(engine)
        except Exception:  # noqa: BLE001 - the outer guard: a call is never hurt by being watched
            for outgoing in followers():
                outgoing.health.add(names.PROM_ERRORS, "clients")

    def _follow(self, engine: Any) -> None:
        from opentelemetry.instrumentation.sqlalchemy.engine import EngineTracer

        listening = (getattr(one, "__self__", None) for one in engine.dispatch.before_cursor_execute)
        if not any(isinstance(one, EngineTracer) for one in listening):
            EngineTracer(self._tracer, engine, NoOpMeter(SCOPE).create_up_down_counter("unused"))  # type: ignore[no-untyped-call]


def follow_engines(tracers: CallTracers) -> None:
    """Looks at every engine that connects from now on, and has the spans of failed statements say what they failed with."""
    from opentelemetry.instrumentation.sqlalchemy.version import __version__
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    engines = Engines(tracers.get_tracer(SCOPE, __version__))
    event.listen(Engine, "engine_connect", engines.connected)
    event.listen(Engine, "handle_error", _failed)  # before the one that ends the span


def _failed(context: Any) -> None:
    span = getattr(context.execution_context, "_otel_span", None)
    if span is not None and span.is_recording():
        span.set_attribute(names.ERROR_TYPE, error_name(context.original_exception))
