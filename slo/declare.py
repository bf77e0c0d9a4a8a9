"""From an SLO as OpenSLO writes it to the promises it makes: one for each of its objectives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from .annotations import ANNOTATIONS, BURN_RULES, MIN_BAD_EVENTS_KEY, NO_DATA, PREFIX
from .burn import WORKBOOK
from .document import Steps
from .errors import Place
from .indicator import Indicator
from .margin import Margin
from .objective import Objective
from .openslo import Objective as ObjectiveShape
from .openslo import SLOObject, SLOSpec
from .sli import SLIKind
from .slo import DEFAULT_WINDOW, MIN_BAD_EVENTS, SLO, Method, NoData
from .validation import unknown_key
from .window import Window

_MAX_NAME: Final = 63
_OBJECTIVES: Final = ("spec", "objectives")


def declare(slo: SLOObject, indicator: Indicator | None, margin: Margin) -> list[SLO]:
    """The promises of one SLO object, without those that hold a fault; each fault is noted. None of them without an indicator."""
    _method(slo.spec, margin)
    window = _window(slo.spec, margin)
    settings = _settings(slo.metadata.annotations, margin)
    if indicator is not None:
        _shape_of_objectives(slo.spec, indicator, margin)
    promises = [_promise(slo, index, indicator, window, settings, margin) for index in range(len(slo.spec.objectives))]
    return [promise for promise in promises if promise is not None]


def _promise(
    slo: SLOObject,
    index: int,
    indicator: Indicator | None,
    window: Window | None,
    settings: Mapping[str, Any],
    margin: Margin,
) -> SLO | None:
    shape, at = slo.spec.objectives[index], (*_OBJECTIVES, index)
    objective = _objective(shape, at, margin)
    if indicator is None or objective is None or window is None:
        return None
    sli = margin.attempt((*at, "value"), partial(indicator.sli, slo.spec.service, _threshold(shape, indicator)))
    if sli is None:
        return None
    several = len(slo.spec.objectives) > 1
    return SLO(
        name=_name(slo, index) if several else slo.metadata.name,
        sli=sli,
        objective=objective,
        window=window,
        method=Method.OCCURRENCES,
        rules=settings.get(BURN_RULES, WORKBOOK),
        min_bad_events=settings.get(MIN_BAD_EVENTS_KEY, MIN_BAD_EVENTS),
        no_data=settings.get(NO_DATA, NoData.IGNORE),
        display_name=_display_name(slo.metadata.display_name, shape.display_name if several else ""),
        description=slo.spec.description,
        labels=MappingProxyType(dict(slo.metadata.labels)),
        annotations=MappingProxyType(dict(slo.metadata.annotations)),
        provider=slo.spec.service if sli.service != slo.spec.service else "",
        place=Place(margin.document.file, margin.document.line_of(at if several else ("metadata", "name"))),
    )


def _name(slo: SLOObject, index: int) -> str:
    """The SLO's name and the objective's, where that makes a name; else the objective's number."""
    slug = re.sub(r"[^a-z0-9]+", "-", slo.spec.objectives[index].display_name.lower()).strip("-")
    name = f"{slo.metadata.name}-{slug}"
    return name if slug and len(name) <= _MAX_NAME else f"{slo.metadata.name}-{index + 1}"


def _display_name(of_slo: str, of_objective: str) -> str:
    return ": ".join(part for part in (of_slo, of_objective) if part)


def _method(spec: SLOSpec, margin: Margin) -> None:
    if spec.budgeting_method != Method.OCCURRENCES.value:
        message = f"not supported yet: {spec.budgeting_method}; write {Method.OCCURRENCES.value}"
        margin.note(("spec", "budgetingMethod"), message)
        return
    for index, objective in enumerate(spec.objectives):
        for key, value in (
            ("timeSliceTarget", objective.time_slice_target),
            ("timeSliceWindow", objective.time_slice_window),
        ):
            if value is not None:
                margin.note((*_OBJECTIVES, index, key), "belongs to the budgeting method Timeslices")


def _window(spec: SLOSpec, margin: Margin) -> Window | None:
    if spec.time_window is None:
        return DEFAULT_WINDOW
    return margin.attempt(("spec", "timeWindow", 0, "duration"), partial(Window.parse, spec.time_window[0].duration))


def _settings(annotations: Mapping[str, str], margin: Margin) -> dict[str, Any]:
    """What our annotations say, read; those with a fault are left out."""
    settings: dict[str, Any] = {}
    for key, text in annotations.items():
        if key.startswith(PREFIX):
            value = _setting(ANNOTATIONS.get(key), key, text, margin)
            settings |= {key: value} if value is not None else {}
    return settings


def _setting(read: Callable[[str], Any] | None, key: str, text: str, margin: Margin) -> Any:
    steps = ("metadata", "annotations", key)
    if read is None:
        margin.note(steps, unknown_key(key, ANNOTATIONS))
        return None
    return margin.attempt(steps, partial(read, text))


def _objective(shape: ObjectiveShape, at: Steps, margin: Margin) -> Objective | None:
    if shape.target is not None:
        return margin.attempt((*at, "target"), partial(Objective, shape.target))
    assert shape.target_percent is not None, "the shape has seen to it"
    return margin.attempt((*at, "targetPercent"), partial(Objective.parse, f"{shape.target_percent:f}%"))


def _threshold(shape: ObjectiveShape, indicator: Indicator) -> Decimal | None:
    return shape.value if indicator.kind is SLIKind.LATENCY else None


def _shape_of_objectives(spec: SLOSpec, indicator: Indicator, margin: Margin) -> None:
    """Whether the objectives fit the metric: OpenSLO gives a threshold one objective, and a ratio neither `op` nor `value`."""
    latency = indicator.kind is SLIKind.LATENCY
    if latency and len(spec.objectives) > 1:
        margin.note((*_OBJECTIVES, 1), "a `thresholdMetric` takes one objective; write another SLO for the second")
    for index, objective in enumerate(spec.objectives):
        (_latency_objective if latency else _ratio_objective)(objective, (*_OBJECTIVES, index), margin)


def _ratio_objective(shape: ObjectiveShape, at: Steps, margin: Margin) -> None:
    for key, value in (("op", shape.op), ("value", shape.value)):
        if value is not None:
            margin.note((*at, key), "belongs to a `thresholdMetric`, and this indicator is a `ratioMetric`")


def _latency_objective(shape: ObjectiveShape, at: Steps, margin: Margin) -> None:
    if shape.value is None:
        margin.note((*at, "value"), "is missing: the threshold in seconds")
    if shape.op == "lt":
        margin.note((*at, "op"), "write lte: a duration equal to the threshold is good")
    elif shape.op != "lte":
        margin.note((*at, "op"), "write lte: requests at or below the threshold are good")
