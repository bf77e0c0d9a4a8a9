"""What the base install leaves out, and the time that importing it takes."""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator
from contextlib import contextmanager

from .failure import fail


@contextmanager
def collector_extra() -> Generator[None]:
    """Around the imports of a command: says what to install where something is missing."""
    gc.disable()  # what imports make stays: looking through it for garbage again and again is a sixth of their time
    try:
        with ended_by_interrupt():
            yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("fournines"):
            raise
        fail(f"this command needs {error.name}, which the base install leaves out: pip install 'fournines[collector]'")
    finally:
        gc.enable()


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
