"""One line makes a service say what it does: `instrument(app)`.

Every request becomes one span and one count; counts leave as deltas that are neither lost nor doubled while a collector
is away; `/metrics` shows the same counts. It costs a request microseconds, and never its answer.
"""

from __future__ import annotations

from .errors import InstrumentationError, NoSuchEngine, NotAnApplication
from .telemetry import Telemetry, instrument

__all__ = ["InstrumentationError", "NoSuchEngine", "NotAnApplication", "Telemetry", "instrument"]
