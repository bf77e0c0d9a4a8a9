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

_log = logging.getLogger("fournines.instrumentation")


def bridge(off: Collection[str]) -> None:
    """Has the recorder joined as soon as its package is imported; not where it is among the names that are off. Never raises."""
    if NAME in off or "*" in off:
        return
    if MODULE in sys.modules:
        _join(sys.modules[MODULE])
    elif importlib.util.find_spec(NAME) is not None and importlib.util.find_spec("wrapt") is not None:
        from wrapt import register_post_import_hook

        register_post_import_hook(_join, MODULE)


def _join(module: ModuleType) -> None:
    """Called where the package is imported, in whatever code does it."""
    try:
        from .recording import join

        join(module.xray_recorder)
    except Exception as e:  # noqa: BLE001 - another version of somebody else's package may be made otherwise
        _log.warning("aws-xray-sdk can't be joined, and goes its own way: %s: %s", type(e).__name__, e)
