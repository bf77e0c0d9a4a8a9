"""Why a version is stopped, waits or passes, in sentences: each kind of reason is looked for, and said, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from .. import figures
from ..events import EventCount
from ..status import State, Status
from .case import WATCHED, Case
from .comparison import Comparison
from .ranks import FIRST_LOOK, MATTERS, Slowness
from .sequential import HARM

_RAREST: Final = 10**6
"""Rarer than that nobody counts."""


def against(case: Case) -> Iterator[str]:
    """Why it is stopped."""
    left = case.slo.status.budget.remaining_ratio
    if left <= 0:
        yield f"no error budget is left ({figures.percent(left)}), so nothing is released but a repair, by an override"
    if case.compared is not None:
        yield from _failing(case, case.compared)
    if case.slowness is not None and case.slowness.slower:
        yield f"{_pairs(case, case.slowness)}: {_luck(case.slowness.chance)}"


def undecided(case: Case) -> Iterator[str]:
    """Why nobody can tell yet."""
    yield from _unclear(case.slo.status)
    if case.compared is None:
        return
    version, watched = case.evidence.version, case.watched
    if not case.compared.canary.total:
        yield f"no request to {version} is known yet"
        return
    if watched < WATCHED:
        yield f"{version} has been there for {figures.duration(int(watched))} of {figures.duration(WATCHED)}"
    if case.compared.missing:
        yield _too_few(case, case.compared)
    if case.slowness is not None and case.slowness.canary < FIRST_LOOK:
        known = f"{case.slowness.canary} of {FIRST_LOOK} durations"
        yield f"{known} are known from after the first {figures.duration(WATCHED)} of {version}"


def in_favour(case: Case) -> Iterator[str]:
    """Why it passes."""
    if case.compared is None:
        yield f"{figures.percent(case.slo.status.budget.remaining_ratio)} of its error budget is left"
        return
    yield f"{_failed(case.slo.status, case.compared.canary)}: that {case.evidence.version} burns at {HARM:g}x is excluded"
    if not case.compared.baseline.total:
        yield f"no request to {_others(case)} was there to compare with"
    elif case.slowness is not None:
        yield _quick(case, case.slowness)


def _unclear(status: Status) -> Iterator[str]:
    if status.state is State.BURNING:
        yield f"a page burns: {status.reason}"
    if status.state is State.NO_DATA:
        yield f"nobody knows how it stands: {status.reason}"


def _failing(case: Case, compared: Comparison) -> Iterator[str]:
    status, version = case.slo.status, case.evidence.version
    if compared.worse:
        ours, theirs = _failed(status, compared.canary), _failed(status, compared.baseline)
        yield f"{ours} by {version}, {theirs} by {_others(case)}: {_luck(compared.against_baseline)}"
    if compared.breaks:
        allowed = figures.percent(case.slo.allowed, digits=None)
        yield f"{_failed(status, compared.canary)} by {version}, where {allowed} may: {_luck(compared.against_objective)}"


def _too_few(case: Case, compared: Comparison) -> str:
    seconds = Fraction(compared.missing * int(case.watched), compared.canary.total)
    return (
        f"{_failed(case.slo.status, compared.canary)}: {figures.count(compared.missing)} more that are good exclude that"
        f" {case.evidence.version} burns at {HARM:g}x ({figures.duration(seconds, up=True)} at this rate)"
    )


def _quick(case: Case, slowness: Slowness) -> str:
    if slowness.baseline < FIRST_LOOK:
        return f"durations are not compared: {figures.count(slowness.baseline)} are known of {_others(case)}, {FIRST_LOOK} are needed"
    return f"{_pairs(case, slowness)}: not so much that it matters, beyond chance"


def _pairs(case: Case, slowness: Slowness) -> str:
    often = figures.percent(Fraction(f"{slowness.superiority:.4f}"))
    matters = figures.percent(Fraction(str(MATTERS)))
    return f"{case.evidence.version} is slower than {_others(case)} in {often} of pairs of requests, {matters} matter"


def _failed(status: Status, count: EventCount) -> str:
    """`75 of 1,500 requests failed (5 %)`."""
    failed = "failed" if status.slo.sli.threshold is None else "were too slow"
    share = figures.share(Fraction(count.bad, count.total), up=True)
    return f"{figures.count(count.bad)} of {figures.requests(count.total)} {failed} ({share})"


def _others(case: Case) -> str:
    return case.evidence.baseline or "the other versions"


def _luck(chance: float) -> str:
    rare = int(1 / max(chance, 1 / _RAREST))
    return f"chance does that to less than 1 release in {figures.count(rare)}"
