"""Spans of the OpenTelemetry SDK without card numbers and secrets; what holds none is handed on as it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, SpanContext, Status, TraceState

from .copies import all_same, bounded, span_with
from .statements import plain_statement

if TYPE_CHECKING:
    from .redactor import Redactor


def cleaned_span(span: ReadableSpan, redactor: Redactor) -> ReadableSpan:
    """An ended span without card numbers and secrets in name, attributes, events, links, status and trace state: the very same
    one where there are none. Its ids, times, resource and counts of what was dropped stay.
    """
    old_name, old_context, old_status = span.name, span.get_span_context(), span.status
    name, context, status = redactor.text(old_name), _context(old_context, redactor), _status(old_status, redactor)
    plain = plain_statement(span)
    attributes = _attributes(span.attributes or {} if plain is None else plain, redactor)
    attributes = plain if attributes is None else attributes
    old_events, old_links = span.events, span.links
    events = [_event(event, redactor) for event in old_events]
    links = [_link(link, redactor) for link in old_links]
    if (
        attributes is None
        and name is old_name
        and context is old_context
        and status is old_status
        and all_same(events, old_events)
        and all_same(links, old_links)
    ):
        return span
    parent = _context(span.parent, redactor)
    return span_with(span, attributes, events, links, name=name, context=context, parent=parent, status=status)


def _attributes(attributes: Mapping[str, Any], redactor: Redactor) -> Mapping[str, Any] | None:
    """Cleaned attributes; None where they may stay as they are."""
    if isinstance(attributes, (MappingProxyType, BoundedAttributes)):
        attributes = attributes.copy()  # items of a plain dict are got at many times faster
    cleaned = redactor.attributes(attributes)
    return None if cleaned is attributes else cleaned


def _event(event: Event, redactor: Redactor) -> Event:
    name, attributes = redactor.text(event.name), _attributes(event.attributes or {}, redactor)
    if name is event.name and attributes is None:
        return event
    kept = bounded(event.attributes if attributes is None else attributes, event.dropped_attributes)
    return Event(name, kept, event.timestamp)


def _link(link: Link, redactor: Redactor) -> Link:
    context, attributes = _context(link.context, redactor), _attributes(link.attributes or {}, redactor)
    if context is link.context and attributes is None:
        return link
    assert context is not None, "a link leads somewhere"
    return Link(context, bounded(link.attributes if attributes is None else attributes, link.dropped_attributes))


def _status(status: Status, redactor: Redactor) -> Status:
    if status.description is None:
        return status
    text = redactor.text(status.description)
    return status if text is status.description else Status(status.status_code, text)


def _context(context: SpanContext | None, redactor: Redactor) -> SpanContext | None:
    """The context, without those entries of its trace state that hold something: what is changed there means nothing to its owner."""
    if context is None or not context.trace_state:
        return context
    kept = [
        (key, value)
        for key, value in context.trace_state.items()
        if redactor.text(f"{key}={value}") == f"{key}={value}"
    ]
    if len(kept) == len(context.trace_state):
        return context
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags, TraceState(kept))
