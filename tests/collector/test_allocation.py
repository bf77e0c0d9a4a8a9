"""Memory that large requests needed goes back to the system."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import sys

import pytest

from fournines.collector import allocation

PROGRAM = """
import numpy as np
from pathlib import Path
from fournines.collector.allocation import LARGE, give_memory_back
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
assert give_memory_back()
before = resident()
for size in (LARGE, 2 * LARGE, LARGE):
    burst = [np.ones(size, np.uint8) for _ in range(64)]
    del burst
print(resident() - before < 8 * LARGE)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps it")
def test_a_burst_leaves_nothing_behind():
    """However large what was freed: the process is as large as before, and so it is after the next one."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=60)

    assert "True\n" == done.stdout


def test_other_libraries_need_nothing(monkeypatch):
    """Where there is no mallopt nothing happens, and it says so."""

    class Bare:
        def __init__(self, _name):
            pass

    monkeypatch.setattr(ctypes, "CDLL", Bare)

    assert not allocation.give_memory_back()
