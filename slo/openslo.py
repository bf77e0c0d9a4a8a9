"""The shapes of OpenSLO v1's objects, as its specification draws them (https://github.com/OpenSLO/OpenSLO).

Only shapes: what an object refers to, and what its numbers mean, is decided in `declare`. Fields have the specification's names in
snake case; a file's faults name them as the file does.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from .openslo_alerts import AlertConditionSpec, AlertPolicyEntry, AlertPolicySpec, NotificationTargetSpec
from .shape import Described, Duration, Metadata, Name, Number, Operator, Shape, complaint

API_VERSION: Final = "openslo/v1"


class MetricSource(Shape):
    """Where numbers come from. What stands in `spec` depends on the type, which may come from a DataSource."""

    metric_source_ref: Name | None = None
    type: str = ""
    spec: dict[str, Any]


class Metric(Shape):
    """One query."""

    metric_source: MetricSource


class RatioMetric(Shape):
    """Good or bad events of all events."""

    counter: bool = False
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None
    raw: Metric | None = None

    @model_validator(mode="after")
    def _one_form(self) -> RatioMetric:
        if self.raw is not None or self.raw_type is not None:
            raise complaint("not supported yet: `raw` ratios; write `good` or `bad`, and `total`")
        if (self.good is None) == (self.bad is None):
            raise complaint("needs either `good` or `bad`" + ("" if self.good is None else ", not both"))
        if self.total is None:
            raise complaint("needs `total`")
        return self


class SLISpec(Described):
    """What is measured."""

    threshold_metric: Metric | None = None
    ratio_metric: RatioMetric | None = None

    @model_validator(mode="after")
    def _one_metric(self) -> SLISpec:
        if (self.threshold_metric is None) == (self.ratio_metric is None):
            raise complaint("needs one of `ratioMetric` and `thresholdMetric`")
        return self


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

    duration: Duration
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
        if self.duration[-1] in "MQY":
            raise complaint("not supported yet: months, quarters and years, which are calendars'; write 30d or 4w")
        return self


class Objective(Shape):
    """How much must be good, and for a threshold which side of what."""

    display_name: str = ""
    op: Operator | None = None
    value: Number | None = None
    target: Number | None = None
    target_percent: Number | None = None
    time_slice_target: Number | None = None
    time_slice_window: Any = None
    indicator: Any = None
    indicator_ref: Any = None
    composite_weight: Any = None

    @model_validator(mode="after")
    def _one_target(self) -> Objective:
        if any(part is not None for part in (self.indicator, self.indicator_ref, self.composite_weight)):
            raise complaint("not supported yet: composites, with an indicator for each objective")
        if (self.target is None) == (self.target_percent is None):
            both = "" if self.target is None else ", not both"
            raise complaint(f"needs one of `target` (0.9999) and `targetPercent` (99.99){both}")
        return self


class SLOSpec(Described):
    """The promise."""

    service: Annotated[str, Field(min_length=1)]
    indicator: InlineIndicator | None = None
    indicator_ref: Name | None = None
    time_window: Annotated[list[TimeWindow], Field(min_length=1, max_length=1)] | None = None
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    objectives: Annotated[list[Objective], Field(min_length=1)]
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
