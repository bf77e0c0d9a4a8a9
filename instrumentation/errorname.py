"""Which exceptions are failures, and what they are called in `error.type`."""

from __future__ import annotations

from typing import Final

FAILURES: Final = (Exception, SystemExit, KeyboardInterrupt)
"""What a request or a piece of work fails with; any other `BaseException` is how event loops cancel it."""


def error_name(raised: BaseException) -> str:
    """An exception's class as `error.type`: with its module, unless it is built in."""
    kind = type(raised)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
