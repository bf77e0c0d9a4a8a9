"""One line makes a service say what it does: `instrument(app)`.

Every request becomes one span and one count; counts leave as deltas that are neither lost nor doubled while a collector
is away; `/metrics` shows the same counts. It costs a request microseconds, and never its answer.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .config import sdk as _config_sdk  # noqa: F401 - first of all: see there
from .errors import BadObjective, BadRule, InstrumentationError, NoSuchClient, NoSuchEngine, NotAnApplication
from .handles import instrument
from .redaction.rules import Rules
from .telemetry import Telemetry

if TYPE_CHECKING:
    from .logs.json import JsonFormatter
    from .logs.plain import CorrelationFilter
    from .logs.structlog import JsonRenderer, add_ids
    from .objectives.objective import Objective
    from .redaction.redactor import Redactor

__all__ = [
    "BadObjective",
    "BadRule",
    "CorrelationFilter",
    "InstrumentationError",
    "JsonFormatter",
    "JsonRenderer",
    "NoSuchClient",
    "NoSuchEngine",
    "NotAnApplication",
    "Objective",
    "Redactor",
    "Rules",
    "Telemetry",
    "add_ids",
    "instrument",
]

_WHEN_ASKED_FOR: Final = {
    "CorrelationFilter": "logs.plain",
    "JsonFormatter": "logs.json",
    "JsonRenderer": "logs.structlog",
    "Objective": "objectives.objective",
    "Redactor": "redaction.redactor",
    "add_ids": "logs.structlog",
}
"""Who needs none of these does not pay for importing them."""


if not TYPE_CHECKING:  # a type checker would take every name for one of ours

    def __getattr__(name: str) -> Any:
        if name not in _WHEN_ASKED_FOR:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{_WHEN_ASKED_FOR[name]}", __name__), name)
