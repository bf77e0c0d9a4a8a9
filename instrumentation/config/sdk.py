"""What OpenTelemetry's own packages read of the environment, and raise at where it can't be understood.

The specification asks for a warning and the default: a service must not fail to start for a mistyped limit.
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Final

LIMITS: Final = (
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
)
UNLIMITED: Final = ""
PROPAGATORS: Final = "OTEL_PROPAGATORS"
PROPAGATE: Final = "opentelemetry.propagate"
"""The module that looks for them, once, when it is imported."""

_log = logging.getLogger("fournines.instrumentation")


def without_mistakes(environ: MutableMapping[str, str]) -> None:
    """Takes limits that are none out, with a line in the log; has propagators looked for without names that nobody knows.

    To be called before OpenTelemetry's packages are imported; what they have raised at by then can't be helped.
    """
    for name in LIMITS:
        if name in environ and not _is_limit(environ[name].strip()):
            _log.warning("%s=%.60r is no number of 0 or more; left out", name, environ.pop(name))
    named = environ.get(PROPAGATORS, "")
    if named and PROPAGATE not in sys.modules:
        known = [name for name in named.split(",") if _is_propagator(name.strip())]
        if ",".join(known) != named:
            environ[PROPAGATORS] = ",".join(known)
            try:
                import_module(PROPAGATE)
            finally:
                environ[PROPAGATORS] = named  # as it was: whoever reads it says what is wrong with it


def _is_limit(text: str) -> bool:
    try:
        return text == UNLIMITED or int(text) >= 0
    except ValueError:
        return False


def _is_propagator(name: str) -> bool:
    return name.lower() == "none" or bool(entry_points(group="opentelemetry_propagator", name=name))


without_mistakes(os.environ)
