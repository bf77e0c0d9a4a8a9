"""From an SLI as OpenSLO writes it to what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar

from .catalogue import Catalogue
from .document import Steps
from .margin import Margin
from .metric_source import SOURCE_TYPE, Part, Source
from .openslo import Metric, RatioMetric, SLISpec
from .sli import SLI, Condition, SLIKind, SpanKind
from .validation import validate

AnySource = TypeVar("AnySource", bound=Source)

_SHARED: Final = ("signal", "where", "kind", "service")


@dataclass(frozen=True, slots=True)
class Indicator:
    """What an SLI counts, before a service and a threshold make an `SLI` of it."""

    kind: SLIKind
    source: Source
    good: tuple[Condition, ...] = ()
    bad: tuple[Condition, ...] = ()

    def sli(self, service: str, threshold: Decimal | None) -> SLI:
        """The SLI of a promise of `service`; raises `InvalidValue` for a threshold that is none."""
        return SLI(
            kind=self.kind,
            service=self.source.service or service,
            signal=self.source.signal,
            span_kind=self.source.span_kind,
            threshold=threshold,
            where=tuple(self.source.where),
            good=self.good,
            bad=self.bad,
        )


def read_indicator(spec: SLISpec, at: Steps, catalogue: Catalogue, margin: Margin) -> Indicator | None:
    """The indicator that stands at `at`; None after noting its faults."""
    if spec.ratio_metric is not None:
        return _ratio(spec.ratio_metric, (*at, "ratioMetric"), catalogue, margin)
    assert spec.threshold_metric is not None, "the shape has seen to it"
    source = _counted(spec.threshold_metric, (*at, "thresholdMetric"), catalogue, margin)
    return None if source is None else Indicator(SLIKind.LATENCY, source)


def _ratio(ratio: RatioMetric, at: Steps, catalogue: Catalogue, margin: Margin) -> Indicator | None:
    name = "good" if ratio.good is not None else "bad"
    metric = ratio.good or ratio.bad
    assert metric is not None, "the shape has seen to it"
    assert ratio.total is not None, "the shape has seen to it"
    part = _source(Part, metric, (*at, name), catalogue, margin)
    total = _counted(ratio.total, (*at, "total"), catalogue, margin)
    if part is None or total is None or not _agree(part, total, (*at, name), margin):
        return None
    conditions = tuple(part.conditions)
    return Indicator(SLIKind.AVAILABILITY, total, **{name: conditions})


def _agree(part: Part, total: Source, at: Steps, margin: Margin) -> bool:
    differing = [key for key in _SHARED if key in part.model_fields_set and getattr(part, key) != getattr(total, key)]
    for key in differing:
        margin.note(
            (*at, "metricSource", "spec", key),
            "differs from `total`, of whose events these are a part; leave it out here or say the same",
        )
    return not differing


def _counted(metric: Metric, at: Steps, catalogue: Catalogue, margin: Margin) -> Source | None:
    """The source of the events that count; a caller's view must say whose."""
    source = _source(Source, metric, at, catalogue, margin)
    if source is None or source.span_kind is SpanKind.SERVER or source.service is not None:
        return source
    margin.note((*at, "metricSource", "spec"), "a view of kind client needs `service`: the service.name of the caller")
    return None


def _source(
    shape: type[AnySource], metric: Metric, at: Steps, catalogue: Catalogue, margin: Margin
) -> AnySource | None:
    steps = (*at, "metricSource")
    if not _is_ours(metric, steps, catalogue, margin):
        return None
    return validate(shape, metric.metric_source.spec, (*steps, "spec"), margin)


def _is_ours(metric: Metric, steps: Steps, catalogue: Catalogue, margin: Margin) -> bool:
    said, reference = metric.metric_source.type, metric.metric_source.metric_source_ref
    found = _type_of(reference, catalogue) if reference is not None else said
    if found == "" and reference is None:
        margin.note(steps, f"needs `type: {SOURCE_TYPE}`, or a `metricSourceRef`")
    elif said and found and said != found:
        margin.note((*steps, "type"), f"differs from the type of the DataSource `{reference}`, which is `{found}`")
    elif (found or said) not in ("", SOURCE_TYPE):
        place = (*steps, "type") if said else (*steps, "metricSourceRef")
        margin.note(place, f"not supported yet: metric sources of type `{found}`; write `type: {SOURCE_TYPE}`")
    else:
        return bool(found)
    return False


def _type_of(reference: str, catalogue: Catalogue) -> str:
    """The type of a DataSource; empty where there is no such thing, which the catalogue has noted."""
    document = catalogue.find("DataSource", reference)
    spec = document.data.get("spec") if document is not None else None
    found = spec.get("type") if isinstance(spec, dict) else None
    return found if isinstance(found, str) else ""
