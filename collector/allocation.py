"""What becomes of memory that was needed for a moment: the C library is to give it back.

glibc keeps freed memory for what comes next: of blocks up to 32 MiB once one of that size was freed, and in eight arenas a core. A burst
of large requests would leave the process as large as it was at its largest.
"""

from __future__ import annotations

import ctypes
from typing import Final

LARGE: Final = 512 * 1024
"""Bytes from which on a block is mapped by itself, and unmapped when it is freed; what usual requests need is smaller, and kept."""

ARENAS: Final = 2

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""As in <malloc.h>; see mallopt(3)."""


def give_memory_back() -> bool:
    """Has glibc give back what large requests needed once they are done; says whether it will. Other C libraries do so anyway."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    options = ((_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, 8 * LARGE), (_ARENA_MAX, ARENAS))
    done = [mallopt(option, value) for option, value in options]
    return all(done)
