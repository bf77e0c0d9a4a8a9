"""How the kernels are compiled: without the interpreter's lock, each once, and kept in numba's cache.

A kernel is what Python calls: it has a fixed signature, so it is compiled (or read from the cache) when its module is imported.
What kernels call is compiled along with them and is part of what the cache holds.

Arrays come in and are never made within (but in what is `allocating`), and so they are not reference-counted (`_nrt=False`): counting
each time an array is handed on took most of the time, and most of the compiling.

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
Floats = NDArray[np.float64]

BODY: Final = types.Array(types.uint8, 1, "C", readonly=True)
"""The type of `np.frombuffer(body, np.uint8)`: the body's own bytes, not a copy."""

INTS: Final = types.int64[::1]
TABLE: Final = types.int64[:, ::1]
HASHES: Final = types.uint64[::1]
FLOATS: Final = types.float64[::1]

int64 = cast(Callable[[Any], int], np.int64)
"""Makes 64-bit integers, which shift and wrap as compiled ones do, of Python's; to the type checker they are the same."""

F = TypeVar("F", bound=Callable[..., Any])


_njit: Any = numba.njit  # its types do not know `_nrt`


def inlined(function: F) -> F:
    """A few instructions that a call would cost more than."""
    return cast(
        F, _njit(nogil=True, forceinline=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    )


def helper(function: F) -> F:
    """A part of kernels that is called rather than repeated."""
    return cast(F, _njit(nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function))


def allocating(function: F) -> F:
    """A helper that makes arrays of its own."""
    return cast(F, _njit(nogil=True, _nrt=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function))


def kernel(signature: Any) -> Callable[[F], F]:
    """What Python calls, with numba's `signature`: compiled or read from the cache at once."""
    return cast(Callable[[F], F], _njit(signature, nogil=True, cache=True, _nrt=False, no_cfunc_wrapper=True))
