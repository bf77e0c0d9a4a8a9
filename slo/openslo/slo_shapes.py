"""The shape of an SLO: its window, its objectives, and what they are held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..calendar_window import TimeWindow
from ..slo import DEFAULT_WINDOW, Method
from .alert_shapes import AlertPolicies
from .indicator import Indicator
from .objective_shape import ObjectiveEntry
from .shape import Described, ObjectName, Word, complaint
from .sli_shapes import InlineIndicator
from .window_shapes import TimeWindowEntry

Methods = Literal["Occurrences", "Timeslices", "RatioTimeslices"]


class SLOSpec(Described):
    """The promise."""

    service: Word = Field(description="the service.name that its telemetry carries")
    indicator: InlineIndicator | None = Field(default=None, description="what is measured")
    indicator_ref: ObjectName | None = Field(default=None, description="the SLI that says what is measured")
    time_window: Annotated[list[TimeWindowEntry], Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="the window of the budget; 30 rolling days where nothing is said"
    )
    budgeting_method: Methods = Field(description="what the budget counts: events, or slices of time")
    objectives: Annotated[list[ObjectiveEntry], Field(min_length=1)] = Field(description="how much must be good")
    alert_policies: AlertPolicies = Field(default_factory=list, description="when somebody is told")

    @model_validator(mode="after")
    def _one_indicator(self) -> SLOSpec:
        own = [each for each in (self.indicator, self.indicator_ref) if each is not None]
        keys = f"`{self.key('indicator')}` and `{self.key('indicator_ref')}`"
        if self.is_composite:
            self._check_members(keys, own=bool(own))
        elif len(own) != 1:
            both = ", not both" if own else ", here or in each of its objectives"
            raise complaint(f"needs one of {keys}{both}")
        elif any(each.composite_weight is not None for each in self.objectives):
            raise complaint(f"`compositeWeight` belongs to objectives that each have one of {keys}")
        return self

    def _check_members(self, keys: str, *, own: bool) -> None:
        if own:
            raise complaint(f"has {keys} either here or in its objectives, not both")
        for index, each in enumerate(self.objectives):
            given = [part for part in (each.indicator, each.indicator_ref) if part is not None]
            if len(given) != 1:
                both = ", not both" if given else ", as the other objectives have"
                raise complaint(f"`objectives[{index}]` needs one of {keys}{both}")

    @property
    def is_composite(self) -> bool:
        """Whether its objectives have indicators of their own."""
        return any(each.indicator is not None or each.indicator_ref is not None for each in self.objectives)

    @property
    def indicator_refs(self) -> set[str | None]:
        """The SLIs that it refers to."""
        return {self.indicator_ref, *(each.indicator_ref for each in self.objectives)}

    def indicators(self, shared: Mapping[str, Indicator]) -> list[Indicator | None]:
        """What is measured for each objective; None where it is another object that is not there or holds faults, noted already."""
        holders = self.objectives if self.is_composite else [self] * len(self.objectives)
        return [
            shared.get(each.indicator_ref or "") if each.indicator is None else each.indicator.spec.indicator()
            for each in holders
        ]

    @property
    def window(self) -> TimeWindow:
        """The window of its budget."""
        return self.time_window[0].window if self.time_window else DEFAULT_WINDOW

    @property
    def method(self) -> Method:
        """What its budget counts."""
        return Method(self.budgeting_method)
