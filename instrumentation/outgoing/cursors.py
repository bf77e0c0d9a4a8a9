"""psycopg's cursors: a statement without a word in it must not cost its execution."""

from __future__ import annotations

import functools
from typing import Any

from .tracers import CallTracers


def follow_cursors(tracers: CallTracers) -> None:
    """Has the instrumentation of databases find no name, and not raise, where a statement is but a comment or blank."""
    from opentelemetry.instrumentation.dbapi import CursorTracer

    if not hasattr(CursorTracer.get_operation_name, "__wrapped__"):
        CursorTracer.get_operation_name = _never_raising(CursorTracer.get_operation_name)  # type: ignore[method-assign]


def _never_raising(name: Any) -> Any:
    @functools.wraps(name)
    def get_operation_name(self: Any, cursor: Any, args: Any) -> str:
        try:
            return str(name(self, cursor, args))
        except IndexError:
            return ""

    return get_operation_name
