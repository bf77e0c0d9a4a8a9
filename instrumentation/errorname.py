"""What an exception is called in `error.type`."""

from __future__ import annotations


def error_name(raised: BaseException) -> str:
    """An exception's class as `error.type`: with its module, unless it is built in."""
    kind = type(raised)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
