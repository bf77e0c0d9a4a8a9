"""AWS X-Ray's `X-Amzn-Trace-Id`, read with tolerance.

The peers' parsers lose the trace of every load balancer. Here `Root=` alone (what a load balancer sends) continues the
trace with a span that has no parent; `Sampled=?` and a missing `Sampled` leave the decision here; unknown pairs, and what
has a second `=`, are stepped over, in any order.
https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html

`Lineage` (by which Lambda stops loops) and `Self` (which load balancers put in and renew) are sent on as they came,
whichever header the trace is taken from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from opentelemetry.context import Context, create_key, set_value
from opentelemetry.trace import SpanContext

from .. import names
from .ids import XRayIds, xray_form
from .incoming import HeaderFormat, Incoming, Refused
from .w3c import FLAGS

PASSED_ON: Final = create_key("fournines.xray.passed_on")
"""Context key: the pairs that go out as they came in, each with a semicolon before it."""
KEPT: Final = ("Lineage", "Self")
PAIRS: Final = 32
"""As many are looked at; there are five that mean something."""

_ROOT = re.compile("1-([0-9a-f]{8})-([0-9a-f]{24})")
_PARENT = re.compile("[0-9a-f]{16}")
_KEPT_VALUE = re.compile("[0-9A-Za-z:|=._-]{1,120}")


class XRayHeader(NamedTuple):
    """What a header says; 0, None and "" stand for what it does not say, or says wrongly."""

    trace_id: int
    span_id: int
    sampled: bool | None
    passed_on: str


class XRay(HeaderFormat):
    """Reads and writes `X-Amzn-Trace-Id`."""

    fields = (names.XRAY,)

    def __init__(self, refused: Refused) -> None:
        self._refused = refused

    def read(self, headers: Mapping[str, str], incoming: Incoming) -> None:
        """The header's span; or, for `Root=` alone, its trace; and what is passed on."""
        text = headers.get(names.XRAY)
        if text is None or (incoming.found and KEPT[0] not in text and KEPT[1] not in text):
            return
        header = parse_xray(text)
        if header.passed_on:
            incoming.context = set_value(PASSED_ON, header.passed_on, incoming.context)
        if not header.trace_id:
            self._refused(names.XRAY)
        elif not incoming.found:
            self._found(header, incoming)

    def write(self, span: SpanContext, context: Context) -> list[tuple[str, str]]:
        """The span, and what came with the request to be passed on."""
        if not span.is_valid:
            return []
        kept = context.get(PASSED_ON)
        return [(names.XRAY, format_xray(span) + kept if isinstance(kept, str) else format_xray(span))]

    def _found(self, header: XRayHeader, incoming: Incoming) -> None:
        if not header.span_id and header.sampled is not False:
            incoming.root = header.trace_id
            return
        # A decision against needs a parent to travel on: where none was sent, one is made up.
        span_id = header.span_id or XRayIds().generate_span_id()
        flags = FLAGS[header.sampled is not False]
        incoming.parent = SpanContext(header.trace_id, span_id, is_remote=True, trace_flags=flags)


def parse_xray(header: str) -> XRayHeader:
    """What a header says; of one sent several times, joined by commas, the first."""
    pairs: dict[str, str] = {}
    for part in header.partition(",")[0].split(";", PAIRS)[:PAIRS]:
        key, _, value = part.partition("=")
        pairs.setdefault(key.strip(), value.strip())
    lower = {key.lower(): value.lower() for key, value in pairs.items()}
    root, parent = _ROOT.fullmatch(lower.get("root", "")), _PARENT.fullmatch(lower.get("parent", ""))
    return XRayHeader(
        int(root[1] + root[2], 16) if root else 0,
        int(parent[0], 16) if parent else 0,
        {"1": True, "0": False}.get(lower.get("sampled", "")),
        "".join(f";{key}={pairs[key]}" for key in KEPT if key in pairs and _KEPT_VALUE.fullmatch(pairs[key])),
    )


def format_xray(span: SpanContext) -> str:
    """A span as the header says it."""
    return f"Root={xray_form(span.trace_id)};Parent={span.span_id:016x};Sampled={span.trace_flags & 1}"
