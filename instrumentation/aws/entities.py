"""Segments and subsegments of aws-xray-sdk that are faces of spans: what is said to them is said to the span.

Objects of the SDK become these by taking on the class, so that whoever holds one already speaks to the span too. Names of
attributes are those under which the collector takes in X-Ray's own documents, so that both read alike.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from opentelemetry.context import Context
from opentelemetry.trace import Span, StatusCode

from .. import names
from ..clock import wall
from ..propagation.ids import xray_form
from ..tracing.current import ROOT, Current, current, served_by
from ..tracing.requestspan import RequestSpan

HIDDEN: Final = ("_of", "_serving", "span", "before")
"""Of our own, and nothing of a document's."""
SQL: Final = {
    "sanitized_query": "db.query.text",
    "database_type": "db.system.name",
    "user": "db.user",
    "connection_string": "db.connection_string",
    "url": "aws.xray.sql.url",
    "database_version": "aws.xray.sql.database_version",
    "driver_version": "aws.xray.sql.driver_version",
    "preparation": "aws.xray.sql.preparation",
}
HTTP: Final = {
    ("request", "method"): names.METHOD,
    ("request", "url"): names.URL_FULL,
    ("request", "user_agent"): names.USER_AGENT,
    ("response", "status"): names.STATUS_CODE,
    ("response", "content_length"): "http.response.body.size",
}
METADATA: Final = "aws.xray.metadata."
ANNOTATIONS: Final = "aws.xray.annotations"
NAMESPACE: Final = "aws.xray.namespace"
USER: Final = "enduser.id"
UNWRITTEN: Final = "(can't be written)"


class SpanSegment(Segment):  # type: ignore[misc]  # the SDK has no types
    """The segment of a request: a face of its span, which it does not keep alive. It is never sent."""

    _of: Callable[[], Span | None]
    _serving: Current | None

    @classmethod
    def adopt(cls, segment: Any, span: Span) -> None:
        """Makes a segment that the SDK has made, sampled or not, the face of a span."""
        ids = span.get_span_context()
        segment.__class__ = cls
        segment._of, segment._serving = _reference(span), current()  # noqa: SLF001 - its own class, from now on
        segment.trace_id, segment.id = xray_form(ids.trace_id), f"{ids.span_id:016x}"
        segment.sampled = ids.trace_flags.sampled
        parent = getattr(span, "parent", None)
        segment.parent_id = f"{parent.span_id:016x}" if parent else None

    @property
    def span(self) -> Span | None:
        """The span; None when nobody else holds it any more."""
        return self._of()

    def within(self) -> Context:
        """A context of the request, for threads that did not inherit one."""
        span = self.span
        root = Context({ROOT: span}) if isinstance(span, RequestSpan) else Context()
        return root if self._serving is None else served_by(self._serving, root)

    def ready_to_send(self) -> bool:
        """Never: the span leaves by itself."""
        return False

    def put_annotation(self, key: str, value: object) -> None:
        """As the SDK's, and an attribute of that name."""
        super().put_annotation(key, value)
        if key in self.annotations:
            self._say(
                lambda span: span.set_attributes({key: self.annotations[key], ANNOTATIONS: list(self.annotations)})
            )

    def put_metadata(self, key: str, value: object, namespace: str = "default") -> None:
        """As the SDK's, and an attribute for each namespace, as JSON."""
        super().put_metadata(key, value, namespace)
        if namespace in self.metadata:
            self._say(lambda span: span.set_attribute(METADATA + namespace, written(self.metadata[namespace])))

    def set_user(self, user: str) -> None:
        """As the SDK's, and `enduser.id`."""
        super().set_user(user)
        self._say(lambda span: span.set_attribute(USER, str(user)))

    def add_exception(self, exception: BaseException, stack: Any, remote: bool = False) -> None:  # noqa: FBT001, FBT002 - the SDK's own signature
        """As the SDK's, and an event of the span, which is an error by it."""
        super().add_exception(exception, stack, remote)
        self._say(lambda span: span.record_exception(exception))

    def add_fault_flag(self) -> None:
        """As the SDK's, and the span's status."""
        super().add_fault_flag()
        self._say(lambda span: span.set_status(StatusCode.ERROR))

    def to_dict(self) -> dict[str, Any]:
        """As the SDK's document."""
        return {key: value for key, value in super().to_dict().items() if key not in HIDDEN}

    def _say(self, word: Callable[[Span], None]) -> None:
        span = self.span
        if span is not None:
            guarded(word, span)


