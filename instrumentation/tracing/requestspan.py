"""The span of a request while it runs: ids, and what user code says to it. The rest is written by the export thread.

It stands in the OpenTelemetry context, so `get_current_span()` finds it, libraries make their spans under it, and logs
carry its ids. It costs a request two random numbers; what is set on it costs what the SDK's own containers cost, with the
SDK's limits (`OTEL_SPAN_*_LIMIT`), and only when somebody sets it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.span import TraceFlags, TraceState
from opentelemetry.util.types import Attributes, AttributeValue

from ..clock import NANOS, wall_nanos
from ..counts.point import Exemplar
from .said import Said

MOST_CHILDREN: Final = 512
"""Ended children that wait for their root's end; more are dropped and counted."""
UNSET: Final = Status(StatusCode.UNSET)
FAILED: Final = Status(StatusCode.ERROR)
TOLD_HEADERS: Final = frozenset({b"host", b"user-agent"})
"""What a span says of its request's headers."""

_log = logging.getLogger("fournines.instrumentation")


class Form(Protocol):
    """How a span is written down; here only what may be asked of it while it runs."""

    def note(self, span: RequestSpan, say: Callable[..., None], told: tuple[Any, ...]) -> None:
        """Keeps what it is told (`Said`). Never raises: what can't be kept is counted."""

    def readable(self, span: RequestSpan) -> ReadableSpan:
        """As processors and exporters know it, as of now."""


class RequestSpan(Span):
    """A recording span, as the OpenTelemetry API wants one.

    scope    of the request, as it came in: routers and middlewares change it
    quiet    kept only if it fails; `wanted`: and if a sampler wants it
    stands   kept as one of its share, for others of its kind
    kept     the decision; None while it is open
    """

    # What most requests never change stands here: a span is made in a microsecond.
    _context: SpanContext | None = None
    ended_by_user: int | None = None
    """Epoch nanoseconds."""
    parent: SpanContext | None = None
    state: TraceState | None = None
    said: Said | None = None
    children: list[ReadableSpan | RequestSpan] | None = None
    kept: bool | None = None
    open = wanted = True
    quiet = stands = False
    route: str | None = None
    error: str | None = None
    status_code = 0
    seconds = -1.0

    def __init__(
        self, form: Form, trace_id: int, span_id: int, flags: TraceFlags, began: int, method: str, scope: dict[str, Any]
    ) -> None:
        self.form, self.trace_id, self.span_id, self.flags = form, trace_id, span_id, flags
        self.began, self.method, self.scope = began, method, scope
        self.sampled: bool = flags & 1 == 1

    @property
    def decided(self) -> bool:
        """Whether `kept` is said by now."""
        return self.kept is not None

    def get_span_context(self) -> SpanContext:
        """The ids and flags, as others are told them."""
        made = self._context
        if made is None:
            made = self._context = SpanContext(
                self.trace_id, self.span_id, is_remote=False, trace_flags=self.flags, trace_state=self.state
            )
        return made

    def is_recording(self) -> bool:
        """True until the request is over, or somebody ended the span."""
        return self.open

    def set_attribute(self, key: str, value: AttributeValue) -> None:
        """Adds an attribute, cleaned and cut as the SDK does."""
        self._hear("set_attribute", Said.attribute, key, value)

    def set_attributes(self, attributes: Mapping[str, AttributeValue]) -> None:
        """Adds several."""
        self._hear("set_attributes", Said.several, attributes)

    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Adds an event, at the given nanoseconds or now."""
        self._hear("add_event", Said.event, name, attributes, timestamp)

    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """Adds a link to another span; one that points nowhere is left out."""
        self._hear("add_link", Said.link, context, attributes)

    def update_name(self, name: str) -> None:
        """Names the span; what user code says stands above method and route."""
        self._hear("update_name", Said.rename, name)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Sets the status: OK is final, UNSET says nothing."""
        self._hear("set_status", Said.judge, status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,  # noqa: FBT001, FBT002 - the API's own signature
    ) -> None:
        """Adds the event `exception`, with the class, the message and the stack."""
        self._hear("record_exception", Said.exception, exception, attributes, timestamp, escaped)

    def end(self, end_time: int | None = None) -> None:
        """Ends the span for user code; it leaves when the request is over all the same."""
        if self.open:
            self.ended_by_user = wall_nanos() if end_time is None else end_time
            self.open = False

    def exemplar(self, seconds: float) -> Exemplar:
        """Its ids, at the end of a duration that began with it."""
        return Exemplar(self.trace_id, self.span_id, seconds, self.began / NANOS + seconds)

    def waits(self, child: ReadableSpan | RequestSpan) -> bool:
        """Keeps an ended child until the root's end; False when too many wait. After it, look whether `kept` is set."""
        if self.children is None:
            self.children = []
        if len(self.children) >= MOST_CHILDREN:
            return False
        self.children.append(child)
        return True

    def shorten(self) -> None:
        """Lets go of the headers that are not told of: for when many wait."""
        if "headers" in self.scope:
            self.scope["headers"] = [header for header in self.scope["headers"] if header[0] in TOLD_HEADERS]

    def waiting(self) -> Iterator[ReadableSpan | RequestSpan]:
        """Takes out the children that wait: each goes to one taker only, whoever asks at the same time."""
        children = self.children
        while children:
            try:
                yield children.pop(0)
            except IndexError:  # another thread was quicker
                return

    # What the SDK's spans can be asked besides; code that meets one in a hook or a processor asks it.

    @property
    def context(self) -> SpanContext:
        """As `get_span_context()`."""
        return self.get_span_context()

    @property
    def name(self) -> str:
        """Its name as of now."""
        return self._as_of_now().name

    @property
    def kind(self) -> SpanKind:
        """SERVER."""
        return SpanKind.SERVER

    @property
    def start_time(self) -> int:
        """Epoch nanoseconds."""
        return self.began

    @property
    def end_time(self) -> int | None:
        """Epoch nanoseconds; None while it runs."""
        if self.ended_by_user is not None:
            return self.ended_by_user
        return None if self.seconds < 0 else self.began + int(self.seconds * NANOS)

    @property
    def attributes(self) -> Mapping[str, Any]:
        """All of them as of now."""
        return self._as_of_now().attributes or {}

    @property
    def status(self) -> Status:
        """ERROR for what failed, unless user code said OK; else what that said."""
        said = UNSET if self.said is None or self.said.status is None else self.said.status
        failed = self.error is not None and said.status_code is StatusCode.UNSET
        return FAILED if failed else said

    @property
    def events(self) -> Sequence[Event]:
        """The events so far."""
        return () if self.said is None else tuple(self.said.events)

    @property
    def links(self) -> Sequence[Link]:
        """The links so far."""
        return () if self.said is None else tuple(self.said.links)

    @property
    def resource(self) -> Resource:
        """The service's resource."""
        return self._as_of_now().resource

    @property
    def instrumentation_scope(self) -> InstrumentationScope | None:
        """The scope of this package."""
        return self._as_of_now().instrumentation_scope

    def _as_of_now(self) -> ReadableSpan:
        return self.form.readable(self)

    def _hear(self, what: str, say: Callable[..., None], *told: Any) -> None:
        """Notes what user code says. It never raises into that code."""
        if not self.open:
            if self.seconds >= 0 or self.ended_by_user is not None:
                _log.warning("Tried calling %s on an ended span.", what)
            return
        self.form.note(self, say, told)
