"""Times in bodies: a moment, or how long from now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from ...slo import InvalidValue, Window
from .interval import LATEST

Moment = Annotated[float, Field(ge=0, le=LATEST, allow_inf_nan=False)] | AwareDatetime
"""Epoch seconds, or a time with its zone as ISO 8601 writes it."""


def seconds_of(moment: float | datetime) -> float:
    """A moment in epoch seconds. Raises ValueError for one of no year from 1970 to 9999, at UTC."""
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    if not 0 <= seconds <= LATEST:
        raise ValueError("a time is one of the years 1970 to 9999")
    return seconds


def _length(text: str) -> str:
    try:
        Window.parse(text)
    except InvalidValue as error:
        raise ValueError(str(error)) from None
    return text


Length = Annotated[str, Field(max_length=50), AfterValidator(_length)]
"""A length of time, such as `30m`, `1h30m`, `2d`."""


class Lasting(BaseModel):
    """What lasts `until` a moment or, said otherwise, for a `duration` from its beginning on."""

    model_config = ConfigDict(extra="forbid")

    until: Moment | None = None
    duration: Length | None = None

    @model_validator(mode="after")
    def _ends_once(self) -> Any:
        if (self.until is None) == (self.duration is None):
            raise ValueError("needs one of `until` and `duration`, not both")
        return self

    def end(self, start: float) -> float:
        """When it ends, in epoch seconds, where it begins at `start`. Raises ValueError."""
        if self.until is not None:
            return seconds_of(self.until)
        return start + Window.parse(self.duration or "").seconds
