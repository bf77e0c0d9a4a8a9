"""The span of a piece of work while it runs, and how the export thread writes it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.span import TraceFlags

from .. import names
from ..tracing.readable import SpanForm
from ..tracing.requestspan import RequestSpan
from .plan import WorkPlan


class WorkSpan(RequestSpan):
    """As a request's, of an operation or a message.

    given    what whoever began it says of it
    linked   the messages it is about
    root     the local root it goes with; itself, where it is one
    """

    cancelled = False
    linked: Sequence[Link] = ()
    root: RequestSpan

    def __init__(
        self,
        form: WorkForm,
        trace_id: int,
        span_id: int,
        flags: TraceFlags,
        began: int,
        plan: WorkPlan,
        given: Mapping[str, Any],
    ) -> None:
        super().__init__(form, trace_id, span_id, flags, began, "", {})
        self.plan, self.given = plan, given

    @property
    def kind(self) -> SpanKind:
        """INTERNAL of an operation, CONSUMER of a message."""
        return self.plan.kind

    @property
    def links(self) -> Sequence[Link]:
        """The messages it is about, and what user code linked."""
        return (*self.linked, *super().links)


class WorkForm(SpanForm):
    """How such spans are written."""

    def _own_name(self, span: RequestSpan) -> str:
        """What it was begun as."""
        assert isinstance(span, WorkSpan)
        return span.plan.name

    def _links_of(self, span: RequestSpan) -> Sequence[Link]:
        return BoundedList.from_seq(self.limits.max_links, span.links) if span.links else ()

    def _attributes_of(self, span: RequestSpan) -> BoundedAttributes:
        assert isinstance(span, WorkSpan)
        return self._bounded(span, span.plan.attributes_with(span.given), ended(span.error, cancelled=span.cancelled))


def ended(error: str | None, *, cancelled: bool) -> dict[str, Any]:
    """How work ended, as attributes: nothing to say of what succeeded."""
    if error is not None:
        return {names.ERROR_TYPE: error}
    return {names.CANCELLED: True} if cancelled else {}