class SpanSubsegment(Subsegment):  # type: ignore[misc]  # the SDK has no types
    """A subsegment below such a segment: a span of its own, told of what the subsegment was told when it ends."""

    span: Span | None
    before: Context | None
    """The context to go back to when it ends; None where nothing was begun."""

    @classmethod
    def adopt(cls, subsegment: Any, above: Any, span: Span, before: Context) -> None:
        """Makes a subsegment that the SDK has made a span's face."""
        ids = span.get_span_context()
        subsegment.__class__ = cls
        subsegment.span, subsegment.before = span, before
        subsegment.id, subsegment.parent_id = f"{ids.span_id:016x}", above.id
        subsegment.parent_segment.increment()  # its end takes it away again

    @classmethod
    def stand_in(cls, subsegment: Any, above: Any) -> None:
        """One that is not sampled has no span: what it calls is told of the span above."""
        subsegment.id = subsegment.parent_id = above.id
        subsegment.parent_segment.increment()

    def add_exception(self, exception: BaseException, stack: Any, remote: bool = False) -> None:  # noqa: FBT001, FBT002 - the SDK's own signature
        """As the SDK's, and an event of the span."""
        super().add_exception(exception, stack, remote)
        if self.span is not None:
            guarded(lambda span: span.record_exception(exception), self.span)

    def close(self, end_time: float | None = None) -> None:
        """As the SDK's; the span ends with it."""
        super().close(end_time)
        if self.span is not None:
            guarded(self._tell, self.span)

    def to_dict(self) -> dict[str, Any]:
        """As the SDK's document."""
        return {key: value for key, value in super().to_dict().items() if key not in HIDDEN}

    def _tell(self, span: Span) -> None:
        if span.is_recording():
            span.set_attributes(dict(attributes(self)))
            if getattr(self, "fault", False):
                span.set_status(StatusCode.ERROR)
                span.set_attribute(names.ERROR_TYPE, _reason(self))
        span.end(int((self.end_time or wall()) * 1e9))


def face_of(span: Span) -> SpanSegment:
    """The segment of a span: each time the same."""
    found = span.__dict__.get("xray_segment") if hasattr(span, "__dict__") else None
    if isinstance(found, SpanSegment):
        return found
    segment = Segment(getattr(span, "name", "") or "request")
    SpanSegment.adopt(segment, span)
    if hasattr(span, "__dict__"):
        span.__dict__["xray_segment"] = segment
    return segment  # type: ignore[no-any-return]  # what it has become


def attributes(subsegment: Any) -> Iterator[tuple[str, Any]]:
    """What a subsegment was told, as attributes. What the conventions have no word for begins with `aws.`."""
    if subsegment.namespace != "local":
        yield NAMESPACE, str(subsegment.namespace)
    for (part, key), name in HTTP.items():
        if (value := subsegment.http.get(part, {}).get(key)) is not None:
            yield name, value
    for key, value in subsegment.sql.items():
        yield SQL.get(key, f"aws.xray.sql.{key}"), plain(value)
    for key, value in subsegment.aws.items():
        yield f"aws.{key}", plain(value)
    for key, value in subsegment.annotations.items():
        yield key, value
    if subsegment.annotations:
        yield ANNOTATIONS, list(subsegment.annotations)
    for namespace, value in subsegment.metadata.items():
        yield METADATA + namespace, written(value)


def plain(value: object) -> object:
    """A value that an attribute may have."""
    return value if isinstance(value, (str, bool, int, float)) else written(value)


def written(value: object) -> str:
    """Any value as JSON, in which redaction finds keys as well as card numbers."""
    try:
        return json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):
        return UNWRITTEN


def guarded(word: Callable[[Span], None], span: Span) -> None:
    """Says something to a span; whoever spoke to a segment does not hear of what goes wrong."""
    try:
        word(span)
    except Exception:  # noqa: BLE001 - the guard: values are the service's own, processors somebody else's
        serving = current()
        if serving is not None:
            serving.health.add(names.PROM_ERRORS, "xray")


def _reference(span: Span) -> Callable[[], Span | None]:
    try:
        return weakref.ref(span)
    except TypeError:  # somebody else's kind of span, made without a place for it
        return lambda: span


def _reason(subsegment: Any) -> str:
    status = subsegment.http.get("response", {}).get("status")
    thrown: Mapping[str, Any] = subsegment.cause if isinstance(subsegment.cause, dict) else {}
    exceptions = thrown.get("exceptions")
    if exceptions:
        return str(exceptions[-1].type)
    return str(status) if status else names.OTHER
