"""From an SLO as OpenSLO writes it to the promises it makes: one for each of its objectives, and one of all where they are weighed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from ..burn import WORKBOOK, BurnRule
from ..composite import Composite, Member, Rule
from ..errors import InvalidValue
from ..short_name import LONGEST_NAME, short_name
from ..sli import SLI, SLOS, SLIKind
from ..slices import Slices
from ..slo import SLO, Method
from .annotated import fields_of
from .document import Steps
from .indicator import Combined, EventThreshold, Indicator, QueryThreshold, Threshold
from .margin import Margin
from .objective_shape import ObjectiveEntry
from .objects import SLOObject
from .policies import Policies
from .v1alpha import AlphaObjective, AlphaSLOObject

_OBJECTIVES: Final = ("spec", "objectives")


def declare(
    slo: SLOObject | AlphaSLOObject, indicators: Sequence[Indicator], policies: Policies, margin: Margin
) -> list[SLO]:
    """The promises of one SLO object, an indicator an objective; none of them, after noting why, where they do not fit."""
    before = len(margin.faults)
    declaration = _Declaration(slo, policies, margin)
    slos = [declaration.promise(index, indicator) for index, indicator in enumerate(indicators)]
    if slo.spec.is_composite:
        slos.append(declaration.weighed())
    return [] if len(margin.faults) > before else [each for each in slos if each is not None]


class _Declaration:
    """One SLO object, on its way to promises."""

    def __init__(self, slo: SLOObject | AlphaSLOObject, policies: Policies, margin: Margin) -> None:
        self._slo = slo
        self._spec = slo.spec
        self._margin = margin
        self._fields = fields_of(slo.metadata.annotations)
        self._asked = policies.rules(slo.spec.alert_policies, slo.spec.window, margin)

    def promise(self, index: int, indicator: Indicator) -> SLO | None:
        """The promise of one objective; None after noting why there is none."""
        entry, before = self._spec.objectives[index], len(self._margin.faults)
        sli = self._sli(indicator, entry, (*_OBJECTIVES, index))
        slices = self._slices(indicator, entry, (*_OBJECTIVES, index))
        if sli is None or len(self._margin.faults) > before:
            return None
        several = len(self._spec.objectives) > 1
        return self._made(
            (*_OBJECTIVES, index) if several else ("metadata", "name"),
            name=self._name(index),
            sli=sli,
            objective=entry.objective,
            method=self._spec.method,
            slices=slices,
            display_name=_joined(self._slo.metadata.display_name, entry.display_name if several else ""),
            labels=MappingProxyType({**self._slo.metadata.labels, **entry.labels}),
            rules=() if self._spec.is_composite else self._rules(slices),
            provider=self._spec.service if sli.service != self._spec.service else "",
        )

    def weighed(self) -> SLO | None:
        """The promise of all objectives together: each one's failures weigh by how much of its own budget they use."""
        entries: Sequence[ObjectiveEntry | AlphaObjective] = self._spec.objectives
        members = (
            Member(self._name(index), Fraction(entry.composite_weight or 1), entry.objective.allowed)
            for index, entry in enumerate(entries)
        )
        try:
            composite = Composite(Rule.WEIGHTED, tuple(members))
        except InvalidValue as error:
            self._margin.note(_OBJECTIVES, str(error))
            return None
        return self._made(
            ("metadata", "name"),
            name=self._slo.metadata.name,
            sli=SLI(SLIKind.AVAILABILITY, self._spec.service, SLOS, composite=composite),
            objective=max((entry.objective for entry in entries), key=lambda objective: objective.target),
            display_name=self._slo.metadata.display_name,
            labels=MappingProxyType(dict(self._slo.metadata.labels)),
            rules=self._rules(None),
        )

    def _made(self, at: Steps, **what: Any) -> SLO | None:
        fixed = {field: value for field, value in self._fields.items() if field != "rules"}
        try:
            return SLO(
                window=self._spec.window,
                description=self._spec.description,
                annotations=MappingProxyType(dict(self._slo.metadata.annotations)),
                place=self._margin.document.place_of(at),
                **what,
                **fixed,
            )
        except InvalidValue as error:
            self._margin.note(at if at[0] == "spec" else ("spec",), str(error))
            return None

    def _rules(self, slices: Slices | None) -> tuple[BurnRule, ...]:
        """As the annotation says, else as the policies ask, else the workbook's, as far as its windows hold a slice."""
        if "rules" in self._fields:
            return tuple(self._fields["rules"])
        if self._asked is not None:
            return self._asked
        return usual_rules(slices)

    def _sli(self, indicator: Indicator, entry: ObjectiveEntry | AlphaObjective, at: Steps) -> SLI | None:
        if isinstance(indicator, EventThreshold | QueryThreshold):
            return self._held(indicator, entry, at)
        if entry.value is not None:
            self._margin.note((*at, "value"), "belongs to a `thresholdMetric`, and this indicator is a `ratioMetric`")
        if entry.op in ("lt", "lte"):
            self._margin.note((*at, "op"), "belongs to a `thresholdMetric`, and this indicator is a `ratioMetric`")
        return indicator.sli(self._spec.service)

    def _held(
        self, indicator: EventThreshold | QueryThreshold, entry: ObjectiveEntry | AlphaObjective, at: Steps
    ) -> SLI | None:
        if entry.op is None:
            self._margin.note((*at, "op"), "is missing: write lte, or lt, gte, gt: which side of `value` is good")
        if entry.value is None:
            self._margin.note((*at, "value"), "is missing: the threshold; of a duration in seconds")
        if entry.op is None or entry.value is None:
            return None
        try:
            return indicator.sli(self._spec.service, Threshold(entry.op, entry.value))
        except InvalidValue as error:
            self._margin.note((*at, "value" if entry.value <= 0 else "op"), str(error))
            return None

    def _slices(self, indicator: Indicator, entry: ObjectiveEntry | AlphaObjective, at: Steps) -> Slices | None:
        """The slices of the methods that count them."""
        method, combined = self._spec.method, isinstance(indicator, Combined)
        given = {"timeSliceTarget": entry.time_slice_target, "timeSliceWindow": entry.time_slice_window}
        needed = {
            Method.OCCURRENCES: (),
            Method.TIMESLICES: () if combined else ("timeSliceTarget", "timeSliceWindow"),
            Method.RATIO_TIMESLICES: ("timeSliceWindow",),
        }[method]
        for key, value in given.items():
            if value is None and key in needed:
                self._margin.note((*at, key), f"is missing: the budgeting method {method.value} needs it")
            if value is not None and method is not Method.TIMESLICES and key not in needed:
                self._margin.note((*at, key), "belongs to the budgeting method Timeslices")
        if method is Method.OCCURRENCES:
            return None
        target = entry.time_slice_target if method is Method.TIMESLICES and not combined else None
        return Slices(target, entry.time_slice_window) if entry.time_slice_window else Slices(target)

    def _name(self, index: int) -> str:
        """The SLO's name; of several objectives with the objective's, where that makes a name, else with its number."""
        name, several = self._slo.metadata.name, len(self._spec.objectives) > 1 or self._spec.is_composite
        slug = re.sub(r"[^a-z0-9]+", "-", self._spec.objectives[index].display_name.lower()).strip("-")
        if not several:
            return name
        return f"{name}-{slug}" if slug and len(name) + len(slug) < LONGEST_NAME else short_name(f"{name}-{index + 1}")


def usual_rules(slices: Slices | None) -> tuple[BurnRule, ...]:
    """The workbook's rules, as far as their windows hold a slice."""
    return tuple(rule for rule in WORKBOOK if slices is None or slices.window <= rule.short)


def _joined(of_slo: str, of_objective: str) -> str:
    return ": ".join(part for part in (of_slo, of_objective) if part)
