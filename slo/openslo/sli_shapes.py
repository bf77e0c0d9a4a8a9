"""The shapes of an SLI: which events are good, or how quick they have to be."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ..queries import Queries
from .composite_spec import CompositeSpec
from .event_specs import PartSpec, TotalSpec
from .indicator import Combined, EventRatio, EventThreshold, Indicator, Measured, QueryRatio, QueryThreshold, Ratio
from .metric_source import Metric
from .query_spec import QuerySpec
from .shape import Described, Metadata, Shape, complaint, made
from .wording import listed


class RatioMetric(Shape):
    """Good or bad events of all events, or a ratio that is there already."""

    counter: bool = Field(default=False, description="whether good, bad and total only ever grow")
    good: Metric[PartSpec] | None = Field(default=None, description="the events that are good; or say `bad`")
    bad: Metric[PartSpec] | None = Field(default=None, description="the events that are bad; or say `good`")
    total: Metric[TotalSpec] | None = Field(default=None, description="all events")
    raw_type: Literal["success", "failure"] | None = Field(default=None, description="which ratio `raw` is")
    raw: Metric[CompositeSpec] | None = Field(default=None, description="the ratio itself, in place of all others")

    @model_validator(mode="after")
    def _one_form(self) -> RatioMetric:
        if self.raw is not None:
            self._check_raw(self.raw.source)
        elif self.raw_type is not None:
            raise complaint("`rawType` belongs to `raw`")
        elif (self.good is None) == (self.bad is None):
            raise complaint("needs one of `good` and `bad`" + ("" if self.good is None else ", not both"))
        elif self.total is None:
            raise complaint("needs `total`")
        else:
            self._check_part(self._part, self.total)
        return self

    def _check_raw(self, source: CompositeSpec | QuerySpec) -> None:
        if self.good or self.bad or self.total:
            raise complaint("`raw` is the ratio itself: `good`, `bad` and `total` go without it")
        if self.raw_type is None:
            raise complaint("`raw` needs `rawType`: success or failure")
        if isinstance(source, CompositeSpec) and self.raw_type == "failure":
            raise complaint("SLOs are combined as successes; write `rawType: success`")

    def _check_part(self, part: Metric[PartSpec], total: Metric[TotalSpec]) -> None:
        match part.source, total.source:
            case PartSpec() as one, TotalSpec() as all_:
                if differing := one.differing(all_):
                    remark = f"differ in {listed(differing)}; `{self._name}` may leave it out"
                    raise complaint(f"`{self._name}` and `total` {remark}")
            case QuerySpec(), QuerySpec() if part.engine == total.engine:
                pass
            case _:
                raise complaint(f"`{self._name}` and `total` are asked of one source")

    @property
    def _name(self) -> str:
        return "bad" if self.good is None else "good"

    @property
    def _part(self) -> Metric[PartSpec]:
        part = self.good or self.bad
        assert part is not None, "the validator has seen to it"
        return part

    def indicator(self) -> Ratio:
        """What is counted: the events of `total`, by the conditions of `good` or `bad`; or what is asked for."""
        if self.raw is not None:
            return self._of_raw(self.raw)
        assert self.total is not None, "the validator has seen to it"
        match self._part.source, self.total.source:
            case PartSpec() as part, TotalSpec() as total:
                return EventRatio(total, **{self._name: tuple(part.conditions)})
            case QuerySpec() as part, QuerySpec() as total:
                texts = {self._name: part.query, "total": total.query}
                return QueryRatio(Queries(**texts, counter=self.counter, source=self._part.engine))
        raise AssertionError("the validator has seen to it")

    def _of_raw(self, raw: Metric[CompositeSpec]) -> Ratio:
        source = raw.source
        if isinstance(source, CompositeSpec):
            return Combined(source.composite)
        text = source.query if self.raw_type == "success" else f"1 - ({source.query})"
        return QueryRatio(Queries(raw=text, source=raw.engine))


class SLISpec(Described):
    """What is measured."""

    one_of: ClassVar = ("ratio_metric", "threshold_metric")

    threshold_metric: Metric[TotalSpec] | None = Field(
        default=None, description="values, held against each objective's"
    )
    ratio_metric: RatioMetric | None = Field(default=None, description="good events of all events")

    @model_validator(mode="after")
    def _can_be_counted(self) -> SLISpec:
        made(lambda _: self.indicator(), None)
        return self

    def indicator(self) -> Indicator:
        """What is counted."""
        if self.ratio_metric is not None:
            return self.ratio_metric.indicator()
        assert self.threshold_metric is not None, "the validator has seen to it"
        return measured(self.threshold_metric)


def measured(metric: Metric[TotalSpec]) -> Measured:
    """Values that are held against a threshold."""
    source = metric.source
    return QueryThreshold(source.query, metric.engine) if isinstance(source, QuerySpec) else EventThreshold(source)


class InlineIndicator(Shape):
    """An SLI written into its SLO."""

    metadata: Metadata
    spec: SLISpec
