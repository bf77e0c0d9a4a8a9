"""Switching on, once in a process: each library when it is imported, and not before, so that nobody pays for what he does not use.

Whatever of it fails is counted, said once with the library's name, and the rest goes on.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from types import ModuleType
from typing import Any, Final

from opentelemetry import metrics

from .. import names
from ..config.conventions import stable_conventions
from ..tracing.current import Current
from .cursors import follow_cursors
from .engines import follow_engines
from .guards import guarded
from .httpx_calls import wrap_httpx
from .libraries import LIBRARIES, Library
from .messages import carry
from .speaker import follow_for, followers
from .tasks import follow_tasks
from .tracers import CallTracers

FOLLOWED: Final = ""
ABSENT: Final = "absent"
ELSEWHERE: Final = "somebody else's instrumentation of it is on"
MISSING: Final = "pip install 'fournines[clients]'"

MORE: Final[dict[str, dict[str, Any]]] = {"botocore": {"request_hook": carry}}
"""What an instrumentation is told besides."""
AFTERWARDS: Final[dict[str, Callable[[CallTracers], None]]] = {
    "celery": follow_tasks,
    "psycopg": follow_cursors,
    "sqlalchemy": follow_engines,
}
"""What is done when it is on."""

_lock = threading.Lock()
_states: dict[str, str] = {}
"""Library -> why it is not followed; `FOLLOWED` where it is, or will be with its import."""
_log = logging.getLogger("fournines.instrumentation")


def follow(outgoing: Current) -> None:
    """Traces the calls of `outgoing.clients` from now on; those outside of requests speak for whoever came last. Never raises."""
    with _lock:
        follow_for(outgoing)
        new = [library for library in LIBRARIES if library.name in outgoing.clients and library.name not in _states]
        _states.update((library.name, FOLLOWED) for library in new)
    for library in new:
        try:
            reason = _armed(library)
        except Exception as e:  # noqa: BLE001 - somebody else's package may raise whatever it likes when it is looked at
            reason = _failed(library, e)
        if reason != FOLLOWED:
            _states[library.name] = reason
    if new and _log.isEnabledFor(logging.INFO):  # versions are read from files
        _log.info("outgoing calls traced: %s", _said([library for library in new if _states[library.name] != ABSENT]))


def followed(clients: frozenset[str]) -> frozenset[str]:
    """Those of the names whose calls are traced in this process, or will be when the library is imported."""
    return frozenset(name for name in clients if _states.get(name) == FOLLOWED)


def _armed(library: Library) -> str:
    """Has it begin when the library is imported; or says why not."""
    if not library.present:
        return ABSENT
    if reason := _objection(library):
        return reason
    _when_imported(library.module, partial(_begin, library))
    return _states[library.name]


def _objection(library: Library) -> str:
    if not library.instrumentor:
        return FOLLOWED
    module, _, kind = library.instrumentor.partition(":")
    try:
        there = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        there = False
    if not there:
        return MISSING
    if module in sys.modules and getattr(sys.modules[module], kind)().is_instrumented_by_opentelemetry:
        return ELSEWHERE
    return _conflict(library)


def _conflict(library: Library) -> str:
    from opentelemetry.instrumentation.dependencies import get_dist_dependency_conflicts

    try:
        conflict = get_dist_dependency_conflicts(distribution(library.instrumentation))
    except PackageNotFoundError:  # it lies on the path without having been installed
        return FOLLOWED
    return FOLLOWED if conflict is None else str(conflict)


def _when_imported(module: str, begin: Callable[[ModuleType], None]) -> None:
    if module in sys.modules:
        begin(sys.modules[module])
    elif importlib.util.find_spec("wrapt") is not None:  # every instrumentation brings it
        from wrapt import register_post_import_hook

        register_post_import_hook(begin, module)
    else:
        begin(import_module(module))


def _begin(library: Library, module: ModuleType) -> None:
    """Called where the library is imported, in whatever code does it."""
    if _states.get(library.name) != FOLLOWED:
        return
    try:
        if library.instrumentor:
            _states[library.name] = _instrumented(library)
        elif not wrap_httpx(module):
            _states[library.name] = ELSEWHERE
    except Exception as e:  # noqa: BLE001 - as in `follow`
        _states[library.name] = _failed(library, e)


def _instrumented(library: Library) -> str:
    where, _, kind = library.instrumentor.partition(":")
    instrumentor = getattr(import_module(where), kind)()
    if instrumentor.is_instrumented_by_opentelemetry:
        return ELSEWHERE
    tracers = CallTracers(library)
    with stable_conventions(), guarded(library):
        # Whether the versions go together was asked before.
        instrumentor.instrument(tracer_provider=tracers, skip_dep_check=True, **_meters(), **MORE.get(library.name, {}))
    if not instrumentor.is_instrumented_by_opentelemetry:
        return "its instrumentation refused"  # and has logged why
    AFTERWARDS.get(library.name, _nothing)(tracers)
    return FOLLOWED


def _meters() -> dict[str, Any]:
    """No measurements of theirs, unless the process has somebody who takes them."""
    found = metrics.get_meter_provider()
    nobody = type(found).__module__.startswith(metrics.__name__)  # the API's own placeholders
    return {"meter_provider": metrics.NoOpMeterProvider()} if nobody else {}


def _nothing(tracers: CallTracers) -> None:
    """For most."""


def _failed(library: Library, error: Exception) -> str:
    for outgoing in followers():
        outgoing.health.add(names.PROM_ERRORS, "clients")
    _log.warning("outgoing calls of %s can't be traced: %s: %s", library.name, type(error).__name__, error)
    return f"it failed: {type(error).__name__}"


def _said(libraries: list[Library]) -> str:
    on = [f"{one.name} {one.version}".rstrip() for one in libraries if _states[one.name] == FOLLOWED]
    off = [f"{one.name} ({_states[one.name]})" for one in libraries if _states[one.name] != FOLLOWED]
    return ", ".join(on) + ("" if on else "none") + ("; there but not traced: " + ", ".join(off) if off else "")
