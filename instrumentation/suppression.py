"""Calls that are nobody's request: those with which this package itself sends and asks."""

from __future__ import annotations

from typing import Final

from opentelemetry.context import attach, set_value

SUPPRESSED: Final = "suppress_instrumentation"
"""The context key that instrumentations look at, whichever library they follow."""


def suppress() -> None:
    """From here on nothing that this thread calls is traced. For threads of our own."""
    attach(set_value(SUPPRESSED, value=True))
