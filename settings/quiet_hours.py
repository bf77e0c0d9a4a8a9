"""When nobody is told of tickets."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from ..slo.errors import InvalidValue
from ..slo.hours import Hours
from .section import Section

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_WEEK: Final = get_args(Weekday)
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _time(value: object) -> object:
    if value == "24:00":
        return time()
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{value!r} is no time of day; write "20:00"')
    return time(int(match[1]), int(match[2]))


TimeOfDay = Annotated[time, BeforeValidator(_time)]


class QuietHoursEntry(Section):
    """From a time of day to another, on clocks of `zone`, on the days on which they begin."""

    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    days: tuple[Weekday, ...] = _WEEK
    zone: str = "UTC"

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        try:
            _ = self.hours
        except InvalidValue as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def hours(self) -> Hours:
        """The same as the domain says it."""
        return Hours(self.start, self.end, self.zone, frozenset(map(_WEEK.index, self.days)))
