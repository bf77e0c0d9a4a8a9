"""Work that is no HTTP request: operations and jobs, and messages of queues. Each is a span and a count, as requests are."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..counts.work import Measured, WorkCounts
    from .crew import Crew
    from .operation import Consumer, Operation
    from .span import WorkForm
    from .tracing import DeferredWork, EagerWork, WorkTracing

__all__ = [
    "Consumer",
    "Crew",
    "DeferredWork",
    "EagerWork",
    "Measured",
    "Operation",
    "WorkCounts",
    "WorkForm",
    "WorkTracing",
]

_HOMES: Final = {
    "Consumer": "operation",
    "Crew": "crew",
    "DeferredWork": "tracing",
    "EagerWork": "tracing",
    "Measured": "counts",
    "Operation": "operation",
    "WorkCounts": "counts",
    "WorkForm": "span",
    "WorkTracing": "tracing",
}
"""Who only counts (`counts`), or imports the package without an application, does not pay for the rest."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
