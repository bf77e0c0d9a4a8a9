"""Copies of ended spans in which something is said otherwise: what the SDK dropped of them is still counted.

Nothing is changed in place, since others may hold the same object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import Link


def span_with(
    span: ReadableSpan,
    attributes: Mapping[str, Any] | None,
    events: Sequence[Event],
    links: Sequence[Link],
    **others: Any,
) -> ReadableSpan:
    """The span with these attributes (None: its own), events and links, and with whatever else of it is named."""
    same = {
        "name": span.name,
        "context": span.get_span_context(),
        "parent": span.parent,
        "resource": span.resource,
        "kind": span.kind,
        "status": span.status,
        "start_time": span.start_time,
        "end_time": span.end_time,
        "instrumentation_scope": span.instrumentation_scope,
    }
    return ReadableSpan(
        attributes=bounded(span.attributes if attributes is None else attributes, span.dropped_attributes),
        events=_list(events, span.dropped_events),
        links=_list(links, span.dropped_links),
        **(same | others),
    )


def bounded(attributes: Mapping[str, Any] | None, dropped: int) -> BoundedAttributes:
    """Attributes of which so many were dropped for a limit: where the SDK keeps the number, and its exporters look for it."""
    made = BoundedAttributes(attributes=attributes)
    made.dropped += dropped
    return made


def all_same(new: Sequence[object], old: Sequence[object]) -> bool:
    """Whether nothing in a list was replaced."""
    return all(map(is_, new, old))


def _list(items: Sequence[Any], dropped: int) -> Sequence[Any]:
    made = BoundedList.from_seq(len(items), items)
    made.dropped += dropped
    return made
