"""Ids of traces and spans, of a kind that X-Ray accepts as well."""

from __future__ import annotations

import random
from contextvars import ContextVar
from typing import Final

from opentelemetry.sdk.trace.id_generator import IdGenerator

from ..clock import NANOS, wall
from ..forks import in_child

RANDOM_BITS: Final = 96
SPAN_BITS: Final = 64
ID_BITS: Final = RANDOM_BITS + SPAN_BITS
LARGEST_SPAN: Final = (1 << SPAN_BITS) - 1

_root_to_continue: ContextVar[int] = ContextVar("fournines_root_to_continue", default=0)

# A generator of our own: a service that seeds the module's, as tests and simulations do, would repeat its ids.
_source = random.Random()  # noqa: S311 - ids are no secrets
in_child(_source.seed)

random_bits: Final = _source.getrandbits


def new_ids(nanos: int) -> tuple[int, int]:
    """(trace id, span id) of a trace that begins at these epoch nanoseconds, at the price of one random number."""
    return ids_of(nanos, random_bits(ID_BITS))


def ids_of(nanos: int, bits: int) -> tuple[int, int]:
    """The ids that so many random bits make: the same ones whenever they are asked for."""
    return nanos // NANOS << RANDOM_BITS | bits >> SPAN_BITS, bits & LARGEST_SPAN or 1


def xray_form(trace_id: int) -> str:
    """A trace's id as X-Ray writes it: `1-<8 digits>-<24 digits>`."""
    digits = f"{trace_id:032x}"
    return f"1-{digits[:8]}-{digits[8:]}"


class XRayIds(IdGenerator):
    """Trace ids that X-Ray accepts: the first 32 bits are epoch seconds, the other 96 random."""

    def generate_trace_id(self) -> int:
        """The id of the trace being continued, where one is; else a new one."""
        return _root_to_continue.get() or int(wall()) << RANDOM_BITS | (_source.getrandbits(RANDOM_BITS) or 1)

    def generate_span_id(self) -> int:
        """64 random bits, never all zero."""
        return _source.getrandbits(64) or 1

    def is_trace_id_random(self) -> bool:
        """Whether the right-most 56 bits are ours, and so random: not in a trace that somebody else began."""
        return not _root_to_continue.get()


class continuing:  # noqa: N801 - reads as the statement it is: `with continuing(trace_id):`
    """While it is entered, a span without a parent begins in the given trace (0: in a new one)."""

    __slots__ = ("_token", "_trace_id")

    def __init__(self, trace_id: int) -> None:
        self._trace_id = trace_id

    def __enter__(self) -> None:
        self._token = _root_to_continue.set(self._trace_id)

    def __exit__(self, *_: object) -> None:
        _root_to_continue.reset(self._token)
