"""OpenSLO v1alpha: SLOs and services; the metrics stand in the objectives, and windows have a unit and a count.

https://github.com/OpenSLO/go-sdk/tree/main/pkg/openslo/v1alpha
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, ValidationError, model_validator

from ..calendar_window import TimeWindow, parse_window
from ..errors import InvalidValue
from ..objective import Objective
from ..queries import Queries
from ..slo import Method
from ..window import MINUTE, Window
from .alert_shapes import AlertPolicyEntry
from .event_specs import TotalSpec
from .indicator import EventRatio, EventThreshold, Indicator, Measured, QueryRatio, QueryThreshold
from .metric_source import QUERIES, typed
from .objective_shape import SliceTarget, Target
from .objects import Object, ServiceObject, SLOMetadata
from .query_spec import QuerySpec
from .shape import Described, Number, Operator, Shape, Word, complaint, made
from .window_shapes import Calendar

V1ALPHA: Final = "openslo/v1alpha"

_UNITS: Final = {"Second": "s", "Day": "d", "Week": "w", "Month": "M", "Quarter": "Q"}


class Query(Shape):
    """Numbers: `source` is the type of where they come from; of type fournines `query` names a signal."""

    origin: Word = Field(alias="source")
    query_type: Word
    query: Word

    @model_validator(mode="after")
    def _can_be_asked(self) -> Query:
        try:
            _ = self.source
        except ValidationError as error:
            raise complaint("; ".join(f"`query` {detail['msg']}" for detail in error.errors())) from None
        return self

    @property
    def source(self) -> TotalSpec | QuerySpec:
        """What is asked for."""
        if typed({}, self.origin).alternative == QUERIES:
            return QuerySpec.model_validate({"query": self.query})
        return TotalSpec.model_validate({"signal": self.query})


class RatioMetrics(Shape):
    """Good events of all events."""

    good: Query
    total: Query
    incremental: bool = False

    @model_validator(mode="after")
    def _same_source(self) -> RatioMetrics:
        good, total = self.good.source, self.total.source
        if type(good) is not type(total) or (isinstance(good, TotalSpec) and good != total):
            raise complaint("`good` and `total` are asked of one source, and of type fournines for one signal")
        return self

    def indicator(self) -> Indicator:
        """What is counted."""
        match self.good.source, self.total.source:
            case QuerySpec() as good, QuerySpec() as total:
                return QueryRatio(Queries(good=good.query, total=total.query, counter=self.incremental))
            case _, TotalSpec() as total:
                return EventRatio(total)
        raise AssertionError("the validator has seen to it")


class ThresholdIndicator(Shape):
    """Values that are held against each objective's."""

    threshold_metric: Query

    @model_validator(mode="after")
    def _can_be_counted(self) -> ThresholdIndicator:
        made(lambda _: self.indicator(), None)
        return self

    def indicator(self) -> Measured:
        """What is held."""
        source = self.threshold_metric.source
        return QueryThreshold(source.query, "") if isinstance(source, QuerySpec) else EventThreshold(source)


class AlphaTimeWindow(Shape):
    """The window of the budget: rolling, or of a calendar."""

    unit: Literal["Second", "Day", "Week", "Month", "Quarter"]
    count: Annotated[int, Field(ge=1, le=999_999)]
    is_rolling: bool = False
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> AlphaTimeWindow:
        if self.is_rolling and self.calendar is not None:
            raise complaint("a rolling window has no `calendar`")
        if not self.is_rolling and self.calendar is None:
            raise complaint("needs `isRolling: true`, or a `calendar`: when its first period begins")
        made(lambda _: self.window, None)
        return self

    @property
    def window(self) -> TimeWindow:
        """What it says. Raises `InvalidValue`."""
        text = f"{self.count}{_UNITS[self.unit]}"
        if self.calendar is None:
            return Window.parse(text)
        if self.unit == "Second":
            raise InvalidValue(f"a calendar's window is of days or more, not {text}")
        return parse_window(text, self.calendar.start, self.calendar.time_zone)


class AlphaObjective(Shape):
    """How much must be good, and of what."""

    display_name: str = ""
    op: Operator | None = None
    written_value: Number | None = Field(default=None, alias="value")
    ratio_metrics: RatioMetrics | None = None
    target: Target
    time_slice_target: SliceTarget | None = None
    composite_weight: ClassVar = None

    @property
    def value(self) -> Decimal | None:
        """The threshold. Ratios have a value too here, which means nothing."""
        return self.written_value if self.ratio_metrics is None else None

    @property
    def objective(self) -> Objective:
        """The share that must be good."""
        return self.target

    @property
    def time_slice_window(self) -> Window | None:
        """How long a slice is: nothing can be said of that here."""
        return None if self.time_slice_target is None else Window(MINUTE)

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of its own; there are none here."""
        return {}


class AlphaSLOSpec(Described):
    """The promise."""

    service: Word
    indicator: ThresholdIndicator | None = None
    time_windows: Annotated[list[AlphaTimeWindow], Field(min_length=1, max_length=1)]
    budgeting_method: Literal["Occurrences", "Timeslices"]
    objectives: Annotated[list[AlphaObjective], Field(min_length=1)]
    is_composite: ClassVar = False
    indicator_refs: ClassVar[frozenset[str | None]] = frozenset()
    alert_policies: ClassVar[tuple[AlertPolicyEntry, ...]] = ()

    @model_validator(mode="after")
    def _one_indicator(self) -> AlphaSLOSpec:
        ratios = [each.ratio_metrics is not None for each in self.objectives]
        if self.indicator is not None and any(ratios):
            raise complaint("needs one of `indicator` and `ratioMetrics` in the objectives, not both")
        if self.indicator is None and not all(ratios):
            raise complaint("needs an `indicator`, or `ratioMetrics` in each of its objectives")
        return self

    def indicators(self, _shared: Mapping[str, Indicator]) -> list[Indicator | None]:
        """What is measured for each objective."""
        holders = [each.ratio_metrics or self.indicator for each in self.objectives]
        return [each.indicator() if each is not None else None for each in holders]

    @property
    def window(self) -> TimeWindow:
        """The window of its budget."""
        return self.time_windows[0].window

    @property
    def method(self) -> Method:
        """What its budget counts."""
        return Method(self.budgeting_method)


class AlphaSLOObject(Object):
    """A promise."""

    kind: Literal["SLO"]
    metadata: SLOMetadata
    spec: AlphaSLOSpec


V1ALPHA_KINDS: Final[dict[str, type[Object]]] = {"SLO": AlphaSLOObject, "Service": ServiceObject}
"""Every kind of OpenSLO v1alpha, and its shape."""
