"""The `traceparent` header, and `tracestate` with it: W3C Trace Context Level 2, to the letter.

https://www.w3.org/TR/trace-context-2/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import SpanContext, TraceFlags

from .. import names
from .incoming import HeaderFormat, Incoming, Refused
from .tracestate import (
    BLANKS,
    EMPTY,
    LONGEST,
    Tracestate,
    parse_tracestate,
)

KNOWN_FLAGS: Final = 0x03
"""`sampled` and `random`; the others are not defined, and must be sent as zero."""
FLAGS: Final = tuple(TraceFlags(value) for value in range(KNOWN_FLAGS + 1))

_HEADER = re.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_LENGTH = 55


class TraceContext(HeaderFormat):
    """Reads and writes `traceparent` and `tracestate`."""

    fields = (names.TRACEPARENT, names.TRACESTATE)

    def __init__(self, refused: Refused) -> None:
        self._refused = refused

    def read(self, headers: Mapping[str, str], incoming: Incoming) -> None:
        """The caller's span, with all that tracing systems say of it.

        Another trace found before stands; of the same trace this says most.
        """
        header = headers.get(names.TRACEPARENT)
        if header is None:
            return
        parent = parse_traceparent(header)
        if parent is None:
            self._refused(names.TRACEPARENT)
            return
        trace_id, span_id, flags = parent
        if (incoming.parent is None and not incoming.root) or incoming.found == trace_id:
            state = headers.get(names.TRACESTATE)
            known = EMPTY if state is None else self._tracestate(state)
            incoming.parent = SpanContext(trace_id, span_id, True, FLAGS[flags], known)  # noqa: FBT003 - half the time
            incoming.root = 0

    def write(self, span: SpanContext, context: Context) -> list[tuple[str, str]]:
        """`traceparent` of version 00, and `tracestate` where there is any."""
        if not span.is_valid:
            return []
        parent = f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags & KNOWN_FLAGS:02x}"
        written = [(names.TRACEPARENT, parent)]
        if state := span.trace_state:
            written.append((names.TRACESTATE, state.to_header()))
        return written

    def _tracestate(self, header: str) -> Tracestate:
        state = parse_tracestate(header)
        if state is None or len(header) > LONGEST:
            self._refused(names.TRACESTATE)
        return EMPTY if state is None else state


def parse_traceparent(header: str) -> tuple[int, int, int] | None:
    """(trace id, parent id, known flags) of a header; None when it has to be ignored and the trace begun anew.

    A header sent several times, joined by commas, is one too long. Of a version to come the fields known today are read.
    """
    text = header.strip(BLANKS)
    found = _HEADER.match(text)
    if found is None:
        return None
    version, trace_id, parent_id, flags = found.groups()
    if version != "00" or len(text) != _LENGTH:
        to_come = version not in ("00", "ff") and (len(text) == _LENGTH or text[_LENGTH] == "-")
        if not to_come:
            return None
    trace, parent = int(trace_id, 16), int(parent_id, 16)
    return (trace, parent, int(flags, 16) & KNOWN_FLAGS) if trace and parent else None


def flags_below(incoming: Incoming, *, sampled: bool) -> TraceFlags:
    """The flags of a span that continues `incoming`, or begins a trace where there is none.

    `sampled` is ours to decide. `random` stays what the caller said; a trace begun here has it, one begun by a load
    balancer without a word about it has not.
    """
    random = not incoming.root if incoming.parent is None else incoming.parent.trace_flags & TraceFlags.RANDOM_TRACE_ID
    return FLAGS[sampled | (TraceFlags.RANDOM_TRACE_ID if random else 0)]
