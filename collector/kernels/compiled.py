"""How the kernels are compiled: without the interpreter's lock, each once, and kept in numba's cache.

A kernel is what Python calls: it has a fixed signature, so it is compiled (or read from the cache) when its module is imported.
What kernels call is compiled along with them and is part of what the cache holds.

Integers are `int64` throughout, also where the wire means unsigned ones: mixed with `uint64` they would become floats. A position is
never negative, so `byte` reads with an unsigned index, which spares the test for Python's negative ones. With the JIT switched off
(NUMBA_DISABLE_JIT=1) all of this is plain Python over numpy's scalars, slow but the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

BODY: Final = types.Array(types.uint8, 1, "C", readonly=True)
"""The type of `np.frombuffer(body, np.uint8)`: the body's own bytes, not a copy."""

INTS: Final = types.int64[::1]
TABLE: Final = types.int64[:, ::1]
HASHES: Final = types.uint64[::1]
FLOATS: Final = types.float64[::1]

F = TypeVar("F", bound=Callable[..., Any])


def inlined(function: F) -> F:
    """A few instructions that a call would cost more than."""
    return cast(F, numba.njit(nogil=True, forceinline=True)(function))


def helper(function: F) -> F:
    """A part of kernels that is called rather than repeated."""
    return cast(F, numba.njit(nogil=True)(function))


def kernel(signature: Any) -> Callable[[F], F]:
    """What Python calls, with numba's `signature`: compiled or read from the cache at once."""
    return cast(Callable[[F], F], numba.njit(signature, nogil=True, cache=True))
