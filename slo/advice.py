"""What is allowed in SLO files and yet unwise: said by `check`, and no fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from . import figures
from .burn import BurnRule
from .errors import Fault, Place
from .sli import HTTP_CLIENT_DURATION, HTTP_SERVER_DURATION, MESSAGE_DURATION, OPERATION_DURATION
from .slo import SLO

_BOUNDARIES: Final = "0.005 0.01 0.025 0.05 0.075 0.1 0.15 0.2 0.25 0.3 0.4 0.5 0.75 1 2.5 5 7.5 10"

HTTP_BOUNDARIES: Final = tuple(map(Decimal, _BOUNDARIES.split()))
"""Seconds: those the semantic conventions advise for HTTP durations, with 0.15, 0.2, 0.3 and 0.4 between them."""

_MEASURED: Final = frozenset({HTTP_SERVER_DURATION, HTTP_CLIENT_DURATION, MESSAGE_DURATION, OPERATION_DURATION})
"""The metrics whose boundaries are these."""


def advise(slos: Sequence[SLO]) -> tuple[Fault, ...]:
    """Advice on valid SLOs, in their order. Its form is that of faults, so that editors can jump there; nothing fails for it."""
    return tuple(
        Fault(place.file, place.line, slo.name, message)
        for slo in slos
        for place in [slo.place or Place("", 0)]
        for message in _advice(slo)
    )


def _advice(slo: SLO) -> Iterator[str]:
    yield from _between_boundaries(slo)
    for rule in slo.rules:
        yield from _idle(rule, slo)


def _idle(rule: BurnRule, slo: SLO) -> Iterator[str]:
    pair = f"the {rule.severity.value} of {rule.long} and {rule.short}"
    if rule.long > slo.window:
        yield f"{pair} looks back longer than the budget's window of {slo.window}"
    needed, most = rule.factor(slo.window), 1 / slo.objective.allowed
    if needed >= most:
        yield (
            f"{pair} can't fire: it needs a burn above {figures.factor(needed)}, "
            f"and a target of {slo.objective} burns {figures.factor(most)} at most"
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
