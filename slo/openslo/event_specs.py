"""The `spec` of a metric source of type `fournines`: which events of a signal count, and which of them are good.

signal: http.server.request.duration              # an OTLP metric, or `spans`, `xray`, `probe`
where: ["http.route == /pay"]                     # narrows the events
conditions: ["http.response.status_code < 500"]   # under good or bad; without them the table of `classify` decides
kind: server                                      # whose view: server, consumer (of messages), or client with
service: gateway                                  # the service.name of the sender, where it is not the SLO's own service
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field, InstanceOf, WithJsonSchema, model_validator

from ..errors import InvalidValue
from ..sli import (
    HTTP_CLIENT_DURATION,
    HTTP_SERVER_DURATION,
    MESSAGE_DURATION,
    PROBE,
    PROMQL,
    SLOS,
    SPANS,
    XRAY,
    Condition,
    SpanKind,
)
from .shape import TEXT, Shape, Word, complaint, read_by

_SIGNAL: Final = re.compile(r"[a-zA-Z_][\w.:/-]{0,254}")
_KINDS: Final = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "consumer": SpanKind.CONSUMER}
FIXED_KINDS: Final = {
    HTTP_SERVER_DURATION: SpanKind.SERVER,
    HTTP_CLIENT_DURATION: SpanKind.CLIENT,
    MESSAGE_DURATION: SpanKind.CONSUMER,
}


def read_signal(text: str) -> str:
    """The signal of that name; `InvalidValue` where there can be none."""
    if not _SIGNAL.fullmatch(text):
        raise InvalidValue(f"{text!r} is no signal; write the name of an OTLP metric, `{SPANS}`, `{XRAY}` or `{PROBE}`")
    if text == SLOS:
        raise InvalidValue(f"`{SLOS}` combines other SLOs: that is a ratio of its own, written under `raw`")
    if text == PROMQL:
        raise InvalidValue("PromQL is asked of a source of `type: prometheus`, whose spec holds a `query`")
    return text


def _kind(text: str) -> SpanKind:
    if text not in _KINDS:
        raise InvalidValue(f"{text!r} is none of {', '.join(_KINDS)}")
    return _KINDS[text]


Conditions = Annotated[
    list[Annotated[InstanceOf[Condition], read_by(Condition.parse), TEXT]], Field(min_length=1, max_length=50)
]


class SourceSpec(Shape):
    """What every `spec` of events may say."""

    signal: Annotated[
        str,
        read_by(read_signal),
        WithJsonSchema({"type": "string", "pattern": f"^{_SIGNAL.pattern}$", "not": {"const": SLOS}}),
    ] = Field(description="an OTLP metric, or spans, xray, probe")
    where: Conditions = Field(default_factory=list, description="narrows the events: all of these conditions hold")
    kind: Annotated[InstanceOf[SpanKind], read_by(_kind), WithJsonSchema({"enum": list(_KINDS)})] | None = Field(
        default=None, description="whose view: server, client or consumer"
    )
    service: Word | None = Field(default=None, description="the service.name of the sender, where it is another one")

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

    conditions: Conditions = Field(default_factory=list, description="an event is one when all of these hold")

    def differing(self, total: TotalSpec) -> list[str]:
        """The keys in which it says something else than `total`, of whose events it is a part."""
        shared = self.model_fields_set - {"conditions"}
        return sorted(key for key in shared if getattr(self, key) != getattr(total, key))
