"""The metric source of type `fournines`: which events of a signal count, and which of them are good.

metricSource:
type: fournines
spec:
signal: http.server.request.duration       # an OTLP metric, or `spans`
where: ["http.route == /pay"]               # narrows the events
conditions: ["http.response.status_code < 500"]   # under good or bad; without them the table of `classify` decides
kind: server                                # whose view: server, or client with
service: gateway                            # the service.name of the sender, where it is not the SLO's own service
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

from pydantic import BeforeValidator, Field, InstanceOf, model_validator

from .errors import InvalidValue
from .shape import Shape, complaint
from .sli import HTTP_CLIENT_DURATION, HTTP_SERVER_DURATION, SPANS, Condition, SpanKind

SOURCE_TYPE: Final = "fournines"

_SIGNAL: Final = re.compile(r"[a-zA-Z_][\w.:/-]{0,254}")
_KINDS: Final = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT}
_FIXED_KINDS: Final = {HTTP_SERVER_DURATION: SpanKind.SERVER, HTTP_CLIENT_DURATION: SpanKind.CLIENT}

T = TypeVar("T")


def _read_by(parse: Callable[[str], T]) -> BeforeValidator:
    """Texts become what `parse` makes of them; its `InvalidValue` becomes the fault."""

    def read(value: Any) -> T:
        if not isinstance(value, str):
            raise complaint("needs a text")
        try:
            return parse(value)
        except InvalidValue as error:
            raise complaint(str(error)) from None

    return BeforeValidator(read)


def _signal(text: str) -> str:
    if not _SIGNAL.fullmatch(text):
        raise InvalidValue(f"{text!r} is no signal; write the name of an OTLP metric, or `{SPANS}`")
    return text


def _kind(text: str) -> SpanKind:
    if text not in _KINDS:
        raise InvalidValue(f"{text!r} is neither server nor client")
    return _KINDS[text]


Conditions = Annotated[
    list[Annotated[InstanceOf[Condition], _read_by(Condition.parse)]], Field(min_length=1, max_length=50)
]


class Source(Shape):
    """The `spec` of `total`, and of a `thresholdMetric`."""

    signal: Annotated[str, _read_by(_signal)]
    where: Conditions = Field(default_factory=list)
    kind: Annotated[InstanceOf[SpanKind], _read_by(_kind)] | None = None
    service: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _kind_fits(self) -> Source:
        measured = _FIXED_KINDS.get(self.signal)
        if self.kind and measured and self.kind is not measured:
            raise complaint(f"`{self.signal}` is measured by the {measured.name.lower()}, so its kind is no other")
        return self

    @property
    def span_kind(self) -> SpanKind:
        """Whose view counts: as said, else as the signal has it, else the server's."""
        return self.kind or _FIXED_KINDS.get(self.signal, SpanKind.SERVER)


class Part(Source):
    """The `spec` of `good` or `bad`: what it leaves out is as in `total`."""

    conditions: Conditions = Field(default_factory=list)
