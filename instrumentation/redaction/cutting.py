"""Spans whose values are cut as the environment wants them, as the SDK cuts them, but where they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link

from .copies import all_same, bounded, span_with
from .lengths import Lengths

UNLIMITED: Final = Lengths()


def cut_span(span: ReadableSpan, lengths: Lengths) -> ReadableSpan:
    """The span with values of these lengths at most: the very same one where none is longer.

    After `cleaned_span`, and never before: half a card number is not known for one.
    """
    if lengths == UNLIMITED:
        return span
    attributes = _cut(span.attributes, lengths.of_spans)
    old_events, old_links = span.events, span.links
    events = [_event(event, lengths.of_others) for event in old_events]
    links = [_link(link, lengths.of_others) for link in old_links]
    if attributes is None and all_same(events, old_events) and all_same(links, old_links):
        return span
    return span_with(span, attributes, events, links)


def _event(event: Event, length: int | None) -> Event:
    attributes = _cut(event.attributes, length)
    if attributes is None:
        return event
    return Event(event.name, bounded(attributes, event.dropped_attributes), event.timestamp)


def _link(link: Link, length: int | None) -> Link:
    attributes = _cut(link.attributes, length)
    return link if attributes is None else Link(link.context, bounded(attributes, link.dropped_attributes))


def _cut(attributes: Mapping[str, Any] | None, length: int | None) -> BoundedAttributes | None:
    """The attributes with values cut; None where they may stay as they are."""
    if length is None or not attributes or not any(_is_long(value, length) for value in attributes.values()):
        return None
    return BoundedAttributes(attributes=attributes, max_value_len=length)


def _is_long(value: Any, length: int) -> bool:
    if isinstance(value, (str, bytes)):
        return len(value) > length
    if isinstance(value, Mapping):
        return any(_is_long(each, length) for each in value.values())
    return isinstance(value, Sequence) and any(_is_long(each, length) for each in value)
