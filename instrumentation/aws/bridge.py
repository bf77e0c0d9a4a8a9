"""Joining the recorder of aws-xray-sdk, once in a process, when that package is imported.

The SDK keeps its segments where threads and tasks get each other's
(https://github.com/aws/aws-xray-sdk-python/issues/164); from here on it keeps them where OpenTelemetry keeps its spans.
What a service configures besides (service, sampling, daemon, plugins) stays as it is.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Collection
from types import ModuleType
from typing import Final

NAME: Final = "aws_xray_sdk"
"""As `OTEL_PYTHON_DISABLED_INSTRUMENTATIONS` calls it."""
MODULE: Final = "aws_xray_sdk.core"

_armed: list[str] = []
"""What is waited for, once: a process may hold many applications."""
_log = logging.getLogger("fournines.instrumentation")


def bridge(off: Collection[str]) -> None:
    """Has the recorder joined as soon as its package is imported; not where it is among the names that are off. Never raises."""
    if NAME in off or "*" in off:
        return
    if MODULE in sys.modules:
        _join(sys.modules[MODULE])
    elif MODULE not in _armed and _there(NAME) and _there("wrapt"):
        from wrapt import register_post_import_hook

        _armed.append(MODULE)
        register_post_import_hook(_join, MODULE)


def _there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _join(module: ModuleType) -> None:
    """Called where the package is imported, in whatever code does it."""
    try:
        from .recording import join

        join(module.xray_recorder)
    except Exception as e:  # noqa: BLE001 - another version of somebody else's package may be made otherwise
        _log.warning("aws-xray-sdk can't be joined, and goes its own way: %s: %s", type(e).__name__, e)
