"""What the base install leaves out, and the time that importing it takes."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

from .failure import fail
from .interrupt import ended_by_interrupt


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
