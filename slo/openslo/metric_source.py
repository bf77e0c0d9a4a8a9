"""The metric source of type `fournines`: which events of a signal count, and which of them are good.

metricSource:
type: fournines
spec:
signal: http.server.request.duration       # an OTLP metric, or `spans`, `xray`, `probe`
where: ["http.route == /pay"]               # narrows the events
conditions: ["http.response.status_code < 500"]   # under good or bad; without them the table of `classify` decides
kind: server                                # whose view: server, consumer (of messages), or client with
service: gateway                            # the service.name of the sender, where it is not the SLO's own service
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    InstanceOf,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from ..errors import InvalidValue
from ..sli import (
    HTTP_CLIENT_DURATION,
    HTTP_SERVER_DURATION,
    MESSAGE_DURATION,
    PROBE,
    SPANS,
    XRAY,
    Condition,
    SpanKind,
)
from .shape import Name, Shape, complaint, read_by

SOURCE_TYPE: Final = "fournines"

_SIGNAL: Final = re.compile(r"[a-zA-Z_][\w.:/-]{0,254}")
_KINDS: Final = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "consumer": SpanKind.CONSUMER}
FIXED_KINDS: Final = {
    HTTP_SERVER_DURATION: SpanKind.SERVER,
    HTTP_CLIENT_DURATION: SpanKind.CLIENT,
    MESSAGE_DURATION: SpanKind.CONSUMER,
}


def _signal(text: str) -> str:
    if not _SIGNAL.fullmatch(text):
        raise InvalidValue(f"{text!r} is no signal; write the name of an OTLP metric, `{SPANS}`, `{XRAY}` or `{PROBE}`")
    return text


def _kind(text: str) -> SpanKind:
    if text not in _KINDS:
        raise InvalidValue(f"{text!r} is none of {', '.join(_KINDS)}")
    return _KINDS[text]


Conditions = Annotated[
    list[Annotated[InstanceOf[Condition], read_by(Condition.parse)]], Field(min_length=1, max_length=50)
]


class SourceSpec(Shape):
    """What every `spec` of type `fournines` may say."""

    signal: Annotated[str, read_by(_signal)]
    where: Conditions = Field(default_factory=list)
    kind: Annotated[InstanceOf[SpanKind], read_by(_kind)] | None = None
    service: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _kind_fits(self) -> SourceSpec:
        measured = FIXED_KINDS.get(self.signal)
        if self.kind and measured and self.kind is not measured:
            raise complaint(f"`{self.signal}` is measured by the {measured.name.lower()}, so its kind is no other")
        return self

    @property
    def span_kind(self) -> SpanKind:
        """Whose view counts: as said, else as the signal has it, else the server's."""
        return self.kind or FIXED_KINDS.get(self.signal, SpanKind.SERVER)


class TotalSpec(SourceSpec):
    """The `spec` of `total`, and of a `thresholdMetric`: all events that count. A caller's view says whose."""

    @model_validator(mode="after")
    def _caller_is_named(self) -> TotalSpec:
        if self.span_kind is SpanKind.CLIENT and self.service is None:
            raise complaint("a view of kind client needs `service`: the service.name of the caller")
        return self


class PartSpec(SourceSpec):
    """The `spec` of `good` or `bad`: what it leaves out is as in `total`."""

    conditions: Conditions = Field(default_factory=list)

    def differing(self, total: TotalSpec) -> list[str]:
        """The keys in which it says something else than `total`, of whose events it is a part."""
        shared = self.model_fields_set - {"conditions"}
        return sorted(key for key in shared if getattr(self, key) != getattr(total, key))


AnySource = TypeVar("AnySource", bound=SourceSpec)


def _type(text: str) -> str:
    if text not in ("", SOURCE_TYPE):
        raise complaint(f"not supported yet: metric sources of type `{text}`; write `type: {SOURCE_TYPE}`")
    return text


def _if_ours(value: Any, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Leaves another type's `spec` alone: its type is fault enough."""
    return read(value) if "type" in info.data else None


class MetricSource(Shape, Generic[AnySource]):
    """Where numbers come from; the type may be left to the DataSource that is referred to."""

    metric_source_ref: Name | None = None
    type: Annotated[str, AfterValidator(_type)] = ""
    spec: Annotated[AnySource, WrapValidator(_if_ours)]

    @model_validator(mode="after")
    def _has_a_type(self) -> MetricSource[AnySource]:
        if not self.type and self.metric_source_ref is None:
            raise complaint(f"needs `type: {SOURCE_TYPE}`, or a `metricSourceRef`")
        return self


class Metric(Shape, Generic[AnySource]):
    """One set of events."""

    metric_source: MetricSource[AnySource]

    @property
    def source(self) -> AnySource:
        """What is asked for."""
        return self.metric_source.spec
