"""What is allowed in SLO files and yet unwise: said by `check`, and no fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from . import figures
from .budget import MEASURABLE
from .burn import BurnRule, Severity
from .errors import Fault, Place
from .sli import HTTP_CLIENT_DURATION, HTTP_SERVER_DURATION, MESSAGE_DURATION, OPERATION_DURATION, SLIKind
from .slo import SLO, Method
from .unit import Unit
from .window import MINUTE

_BOUNDARIES: Final = "0.005 0.01 0.025 0.05 0.075 0.1 0.15 0.2 0.25 0.3 0.4 0.5 0.75 1 2.5 5 7.5 10"

HTTP_BOUNDARIES: Final = tuple(map(Decimal, _BOUNDARIES.split()))
"""Seconds: those the semantic conventions advise for HTTP durations, with 0.15, 0.2, 0.3 and 0.4 between them."""

_MEASURED: Final = frozenset({HTTP_SERVER_DURATION, HTTP_CLIENT_DURATION, MESSAGE_DURATION, OPERATION_DURATION})
"""The metrics whose boundaries are these."""


def advise(slos: Sequence[SLO], rates: Mapping[str, figures.Number] | None = None) -> tuple[Fault, ...]:
    """Advice on valid SLOs, in their order, each with what to do. Its form is that of faults, so that editors can jump there; nothing
    fails for it. `rates` are events per second by name, where they are known.
    """
    others = _Others.of(slos)
    return tuple(
        Fault(place.file, place.line, slo.name, message, place.column)
        for slo in slos
        for place in [slo.place or Place("", 0)]
        for message in (*_advice(slo), *others.advice(slo), *_at_rate(slo, (rates or {}).get(slo.name)))
    )


def _advice(slo: SLO) -> Iterator[str]:
    yield from _between_boundaries(slo)
    for rule in slo.rules:
        yield from _idle(rule, slo)
    if slo.unit is Unit.PARTS and slo.method is Method.OCCURRENCES and slo.min_bad_events > 1:
        yield "has a min-bad-events without effect: what it counts are shares of failures, no events; leave it out"
    if slo.slices is not None and slo.slices.window.seconds < MINUTE:
        yield f"slices of {slo.slices.window} are so short that a moment makes a bad one; use slices of 1m or more"


def _idle(rule: BurnRule, slo: SLO) -> Iterator[str]:
    pair = f"the {rule.severity.value} of {rule.long} and {rule.short}"
    too_long = rule.long > slo.window
    if too_long:
        yield f"{pair} looks back longer than the budget's window of {slo.window}; use a longer window, or shorter pairs"
    needed, most = rule.factor(slo.window), 1 / slo.objective.allowed
    if needed >= most:
        yield (
            f"{pair} can't fire: it needs a burn above {figures.factor(needed)}, and a target of {slo.objective} burns "
            f"{figures.factor(most)} at most; give it a smaller share of the budget, or a longer long window"
        )
    elif needed < 1 and not too_long:
        share = figures.percent(-(-Fraction(rule.long.seconds, slo.window.seconds) * 1000 // 1) / Fraction(1000))
        yield (
            f"{pair} fires at a burn of {figures.factor(needed)}, at which the budget of {slo.window} is never spent; "
            f"give it {share} of the budget or more"
        )


@dataclass(frozen=True)
class _Others:
    """What an SLO is beside the others."""

    by_meaning: Mapping[object, SLO]
    names: frozenset[str]
    members: frozenset[str]
    templates: tuple[str, ...]

    @classmethod
    def of(cls, slos: Sequence[SLO]) -> _Others:
        """`by_meaning` holds the first SLO that counts a thing; names of automatic SLOs and of groups are some nobody declares."""
        by_meaning: dict[object, SLO] = {}
        for slo in slos:
            by_meaning.setdefault(_meaning(slo), slo)
        automatic = {f"{slo.sli.service}-{kind.value}" for slo in slos for kind in SLIKind}
        composites = [slo.sli.composite for slo in slos if slo.sli.composite is not None]
        members = frozenset(member.name for composite in composites for member in composite.members)
        templates = tuple(f"{slo.name}-" for slo in slos if slo.group_by)
        return cls(by_meaning, frozenset({*(slo.name for slo in slos), *automatic}), members, templates)

    def advice(self, slo: SLO) -> Iterator[str]:
        """What others make unwise of an SLO."""
        first = self.by_meaning[_meaning(slo)]
        if first.name != slo.name and not _are_objectives_of_one(first, slo):
            yield f"counts the same events as {first.name} over the same window, so one failure is told twice; keep one of them"
        for name in slo.depends_on:
            if name not in self.names and not name.startswith(self.templates):
                yield f"depends on {name}, which no SLO here is called; say the name of an SLO, or of an automatic one of its service"
        if slo.name not in self.members and not any(rule.severity is Severity.PAGE for rule in slo.rules):
            yield "nobody is paged for it; give it an alert policy with a page rule, or leave it out"


def _meaning(slo: SLO) -> object:
    return slo.sli, slo.provider, slo.window, slo.method, slo.slices, slo.group_by


def _are_objectives_of_one(first: SLO, second: SLO) -> bool:
    """Whether somebody meant two: a strict and a loose objective, of one file."""
    places = first.place, second.place
    one_file = places[0] is not None and places[1] is not None and places[0].file == places[1].file
    return one_file and first.objective != second.objective


def _at_rate(slo: SLO, rate: figures.Number | None) -> Iterator[str]:
    """What the traffic makes unwise of an SLO."""
    if rate is None or slo.unit is Unit.PARTS:
        return
    if slo.slices is None:
        yield from _not_measurable(slo, rate)
    elif (
        slo.slices.target is not None
        and 0 < float(rate) * slo.slices.window.seconds * (1 - float(slo.slices.target)) < 1
    ):
        yield (
            f"at {float(rate):.3g} events a second one failure makes a slice of {slo.slices.window} bad; "
            "use longer slices, or a target of less"
        )


def _not_measurable(slo: SLO, rate: figures.Number) -> Iterator[str]:
    allowed = slo.objective.allowed * Fraction(rate) * slo.window.seconds
    if allowed < MEASURABLE:
        yield (
            f"at {float(rate):.3g} events a second it may have {figures.parts(allowed)} failures in {slo.window}, "
            f"and with fewer than {MEASURABLE} luck decides; promise less, use a longer window, or add probes"
        )


def _between_boundaries(slo: SLO) -> Iterator[str]:
    threshold = slo.sli.threshold
    if threshold is None or threshold in HTTP_BOUNDARIES or slo.sli.signal not in _MEASURED:
        return
    below = [boundary for boundary in HTTP_BOUNDARIES if boundary < threshold]
    used = f"{below[-1]} s is used in its place" if below else "no request would be good"
    yield (
        f"a threshold of {threshold} s is no boundary of the usual histogram, and {used}; "
        f"set FOURNINES_LATENCY_THRESHOLDS={threshold} where {slo.sli.service} runs, or use the signal `spans`"
    )
