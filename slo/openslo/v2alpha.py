"""OpenSLO v2alpha, as far as it differs from v1: `sli` for `indicator`, and data sources without `metricSource` around them.

https://github.com/OpenSLO/OpenSLO/blob/main/enhancements/v2alpha.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Generic, Literal

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    RootModel,
    Tag,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema

from ..correction import Correction
from .composite_spec import CompositeSpec
from .corrections import CorrectionEntry, Time
from .event_specs import PartSpec, TotalSpec
from .metric_source import EVENTS, QUERIES, Spec, alternative_of, type_of, typed
from .objective_shape import ObjectiveEntry
from .objects import KINDS, DataSourceSpec, Object, SLIObject, SLOMetadata, SLOObject
from .query_spec import QuerySpec
from .shape import Duration, Metadata, ObjectName, QualifiedLabels, Shape, Word, made
from .sli_shapes import InlineIndicator, RatioMetric, SLISpec
from .slo_shapes import SLOSpec

V2ALPHA: Final = "openslo.com/v2alpha"


class EventNumbers(Shape, Generic[Spec]):
    """Events that the collector counts itself, or SLOs that it combines."""

    one_of: ClassVar = ("data_source_ref", "data_source_spec")

    data_source_ref: ObjectName | None = None
    data_source_spec: DataSourceSpec | None = None
    spec: Spec


class PromqlNumbers(Shape):
    """What a Prometheus-compatible engine is asked for."""

    one_of: ClassVar = ("data_source_ref", "data_source_spec")

    data_source_ref: ObjectName | None = None
    data_source_spec: DataSourceSpec | None = None
    spec: QuerySpec


def _resolved(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, dict):
        return value
    inline = value.get("dataSourceSpec")
    type_ = inline.get("type") if isinstance(inline, dict) else None
    return typed(value, type_of(value.get("dataSourceRef"), info) if type_ is None else type_)


class Numbers(
    RootModel[
        Annotated[
            Annotated[EventNumbers[Spec], Tag(EVENTS)] | Annotated[PromqlNumbers, Tag(QUERIES)],
            Discriminator(alternative_of),
            BeforeValidator(_resolved),
        ]
    ],
    Generic[Spec],
):
    """One set of numbers."""

    @property
    def source(self) -> Spec | QuerySpec:
        """What is asked for."""
        return self.root.spec

    @property
    def engine(self) -> str:
        """The DataSource that is referred to; empty where none is."""
        return self.root.data_source_ref or ""


class QualifiedMetadata(Metadata):
    """Labels are Kubernetes' own here: their keys may have a prefix."""

    labels: QualifiedLabels = Field(default_factory=dict)


class QualifiedSLOMetadata(QualifiedMetadata, SLOMetadata):
    """Name and notes of an SLO."""

    labels: QualifiedLabels = Field(default_factory=dict)


class RatioNumbers(RatioMetric):
    """Good or bad events of all events, or a ratio that is there already."""

    good: Numbers[PartSpec] | None = None  # type: ignore[assignment] # what is asked of a metric, these answer too
    bad: Numbers[PartSpec] | None = None  # type: ignore[assignment] # likewise
    total: Numbers[TotalSpec] | None = None  # type: ignore[assignment] # likewise
    raw: Numbers[CompositeSpec] | None = None  # type: ignore[assignment] # likewise


class IndicatorSpec(SLISpec):
    """What is measured."""

    threshold_metric: Numbers[TotalSpec] | None = None  # type: ignore[assignment] # likewise
    ratio_metric: RatioNumbers | None = None


class InlineSLI(InlineIndicator):
    """An SLI written into its SLO."""

    metadata: QualifiedMetadata
    spec: IndicatorSpec


class LabelledObjective(ObjectiveEntry):
    """How much must be good, with labels of its own."""

    indicator: InlineSLI | None = Field(default=None, alias="sli")
    indicator_ref: ObjectName | None = Field(default=None, alias="sliRef")
    own_labels: QualifiedLabels = Field(default_factory=dict, alias="labels")

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of its own beside the SLO's."""
        return self.own_labels


class PromiseSpec(SLOSpec):
    """The promise."""

    service: Word = Field(validation_alias=AliasChoices("service", "serviceRef"))
    indicator: InlineSLI | None = Field(default=None, alias="sli")
    indicator_ref: ObjectName | None = Field(default=None, alias="sliRef")
    objectives: Annotated[list[LabelledObjective], Field(min_length=1)]  # type: ignore[assignment] # never written to

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = super().__get_pydantic_json_schema__(core, handler)
        schema["properties"]["serviceRef"] = schema["properties"]["service"]
        schema["required"] = [key for key in schema["required"] if key != "service"]
        schema["oneOf"] = [{"required": ["service"]}, {"required": ["serviceRef"]}]
        return schema


class PromiseObject(SLOObject):
    """A promise."""

    metadata: QualifiedSLOMetadata
    spec: PromiseSpec


class IndicatorObject(SLIObject):
    """What is measured, for several SLOs."""

    metadata: QualifiedMetadata
    spec: IndicatorSpec


class BudgetAdjustmentSpec(Shape):
    """Time of known and accepted unreliability of what a service promises, by one SLI or by any."""

    one_of: ClassVar = ("end_time", "duration")

    description: Annotated[str, Field(min_length=1, max_length=1050)]
    service: Word
    indicator_ref: ObjectName | None = None
    start_time: Time
    end_time: Time | None = None
    duration: Duration | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> BudgetAdjustmentSpec:
        made(lambda _: self.corrected_by("somebody"), None)
        return self

    def corrected_by(self, author: str) -> Correction:
        """What it takes out. Raises `InvalidValue`."""
        entry = CorrectionEntry.model_construct(
            start=self.start_time, end=self.end_time, duration=self.duration, reason=self.description, author=author
        )
        return entry.correction


class BudgetAdjustmentObject(Object):
    """Time that is taken out of the budgets of a service."""

    kind: Literal["BudgetAdjustment"]
    metadata: QualifiedMetadata
    spec: BudgetAdjustmentSpec


V2ALPHA_KINDS: Final[dict[str, type[Object]]] = {
    **KINDS,
    "SLO": PromiseObject,
    "SLI": IndicatorObject,
    "BudgetAdjustment": BudgetAdjustmentObject,
}
"""Every kind of OpenSLO v2alpha, and its shape."""
