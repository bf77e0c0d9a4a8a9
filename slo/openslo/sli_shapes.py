"""The shapes of an SLI: which events are good, or how quick they have to be."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from ..sli import SLIKind
from .indicator import Indicator
from .metric_source import Metric, PartSpec, TotalSpec
from .shape import Described, Metadata, Shape, complaint
from .wording import listed


class RatioMetric(Shape):
    """Good or bad events of all events."""

    counter: bool = False
    good: Metric[PartSpec] | None = None
    bad: Metric[PartSpec] | None = None
    total: Metric[TotalSpec] | None = None
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
    def _part(self) -> PartSpec:
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

    threshold_metric: Metric[TotalSpec] | None = None
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
