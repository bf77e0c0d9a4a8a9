"""Work that is no HTTP request: operations and jobs, and messages of queues. Each is a span and a count, as requests are."""

from __future__ import annotations

from .counts import Measured, WorkCounts
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
