"""What user code says to a span while it runs, within the SDK's limits (`OTEL_SPAN_*_LIMIT`)."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, SpanLimits
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import Link, SpanContext, Status, StatusCode
from opentelemetry.util.types import Attributes, AttributeValue

from .. import names
from ..errorname import error_name


class Said:
    """What user code said to a span."""

    __slots__ = ("attributes", "events", "limits", "links", "name", "status")

    def __init__(self, limits: SpanLimits) -> None:
        self.limits = limits
        self.name: str | None = None
        self.status: Status | None = None
        self.attributes = BoundedAttributes(
            limits.max_span_attributes, immutable=False, max_value_len=limits.max_span_attribute_length
        )
        self.events: Any = BoundedList(limits.max_events)
        self.links: Any = BoundedList(limits.max_links)

    def attribute(self, key: str, value: AttributeValue) -> None:
        """One attribute."""
        self.attributes[key] = value

    def several(self, attributes: Mapping[str, AttributeValue]) -> None:
        """Several attributes."""
        for key, value in attributes.items():
            self.attributes[key] = value

    def event(self, name: str, attributes: Attributes, timestamp: int | None) -> None:
        """An event."""
        self.events.append(Event(name, self._bounded(self.limits.max_event_attributes, attributes), timestamp))

    def exception(
        self,
        raised: BaseException,
        attributes: Attributes,
        timestamp: int | None,
        escaped: bool,  # noqa: FBT001 - as the API
    ) -> None:
        """An exception as an event."""
        described: dict[str, Any] = {
            names.EXCEPTION_TYPE: error_name(raised),
            names.EXCEPTION_MESSAGE: str(raised),
            names.EXCEPTION_STACKTRACE: "".join(traceback.format_exception(raised)),
            "exception.escaped": str(escaped),
        }
        self.event("exception", described | dict(attributes or {}), timestamp)

    def link(self, context: SpanContext, attributes: Attributes) -> None:
        """A link, unless it points nowhere and says nothing."""
        if context.is_valid or attributes or context.trace_state:
            self.links.append(Link(context, self._bounded(self.limits.max_link_attributes, attributes)))

    def rename(self, name: str) -> None:
        """A name."""
        self.name = name

    def judge(self, status: Status | StatusCode, description: str | None) -> None:
        """A status."""
        made = status if isinstance(status, Status) else Status(status, description)
        final = self.status is not None and self.status.status_code is StatusCode.OK
        if made.status_code is not StatusCode.UNSET and not final:
            self.status = made

    @property
    def failed(self) -> bool:
        """Whether it was judged an error."""
        return self.status is not None and self.status.status_code is StatusCode.ERROR

    def _bounded(self, most: int | None, attributes: Attributes) -> BoundedAttributes:
        """Attributes of an event or a link, within their own limits."""
        return BoundedAttributes(most, attributes, max_value_len=self.limits.max_attribute_length)
