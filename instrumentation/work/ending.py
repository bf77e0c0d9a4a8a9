"""The ends of processes that `multiprocessing` forked: they end without the interpreter's own end, and have a list of their own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

LAST: Final = -1000
"""Of what is done at such an end, the last: what is counted meanwhile is told too."""

_heard: set[int] = set()


def at_child_end(call: Callable[[], object]) -> None:
    """Has `call` made when this process ends, if it is a child of `multiprocessing`; once, however often it is asked for."""
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None or os.getpid() in _heard:
        return
    from multiprocessing.util import Finalize

    _heard.add(os.getpid())
    Finalize(None, call, exitpriority=LAST)
