"""Where the recorder of aws-xray-sdk finds its segments: in OpenTelemetry's context.

Below a request (or any other span of this process) the current segment is a face of that span, and each subsegment is a
span of its own, child of whatever span is current: one trace, one way out, nothing sent to a daemon and nothing counted
twice. Elsewhere segments are what they always were, and go to the daemon; only that each thread and task sees its own.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from aws_xray_sdk import global_sdk_config
from aws_xray_sdk.core import async_context
from aws_xray_sdk.core.async_context import AsyncContext
from aws_xray_sdk.core.context import Context as SdkContext
from aws_xray_sdk.core.models.dummy_entities import DummySegment, DummySubsegment
from opentelemetry import trace
from opentelemetry.context import attach, create_key, get_current, get_value, set_value
from opentelemetry.trace import Span, SpanKind

from .. import names
from ..suppression import SUPPRESSED
from ..tracing.current import CALL, current, local_root
from .entities import SpanSegment, SpanSubsegment, face_of

ENTITIES: Final = create_key("fournines.xray.entities")
"""Context key: the segment that was begun here, if any, and the open subsegments, outermost first."""
REMOTE: Final = frozenset({"remote", "aws"})
"""Namespaces of subsegments that stand for a call to somebody else."""

_log = logging.getLogger("fournines.instrumentation")


def join(recorder: Any) -> None:
    """From now on the recorder keeps its entities here, whatever `configure(context=...)` brings of the SDK's own."""
    if isinstance(getattr(type(recorder), "context", None), _Place):
        return
    kind = type(recorder)
    before = recorder.context
    recorder.__class__ = type(kind.__name__, (kind,), {"context": _Place(), "__module__": kind.__module__})
    recorder.context = before


class _Place:
    """The attribute `context` of a recorder: a context of the SDK's own is replaced by ours, one of the service's own is kept."""

    def __get__(self, recorder: Any, kind: type | None = None) -> Any:
        return self if recorder is None else recorder._context  # noqa: SLF001 - as the SDK's own property

    def __set__(self, recorder: Any, given: Any) -> None:
        if type(given) in (SdkContext, AsyncContext):
            _undo_task_factory(given)
            given = SpanContexts(given.context_missing)
        elif not isinstance(given, SpanContexts):
            _log.warning("aws-xray-sdk keeps its segments in a %s of the service's own", type(given).__name__)
        recorder._context = given  # noqa: SLF001 - as above


def _undo_task_factory(context: Any) -> None:
    """The SDK's factory of tasks does not know what loops tell theirs (`context=`), and is not needed any more."""
    loop = getattr(context, "_loop", None)
    if isinstance(loop, asyncio.AbstractEventLoop) and loop.get_task_factory() is async_context.task_factory:
        loop.set_task_factory(None)


class SpanContexts(SdkContext):  # type: ignore[misc]  # the SDK has no types
    """The SDK's context storage over OpenTelemetry's."""

    def put_segment(self, segment: Any) -> None:
        """A segment that is begun below a span becomes a face of it; any other stays what it is."""
        span = _span()
        if span is not None:
            SpanSegment.adopt(segment, span)
        _keep((segment,))

    def end_segment(self, end_time: float | None = None) -> None:
        """Closes the current segment. One that is a face of a span is not sent: its span is."""
        entity = self.get_trace_entity()
        if not entity:
            _log.warning("No segment to end")
            return
        segment = entity.parent_segment if self._is_subsegment(entity) else entity
        if not isinstance(segment, SpanSegment):
            segment.close(end_time)
        elif segment in _entities():  # else nobody began it, and nobody but the request ends it
            segment.close(end_time)
            _keep(())

    def put_subsegment(self, subsegment: Any) -> None:
        """The subsegment is open, and current, from now on."""
        above = self.get_trace_entity()
        if not above:
            _log.warning("Active segment or subsegment not found. Discarded %s.", subsegment.name)
            return
        before = get_current()
        if not isinstance(subsegment.parent_segment, SpanSegment):
            above.add_subsegment(subsegment)
        elif isinstance(subsegment, DummySubsegment) or (span := _begun(subsegment)) is None:
            SpanSubsegment.stand_in(subsegment, above)
        else:
            SpanSubsegment.adopt(subsegment, above, span, before)
            told = span.get_span_context() if subsegment.namespace in REMOTE else None
            attach(set_value(CALL, told, trace.set_span_in_context(span)))
        _keep((*_entities(), subsegment))

    def end_subsegment(self, end_time: float | None = None) -> bool:
        """Ends the current subsegment; True where the SDK is to look whether there is something to send now."""
        entity = self.get_trace_entity()
        if not self._is_subsegment(entity):
            if not isinstance(entity, DummySegment):
                _log.warning("No subsegment to end.")
            return False
        entity.close(end_time)
        left = _entities()[:-1]
        if isinstance(entity, SpanSubsegment) and entity.before is not None:
            attach(entity.before)
        _keep(left)
        return not isinstance(entity.parent_segment, SpanSegment)

    def get_trace_entity(self) -> Any:
        """The innermost open subsegment, or the segment; None, or what `context_missing` says, where there is neither."""
        found = _entities()
        if found:
            return found[-1]
        if not global_sdk_config.sdk_enabled() or get_value(SUPPRESSED):
            return DummySegment()  # also on threads that export: what they call is nobody's request
        span = _span()
        return self.handle_context_missing() if span is None else face_of(span)

    def set_trace_entity(self, trace_entity: Any) -> None:
        """Takes an entity up in another thread or task, as the SDK's users hand it over; and with it its span."""
        segment = getattr(trace_entity, "parent_segment", trace_entity)
        span = getattr(trace_entity, "span", None)
        if isinstance(segment, SpanSegment) and isinstance(span, Span):
            attach(trace.set_span_in_context(span, segment.within()))
        _keep((trace_entity,) if trace_entity else ())

    def clear_trace_entities(self) -> None:
        """Forgets what was begun here."""
        _keep(())


def _entities() -> tuple[Any, ...]:
    found = get_value(ENTITIES)
    return found if isinstance(found, tuple) else ()


def _keep(entities: tuple[Any, ...]) -> None:
    # Never detached: the SDK ends its entities in whatever task or thread, and each of those has a context of its own.
    attach(set_value(ENTITIES, entities))


def _span() -> Span | None:
    """The span whose face the segment is: the request's, else the one that is current, if it is of this process."""
    root = local_root()
    if root is not None:
        return root
    span = trace.get_current_span()
    ids = span.get_span_context()
    return span if ids.is_valid and not ids.is_remote else None


def _begun(subsegment: Any) -> Span | None:
    serving = current()
    tracer = trace.get_tracer(names.SCOPE) if serving is None else serving.tracer
    # One within another (an HTTP client's within boto3's) is a part of the same call.
    outermost = subsegment.namespace in REMOTE and get_value(CALL) is None
    kind = SpanKind.CLIENT if outermost else SpanKind.INTERNAL
    try:
        return tracer.start_span(subsegment.name, kind=kind, start_time=int(subsegment.start_time * 1e9))
    except Exception:  # noqa: BLE001 - the guard: somebody else's sampler or processor may raise, and what is captured runs
        if serving is not None:
            serving.health.add(names.PROM_ERRORS, "xray")
        return None
