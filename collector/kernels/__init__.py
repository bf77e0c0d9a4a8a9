"""Decoding without an object a span or point: one pass over the bytes, by kernels that numba compiles.

body -> wire, walk, attributes (the format) -> interning (what is distinct) -> spans, logs, points (the columns)
"""

from .loading import load_decoders, warm_up

__all__ = ["load_decoders", "warm_up"]
