"""Spans and log records of the OpenTelemetry SDK without card numbers and secrets.

Nothing is changed in place, since others may hold the same object: what has to change is made anew, all else is handed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import Link, SpanContext, Status, TraceState

from .statements import plain_statement

if TYPE_CHECKING:
    from opentelemetry._logs import LogRecord

    from ..config.config import Lengths
    from .redactor import Redactor


NO_LENGTHS: Final = (None, None)

OT: Final = "ot"
"""The entry of OpenTelemetry itself: thresholds and random numbers of sampling, without which counts would go wrong."""


def cleaned_span(span: ReadableSpan, redactor: Redactor) -> ReadableSpan:
    """The span, or a new one where something of it had to go."""
    name, context, status = span.name, span.get_span_context(), span.status
    new_name, new_context, new_status = redactor.text(name), _context(context, redactor), _status(status, redactor)
    plain = plain_statement(span)
    attributes = _attributes(span.attributes or {} if plain is None else plain, redactor)
    attributes = plain if attributes is None else attributes
    old_events, old_links = span.events, span.links
    events = [_event(event, redactor) for event in old_events]
    links = [_link(link, redactor) for link in old_links]
    if (
        attributes is None
        and new_name is name
        and new_context is context
        and new_status is status
        and all(map(_same, events, old_events))
        and all(map(_same, links, old_links))
    ):
        return span
    return ReadableSpan(
        name=new_name,
        context=new_context,
        parent=_context(span.parent, redactor),
        resource=span.resource,
        attributes=_bounded(span.attributes if attributes is None else attributes, span.dropped_attributes),
        events=_list(events, span.dropped_events),
        links=_list(links, span.dropped_links),
        kind=span.kind,
        status=new_status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def cut_span(span: ReadableSpan, lengths: Lengths) -> ReadableSpan:
    """The span with values of these lengths at most, as the SDK cuts them: the very same one where none is longer.

    After `cleaned_span`, and never before: half a card number is not known for one.
    """
    if lengths == NO_LENGTHS:
        return span
    attributes = _cut(span.attributes, span.dropped_attributes, lengths.of_spans)
    old_events, old_links = span.events, span.links
    events = [_cut_event(event, lengths.of_others) for event in old_events]
    links = [_cut_link(link, lengths.of_others) for link in old_links]
    if attributes is None and all(map(_same, events, old_events)) and all(map(_same, links, old_links)):
        return span
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=_bounded(span.attributes, span.dropped_attributes) if attributes is None else attributes,
        events=_list(events, span.dropped_events),
        links=_list(links, span.dropped_links),
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _cut_event(event: Event, length: int | None) -> Event:
    attributes = _cut(event.attributes, event.dropped_attributes, length)
    return event if attributes is None else Event(event.name, attributes, event.timestamp)


def _cut_link(link: Link, length: int | None) -> Link:
    attributes = _cut(link.attributes, link.dropped_attributes, length)
    return link if attributes is None else Link(link.context, attributes)


def _cut(attributes: Mapping[str, Any] | None, dropped: int, length: int | None) -> BoundedAttributes | None:
    """The attributes with values cut; None where they may stay as they are."""
    if length is None or not attributes or not any(_is_long(value, length) for value in attributes.values()):
        return None
    bounded = BoundedAttributes(attributes=attributes, max_value_len=length)
    bounded.dropped += dropped
    return bounded


def _is_long(value: Any, length: int) -> bool:
    if isinstance(value, (str, bytes)):
        return len(value) > length
    if isinstance(value, Mapping):
        return any(_is_long(each, length) for each in value.values())
    return isinstance(value, Sequence) and any(_is_long(each, length) for each in value)


def cleaned_record(record: LogRecord, redactor: Redactor) -> LogRecord:
    """The log record, or a copy where something of it had to go."""
    changes: dict[str, Any] = {
        "body": redactor.value(record.body),
        "event_name": redactor.value(record.event_name),
        "severity_text": redactor.value(record.severity_text),
    }
    if record.attributes and (attributes := _attributes(record.attributes, redactor)) is not None:
        changes["attributes"] = _bounded(attributes, getattr(record.attributes, "dropped", 0))
    if all(getattr(record, name) is value for name, value in changes.items()):
        return record
    cleaned = copy(record)
    for name, value in changes.items():
        setattr(cleaned, name, value)
    return cleaned


def _same(new: object, old: object) -> bool:
    return new is old


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
    kept = _bounded(event.attributes if attributes is None else attributes, event.dropped_attributes)
    return Event(name, kept, event.timestamp)


def _link(link: Link, redactor: Redactor) -> Link:
    context, attributes = _context(link.context, redactor), _attributes(link.attributes or {}, redactor)
    if context is link.context and attributes is None:
        return link
    assert context is not None, "a link leads somewhere"
    return Link(context, _bounded(link.attributes if attributes is None else attributes, link.dropped_attributes))


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


def _bounded(attributes: Mapping[str, Any] | None, dropped: int) -> BoundedAttributes:
    # Where the SDK keeps how many were dropped for a limit, and where its exporters look for it.
    bounded = BoundedAttributes(attributes=attributes)
    bounded.dropped += dropped
    return bounded


def _list(items: Sequence[Any], dropped: int) -> Sequence[Any]:
    made = BoundedList.from_seq(len(items), items)
    made.dropped += dropped
    return made
