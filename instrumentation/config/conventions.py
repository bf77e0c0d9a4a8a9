"""Which conventions OpenTelemetry's own instrumentations speak, where they begin inside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

OPT_IN: Final = "OTEL_SEMCONV_STABILITY_OPT_IN"


@contextmanager
def stable_conventions() -> Iterator[None]:
    """Has those that begin inside speak the stable conventions, unless somebody chose others.

    They read it from the environment, once, when the first of them begins: there is no other way to tell them. The
    environment that children get is left as it was.
    """
    unsaid = OPT_IN not in os.environ
    if unsaid:
        os.environ[OPT_IN] = "http,database"
    try:
        yield
    finally:
        if unsaid:
            os.environ.pop(OPT_IN, None)
