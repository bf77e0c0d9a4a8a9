"""Metric sources: where the numbers of an SLI come from, by type. What may stand in a `spec` is decided by its type.

The type stands beside the `spec`, or in the DataSource that is referred to: the context in which shapes are read knows these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import BeforeValidator, Discriminator, Tag, ValidationInfo

from .composite_spec import CompositeSpec
from .event_specs import SourceSpec
from .query_spec import QuerySpec
from .shape import ObjectName, Shape, complaint

SOURCE_TYPE: Final = "fournines"
PROMETHEUS_TYPES: Final = ("prometheus", "Prometheus", "promql", "PromQL")
"""How other tools spell it, and what it asks."""

Spec = TypeVar("Spec", bound=SourceSpec | CompositeSpec)

EVENTS: Final = "<0>"
QUERIES: Final = "<1>"
"""Which of the alternatives, counted; `validation` leaves these out of the paths that people read."""


class EventMetricSource(Shape, Generic[Spec]):
    """Events that the collector counts itself, or SLOs that it combines."""

    metric_source_ref: ObjectName | None = None
    type: Literal["fournines"] | None = None
    spec: Spec


class PromqlSource(Shape):
    """What a Prometheus-compatible engine is asked for."""

    metric_source_ref: ObjectName | None = None
    type: Literal["prometheus", "Prometheus", "promql", "PromQL"] | None = None
    spec: QuerySpec


class Typed(dict[str, Any]):
    """What a file says of a source, and which alternative its type makes of it."""

    alternative = EVENTS


def typed(value: Mapping[str, Any], type_: object) -> Typed:
    """`value` as a source of that type; where nobody knows the type, its `spec` tells. `complaint` where it can't be asked."""
    found = Typed(value)
    spec = value.get("spec")
    if type_ is None:
        type_ = "prometheus" if isinstance(spec, dict) and "query" in spec else SOURCE_TYPE
    if type_ in PROMETHEUS_TYPES:
        found.alternative = QUERIES
    elif isinstance(type_, str) and type_ != SOURCE_TYPE:
        raise complaint(
            f"numbers of type `{type_}` can't be asked for: write `{SOURCE_TYPE}`, which counts telemetry, "
            "or `prometheus`, which asks PromQL"
        )
    return found


def type_of(reference: object, info: ValidationInfo) -> str | None:
    """The type of the DataSource referred to; None where that is not known."""
    types: Mapping[str, str] = info.context or {}
    return types.get(reference) if isinstance(reference, str) else None


def _resolved(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, dict):
        return value
    type_, reference = value.get("type"), value.get("metricSourceRef")
    if type_ is None and reference is None:
        raise complaint(f"needs `type: {SOURCE_TYPE}` or `type: prometheus`, or a `metricSourceRef`")
    of_reference = type_of(reference, info)
    if (
        type_ is not None
        and of_reference is not None
        and typed({}, type_).alternative != typed({}, of_reference).alternative
    ):
        raise complaint(f"says type `{type_}`, and the DataSource `{reference}` is of type `{of_reference}`")
    return typed(value, of_reference if type_ is None else type_)


def alternative_of(value: Any) -> str:
    """Which alternative a source is."""
    return value.alternative if isinstance(value, Typed) else EVENTS


class Metric(Shape, Generic[Spec]):
    """One set of numbers."""

    metric_source: Annotated[
        Annotated[EventMetricSource[Spec], Tag(EVENTS)] | Annotated[PromqlSource, Tag(QUERIES)],
        Discriminator(alternative_of),
        BeforeValidator(_resolved),
    ]

    @property
    def source(self) -> Spec | QuerySpec:
        """What is asked for."""
        return self.metric_source.spec

    @property
    def engine(self) -> str:
        """The DataSource that is referred to; empty where none is."""
        return self.metric_source.metric_source_ref or ""
