"""The shapes of OpenSLO v1's objects, as its specification draws them (https://github.com/OpenSLO/OpenSLO).

An object is judged alone here; what it refers to is judged in `references`. Fields have the specification's names in snake case;
faults name them as the file does.
"""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, model_validator

from . import figures
from .errors import InvalidValue
from .indicator import Indicator
from .metric_source import Metric, Part, Total
from .objective import Objective
from .openslo_alerts import AlertConditionSpec, AlertPolicyEntry, AlertPolicySpec, NotificationTargetSpec
from .shape import (
    Described,
    Metadata,
    Name,
    Number,
    Operator,
    Shape,
    checked_duration,
    complaint,
    read_by,
    read_number_by,
)
from .sli import SLIKind
from .slo import Method
from .window import Window
from .wording import describe, listed

API_VERSION: Final = "openslo/v1"


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


class RatioMetric(Shape):
    """Good or bad events of all events."""

    counter: bool = False
    good: Metric[Part] | None = None
    bad: Metric[Part] | None = None
    total: Metric[Total] | None = None
    raw_type: Any = None
    raw: Any = None

    @model_validator(mode="after")
    def _good_or_bad_of_total(self) -> RatioMetric:
        if self.raw is not None or self.raw_type is not None:
            raise complaint("not supported yet: `raw` ratios; write `good` or `bad`, and `total`")
        if (self.good is None) == (self.bad is None):
            raise complaint("needs one of `good` and `bad`" + ("" if self.good is None else ", not both"))
        if self.total is None:
            raise complaint("needs `total`")
        differing = self._part.differing(self.total.source)
        if differing:
            raise complaint(
                f"`{self._name}` and `total` differ in {listed(differing)}; `{self._name}` may leave it out"
            )
        return self

    @property
    def _name(self) -> str:
        return "bad" if self.good is None else "good"

    @property
    def _part(self) -> Part:
        part = self.good or self.bad
        assert part is not None, "the validator has seen to it"
        return part.source

    def indicator(self) -> Indicator:
        """What is counted: the events of `total`, by the conditions of `good` or `bad`."""
        assert self.total is not None, "the validator has seen to it"
        conditions = tuple(self._part.conditions)
        return Indicator(SLIKind.AVAILABILITY, self.total.source, **{self._name: conditions})


class SLISpec(Described):
    """What is measured."""

    threshold_metric: Metric[Total] | None = None
    ratio_metric: RatioMetric | None = None

    @model_validator(mode="after")
    def _one_metric(self) -> SLISpec:
        if (self.threshold_metric is None) == (self.ratio_metric is None):
            raise complaint("needs one of `ratioMetric` and `thresholdMetric`")
        return self

    def indicator(self) -> Indicator:
        """What is counted."""
        if self.ratio_metric is not None:
            return self.ratio_metric.indicator()
        assert self.threshold_metric is not None, "the validator has seen to it"
        return Indicator(SLIKind.LATENCY, self.threshold_metric.source)


class InlineIndicator(Shape):
    """An SLI written into its SLO."""

    metadata: Metadata
    spec: SLISpec


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


class DataSourceSpec(Described):
    """A place numbers come from, to be referred to."""

    type: Annotated[str, Field(min_length=1)]
    connection_details: Any = None


class Object(Shape):
    """What every object has in common."""

    api_version: Literal["openslo/v1"]
    kind: str
    metadata: Metadata


class SLOObject(Object):
    """kind: SLO."""

    spec: SLOSpec


class SLIObject(Object):
    """kind: SLI."""

    spec: SLISpec


class ServiceObject(Object):
    """kind: Service."""

    spec: Described = Field(default_factory=Described)


class DataSourceObject(Object):
    """kind: DataSource."""

    spec: DataSourceSpec


class AlertPolicyObject(Object):
    """kind: AlertPolicy."""

    spec: AlertPolicySpec


class AlertConditionObject(Object):
    """kind: AlertCondition."""

    spec: AlertConditionSpec


class NotificationTargetObject(Object):
    """kind: AlertNotificationTarget."""

    spec: NotificationTargetSpec


KINDS: Final[dict[str, type[Object]]] = {
    "SLO": SLOObject,
    "SLI": SLIObject,
    "Service": ServiceObject,
    "DataSource": DataSourceObject,
    "AlertPolicy": AlertPolicyObject,
    "AlertCondition": AlertConditionObject,
    "AlertNotificationTarget": NotificationTargetObject,
}
"""Every kind of OpenSLO v1, and its shape."""

REFERENCES: Final = {
    "indicatorRef": "SLI",
    "alertPolicyRef": "AlertPolicy",
    "conditionRef": "AlertCondition",
    "targetRef": "AlertNotificationTarget",
    "metricSourceRef": "DataSource",
}
"""Every key that names another object, and the kind it names."""
