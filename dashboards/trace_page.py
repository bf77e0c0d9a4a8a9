"""Kept traces: a list of them, and one as a waterfall with what was logged meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from markupsafe import Markup

from ..slo import figures, timestamp
from .listing import Cell, Choice, Listing
from .page import render
from .svg import span_bar

STATES: Final = ("failed", "slow", "sampled")
"""Why a trace is kept."""

MOST_SPANS: Final = 500
"""Spans of a trace that a page shows; the API has them all."""

_DEEPEST: Final = 5
_TOLD: Final = 12
"""Attributes of a span that are shown."""

Trace = Mapping[str, Any]
"""A kept trace as plain values, as the API gives it."""


def traces_listing(found: Sequence[Trace], now: float, service: str, state: str) -> Listing:
    """The newest traces that are kept."""
    lines = [
        (
            Cell(f"{each['service']} {each['route'] or each['name']}".strip(), f"/traces/{each['trace_id']}"),
            Cell(each["state"], tone="red" if each["state"] == "failed" else ""),
            Cell(each["status_code"] or each["error"] or figures.NOTHING),
            Cell(_took(each["duration_seconds"])),
            Cell(figures.clock(each["start"], now), moment=timestamp(each["start"])),
        )
        for each in found
    ]
    choices = [
        Choice(words, f"/traces?{urlencode({'service': service, 'state': value})}", value == state)
        for words, value in (("all", ""), *((each, each) for each in STATES))
    ]
    title = f"Traces of {service}" if service else "Traces"
    says = "Every failed and slow request is kept while there is room, and a few ordinary ones; for three days at most."
    return Listing(
        title, says, ("Request", "Kept because", "Status", "Took", "Began"), lines, "No such trace is kept.", choices
    )


@dataclass(frozen=True, slots=True)
class SpanLine:
    """A span as a line of the waterfall."""

    name: str
    service: str
    kind: str
    depth: int
    failed: bool
    took: str
    bar: Markup
    said: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def render_trace(trace: Trace, now: float, notices: Sequence[str] = ()) -> str:
    """The page at `/traces/{id}`."""
    spans = trace["spans"]
    start = min((span["start"] for span in spans), default=trace["received"])
    length = max((span["start"] + span["duration_seconds"] - start for span in spans), default=0.0)
    logs = [
        (_offset(log["time"] - start), log["service"], log["severity"], _text(log["body"])) for log in trace["logs"]
    ]
    return render(
        "trace.html.j2",
        now,
        now,
        notices,
        title=f"Trace of {trace['service']} {trace['route']}".rstrip(),
        trace=trace,
        began=figures.clock(start, now),
        began_at=timestamp(start),
        took=_took(max(0.0, length)),
        spans=[_line(span, length) for span in spans[:MOST_SPANS]],
        hidden=max(0, len(spans) - MOST_SPANS),
        logs=logs,
        service_path="/?" + urlencode({"service": trace["service"]}),
        json_path=f"/api/v1/traces/{quote(trace['trace_id'])}",
    )


def _line(span: Mapping[str, Any], length: float) -> SpanLine:
    failed = span["status"] == "error"
    share = (lambda seconds: seconds / length) if length > 0 else (lambda _: 0.0)
    said = [(key, _text(value)) for key, value in sorted(span["attributes"].items())[:_TOLD]]
    notes = [
        f"{event['name']}: {_text(event['attributes'].get('exception.message', ''))}".rstrip(": ")
        for event in span["events"]
    ]
    if span["status_message"]:
        notes.insert(0, span["status_message"])
    return SpanLine(
        name=span["name"],
        service=span["service"],
        kind=span["kind"],
        depth=min(span["depth"], _DEEPEST),
        failed=failed,
        took=_took(span["duration_seconds"]),
        bar=span_bar(share(span["offset_seconds"]), share(span["duration_seconds"]), "error" if failed else "calm"),
        said=tuple(said),
        notes=tuple(notes),
    )


def _took(seconds: float) -> str:
    """In milliseconds, which is what requests are compared in."""
    return f"{figures.count(seconds * 1000, up=True)} ms"


def _offset(seconds: float) -> str:
    """When in the trace, which a clock that is off may have before its beginning."""
    sign = "+" if seconds >= 0 else figures.MINUS
    return f"{sign}{_took(abs(seconds))}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
