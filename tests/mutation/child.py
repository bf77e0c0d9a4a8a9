"""Work done in a fork of this process, so that nothing of it is left behind."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Final

_MEMORY: Final = 6 << 30
_SLOWEST: Final = 60


def in_child(work: Callable[[], object], seconds: float) -> int | None:
    """How a fork ends that does this work and says nothing: 0 when it could; None where it took more than `seconds` of computing.

    So that a verdict does not depend on who else computes, the clock on the wall counts only far beyond: for who waits for ever.
    """
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _work(work, math.ceil(seconds))
    try:
        return _waited_for(pid, _SLOWEST * seconds)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _waited_for(pid: int, seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return None if code == -signal.SIGXCPU else code
        time.sleep(0.005)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _work(work: Callable[[], object], seconds: int) -> None:
    """In a process group of its own, with no more time and memory than a fault may take."""
    try:
        os.setpgid(0, 0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        os._exit(int(bool(work())))
    finally:
        os._exit(1)
