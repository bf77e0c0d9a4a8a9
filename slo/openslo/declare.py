"""From an SLO as OpenSLO writes it to the promises it makes: one for each of its objectives."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from ..annotations import ANNOTATIONS, BURN_RULES, MIN_BAD_EVENTS_KEY, NO_DATA
from ..errors import InvalidValue
from ..sli import SLIKind
from ..slo import DEFAULT_WINDOW, SLO
from .document import Steps
from .indicator import Indicator
from .margin import Margin
from .objects import SLOObject
from .slo_shapes import ObjectiveEntry

_MAX_NAME: Final = 63
_OBJECTIVES: Final = ("spec", "objectives")
_FIELDS: Final = {BURN_RULES: "rules", MIN_BAD_EVENTS_KEY: "min_bad_events", NO_DATA: "no_data"}


def declare(slo: SLOObject, indicator: Indicator, margin: Margin) -> list[SLO]:
    """The promises of one SLO object; none of them, after noting why, where its objectives do not fit the indicator."""
    before = len(margin.faults)
    for index, entry in enumerate(slo.spec.objectives):
        _check(entry, (*_OBJECTIVES, index), indicator.kind, margin)
    if indicator.kind is SLIKind.LATENCY and len(slo.spec.objectives) > 1:
        margin.note((*_OBJECTIVES, 1), "a `thresholdMetric` takes one objective; write another SLO for the second")
    if len(margin.faults) > before:
        return []
    return [_promise(slo, index, indicator, margin) for index in range(len(slo.spec.objectives))]


def _check(entry: ObjectiveEntry, at: Steps, kind: SLIKind, margin: Margin) -> None:
    """Whether an objective fits its metric: a threshold needs `op` and `value`, a ratio has neither; slices are for Timeslices."""
    if kind is SLIKind.AVAILABILITY:
        foreign = {"op": entry.op, "value": entry.value}
        _note_given(foreign, "belongs to a `thresholdMetric`, and this indicator is a `ratioMetric`", at, margin)
    else:
        _check_threshold(entry, at, margin)
    slices = {"timeSliceTarget": entry.time_slice_target, "timeSliceWindow": entry.time_slice_window}
    _note_given(slices, "belongs to the budgeting method Timeslices", at, margin)


def _check_threshold(entry: ObjectiveEntry, at: Steps, margin: Margin) -> None:
    if entry.value is None:
        margin.note((*at, "value"), "is missing: the threshold in seconds")
    if entry.op == "lt":
        margin.note((*at, "op"), "write lte: a duration equal to the threshold is good")
    elif entry.op != "lte":
        margin.note((*at, "op"), "write lte: requests at or below the threshold are good")


def _note_given(values: Mapping[str, object], message: str, at: Steps, margin: Margin) -> None:
    for key, value in values.items():
        if value is not None:
            margin.note((*at, key), message)


def _promise(slo: SLOObject, index: int, indicator: Indicator, margin: Margin) -> SLO:
    entry, several = slo.spec.objectives[index], len(slo.spec.objectives) > 1
    sli = indicator.sli(slo.spec.service, entry.value)
    at = (*_OBJECTIVES, index) if several else ("metadata", "name")
    return SLO(
        name=_name(slo, index) if several else slo.metadata.name,
        sli=sli,
        objective=entry.objective,
        window=slo.spec.time_window[0].duration if slo.spec.time_window else DEFAULT_WINDOW,
        display_name=_display_name(slo.metadata.display_name, entry.display_name if several else ""),
        description=slo.spec.description,
        labels=MappingProxyType(dict(slo.metadata.labels)),
        annotations=MappingProxyType(dict(slo.metadata.annotations)),
        provider=slo.spec.service if sli.service != slo.spec.service else "",
        place=margin.document.place_of(at),
        **_settings(slo.metadata.annotations),
    )


def _settings(annotations: Mapping[str, str]) -> dict[str, Any]:
    """What our annotations say of an SLO's fields. Wrong ones are left out: the references have noted them."""
    settings: dict[str, Any] = {}
    for key, field in _FIELDS.items():
        with contextlib.suppress(InvalidValue):
            settings |= {field: ANNOTATIONS[key](annotations[key])} if key in annotations else {}
    return settings


def _name(slo: SLOObject, index: int) -> str:
    """The SLO's name and the objective's, where that makes a name; else the objective's number."""
    slug = re.sub(r"[^a-z0-9]+", "-", slo.spec.objectives[index].display_name.lower()).strip("-")
    name = f"{slo.metadata.name}-{slug}"
    return name if slug and len(name) <= _MAX_NAME else f"{slo.metadata.name}-{index + 1}"


def _display_name(of_slo: str, of_objective: str) -> str:
    return ": ".join(part for part in (of_slo, of_objective) if part)
