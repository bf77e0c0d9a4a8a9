"""The shapes of an SLO: its window, its objectives, and what they are held against."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, model_validator

from .. import figures
from ..errors import InvalidValue
from ..objective import Objective
from ..slo import Method
from ..window import Window
from .alert_shapes import AlertPolicyEntry
from .shape import Described, Name, Number, Operator, Shape, checked_duration, complaint, read_by, read_number_by
from .sli_shapes import InlineIndicator
from .wording import describe


def _of_share(number: Decimal) -> Objective:
    if 1 < number < 100:
        raise InvalidValue(_is_a_share(_of_percent(number), str(number)))
    return Objective(number)


def _of_percent(number: Decimal) -> Objective:
    return Objective.parse(f"{number:f}%")


def _no_percentage(value: Any) -> Any:
    """A target that is written `99.99%` is told how it is written here."""
    if isinstance(value, str) and value.endswith("%"):
        with contextlib.suppress(InvalidValue):  # it is no number at all, which is said otherwise
            raise complaint(_is_a_share(Objective.parse(value), describe(value)))
    return value


def _is_a_share(meant: Objective, given: str) -> str:
    share = format(meant.target.normalize(), "f")
    return f"a target lies between 0 and 1, both excluded: {figures.objective(meant)} is {share}; not {given}"


def _seconds(number: Decimal) -> Decimal:
    if number <= 0:
        raise complaint(f"a latency threshold is more than 0 seconds, not {number}")
    return number


def _supported(method: str) -> str:
    if method != Method.OCCURRENCES.value:
        raise complaint(f"not supported yet: {method}; write {Method.OCCURRENCES.value}")
    return method


def _rolling_window(text: str) -> Window:
    if checked_duration(text)[-1] in "MQY":
        raise complaint("not supported yet: months, quarters and years, which are calendars'; write 30d or 4w")
    return Window.parse(text)


class Calendar(Shape):
    """Where calendar windows start."""

    start_time: str
    time_zone: str


class TimeWindow(Shape):
    """The window of the budget: rolling, or of a calendar."""

    duration: Annotated[InstanceOf[Window], read_by(_rolling_window)]
    is_rolling: bool | None = None
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def _rolling(self) -> TimeWindow:
        if self.is_rolling and self.calendar is not None:
            raise complaint("a rolling window has no `calendar`")
        if self.calendar is not None:
            raise complaint("not supported yet: calendar windows; write `isRolling: true`")
        if self.is_rolling is False:
            raise complaint(
                "`isRolling: false` needs a `calendar`, which is not supported yet; write `isRolling: true`"
            )
        return self


class ObjectiveEntry(Shape):
    """How much must be good, and for a threshold which side of what."""

    display_name: str = ""
    op: Operator | None = None
    value: Annotated[Number, AfterValidator(_seconds)] | None = None
    target: Annotated[InstanceOf[Objective], read_number_by(_of_share), BeforeValidator(_no_percentage)] | None = None
    target_percent: Annotated[InstanceOf[Objective], read_number_by(_of_percent)] | None = None
    time_slice_target: Number | None = None
    time_slice_window: Any = None
    indicator: Any = None
    indicator_ref: Any = None
    composite_weight: Any = None

    @model_validator(mode="after")
    def _one_target(self) -> ObjectiveEntry:
        if any(part is not None for part in (self.indicator, self.indicator_ref, self.composite_weight)):
            raise complaint("not supported yet: composites, with an indicator for each objective")
        if (self.target is None) == (self.target_percent is None):
            both = "" if self.target is None else ", not both"
            raise complaint(f"needs one of `target` (0.9999) and `targetPercent` (99.99){both}")
        return self

    @property
    def objective(self) -> Objective:
        """The one that is given."""
        objective = self.target or self.target_percent
        assert objective is not None, "the validator has seen to it"
        return objective


class SLOSpec(Described):
    """The promise."""

    service: Annotated[str, Field(min_length=1)]
    indicator: InlineIndicator | None = None
    indicator_ref: Name | None = None
    time_window: Annotated[list[TimeWindow], Field(min_length=1, max_length=1)] | None = None
    budgeting_method: Annotated[Literal["Occurrences", "Timeslices", "RatioTimeslices"], AfterValidator(_supported)]
    objectives: Annotated[list[ObjectiveEntry], Field(min_length=1)]
    alert_policies: list[AlertPolicyEntry] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_indicator(self) -> SLOSpec:
        if (self.indicator is None) == (self.indicator_ref is None):
            both = "" if self.indicator is None else ", not both"
            raise complaint(f"needs one of `indicator` and `indicatorRef`{both}")
        return self
