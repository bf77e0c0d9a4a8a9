"""The shapes of the window of a budget: rolling, or of a calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from ..calendar_window import TimeWindow, parse_window
from ..errors import InvalidValue
from ..local_time import zone_named
from ..window import Window
from .shape import Duration, Shape, complaint, made

_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


def _start(text: str) -> str:
    _local(text)
    return text


def _local(text: str) -> datetime:
    try:
        return datetime.strptime(text.replace("T", " "), _FORMAT)  # noqa: DTZ007 - local time of the calendar's zone
    except ValueError:
        raise complaint(f"{text!r} is no local time; write 2026-01-31 00:00:00") from None


def _zone(name: str) -> str:
    made(zone_named, name)
    return name


_START: Final = WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d$"})


class Calendar(Shape):
    """Where calendar windows start, by the clocks of which zone."""

    start_time: Annotated[str, AfterValidator(_start), _START] = Field(description="local time: 2026-01-31 00:00:00")
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(description="its IANA name, such as Europe/Berlin")

    @property
    def start(self) -> datetime:
        """Local time, without its zone."""
        return _local(self.start_time)


class TimeWindowEntry(Shape):
    """The window of the budget: rolling, or of a calendar."""

    duration: Duration = Field(description="30d, 4w; of a calendar also 1M, 1Q, 1Y")
    is_rolling: bool | None = Field(default=None, description="true where it ends now; implied without a `calendar`")
    calendar: Calendar | None = Field(default=None, description="when its first period begins")

    @model_validator(mode="after")
    def _one_kind(self) -> TimeWindowEntry:
        if self.is_rolling and self.calendar is not None:
            raise complaint("a rolling window has no `calendar`")
        if self.is_rolling is False and self.calendar is None:
            raise complaint("`isRolling: false` needs a `calendar`: when its first period begins")
        if self.calendar is None and self.duration[-1] in "MQY":
            raise complaint(
                f"{self.duration} is a calendar's, whose months differ: write a `calendar`, or a rolling window such as 30d"
            )
        made(lambda _: self.window, None)
        return self

    @property
    def window(self) -> TimeWindow:
        """What it says. Raises `InvalidValue`."""
        if self.calendar is None:
            return Window.parse(self.duration)
        if self.duration[-1] in "mh":
            raise InvalidValue(f"a calendar's window is of days or more, not {self.duration}")
        return parse_window(self.duration, self.calendar.start, self.calendar.time_zone)
