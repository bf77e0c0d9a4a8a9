"""Ctrl-C before there is anything to put in order."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def ended_by_interrupt() -> Generator[None]:
    """Ctrl-C ends the process at once, as SIGTERM does: nothing is there to be tidied, and others' code would drown the exception."""
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else it is ignored, as in the background
    if raises:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if raises:
            signal.signal(signal.SIGINT, signal.default_int_handler)
