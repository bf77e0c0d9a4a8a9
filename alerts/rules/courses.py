"""The courses that a burn rule is tested by: each is made so that the rule, and nothing else of its severity, decides.

Where one rule never holds without another, as 3 times over a day never does without once over three, both fire.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from ...slo import SLO, BurnRule, Severity
from ..state import KEEP_FIRING_SECONDS
from .course import Course, Segment

MANY: Final = 1_000_000.0
"""Events a step, so that no guard and no rounding has a say."""

_SLOWEST: Final = 240
"""Below Prometheus' look-back of 5 minutes."""
_QUICKEST: Final = 10
_MOST_STEPS: Final = 2_000
_WORST: Final = 0.95
"""The largest share of failures in a course."""


class Tested(NamedTuple):
    """A course, what it is called, and whether the alert of that severity fires at its end."""

    name: str
    severity: Severity
    course: Course
    fires: bool


def step_of(rule: BurnRule) -> int:
    """The seconds between two samples that a rule's short window can be judged by, in as few samples as that takes."""
    return min(_SLOWEST, max(_QUICKEST, rule.short.seconds // 5 // _QUICKEST * _QUICKEST))


def courses(slo: SLO, rule: BurnRule) -> Iterator[Tested]:
    """What a rule fires for and what it is silent at; of a rule that nothing can meet, as little as there is."""
    kinds = (_fires, _below, _short_alone, _long_alone)
    for name, fires, candidates in (kind(slo, rule) for kind in kinds):
        every = list(candidates)
        own = (each for each in every if _decides(each, slo, rule, fires=fires))
        implied = (each for each in every if fires and each.verdict(slo, rule.severity, only=rule))
        if (found := next(itertools.chain(own, implied), None)) is not None:
            yield Tested(f"{rule.severity.value} {rule.long} {rule.short}: {name}", rule.severity, found, fires)
    if rule.severity is Severity.PAGE and slo.min_bad_events > 1:
        yield from _guarded(slo, rule)


def _decides(course: Course, slo: SLO, rule: BurnRule, *, fires: bool) -> bool:
    """Whether the verdict is the one that is wanted, and this rule's own."""
    others = (other for other in slo.rules if other.severity is rule.severity and other != rule)
    return (
        course.steps <= _MOST_STEPS
        and course.verdict(slo, rule.severity, only=rule) is fires
        and all(course.verdict(slo, rule.severity, only=other) is False for other in others)
    )


_Candidates = tuple[str, bool, Iterator[Course]]


def _fires(slo: SLO, rule: BurnRule) -> _Candidates:
    """At once, and after so much calm that the rules of longer windows still are silent."""
    steady = [_course(rule, (2 * _short(rule), 1.15 * _limit(slo, rule)))]
    spent = 1.15 * _limit(slo, rule) * _long(rule)
    length = max(_short(rule) + 1, math.ceil(spent / _WORST))
    burst = (_course(rule, (calm * _long(rule), 0), (length, spent / length)) for calm in (1, 2, 4, 7))
    return "fires above its factor", True, iter((*steady, *burst))


def _below(slo: SLO, rule: BurnRule) -> _Candidates:
    limit = 0.9 * _limit(slo, rule)
    steady = [_course(rule, (2 * _short(rule), limit))]
    calm = (_course(rule, (calm * _long(rule), 0), (_long(rule), limit)) for calm in (1, 2, 3, 5))
    return "is silent at 0.9 of it", False, iter((*steady, *calm))


def _short_alone(slo: SLO, rule: BurnRule) -> _Candidates:
    limit, short = 1.5 * _limit(slo, rule), _short(rule)
    calm = (_course(rule, (calm * short, 0), (short, limit)) for calm in (3, 6, 12, 24))
    return "is silent when only the short window burns", False, calm


def _long_alone(slo: SLO, rule: BurnRule) -> _Candidates:
    """Which is how it resolves: the long window burns on."""
    slowest = max(other.short.seconds for other in slo.rules if other.severity is rule.severity)
    over = math.ceil((slowest + KEEP_FIRING_SECONDS) / step_of(rule)) + 3
    burnt = (_course(rule, (length, _WORST), (over, 0)) for length in (2 * _short(rule), _short(rule)))
    return "resolves while only the long window burns", False, burnt


def _guarded(slo: SLO, rule: BurnRule) -> Iterator[Tested]:
    """Too few failures for a page, and enough of them, at a rate that would page."""
    length, ratio = 2 * _short(rule), min(_WORST, 2 * _limit(slo, rule))
    few = min(slo.min_bad_events - 1, 0.9 * slo.min_bad_events)
    for name, failed, fires in (("below the guard", few, False), ("above the guard", 1.5 * slo.min_bad_events, True)):
        course = Course(step_of(rule), (Segment(length, ratio, failed / ratio / length),))
        if course.verdict(slo, rule.severity) is fires:
            said = f"{'fires' if fires else 'is silent'} {name}"
            yield Tested(f"page {rule.long} {rule.short}: {said}", rule.severity, course, fires)


def _course(rule: BurnRule, *segments: tuple[int, float]) -> Course:
    return Course(step_of(rule), tuple(Segment(steps, min(ratio, _WORST), MANY) for steps, ratio in segments))


def _limit(slo: SLO, rule: BurnRule) -> float:
    return float(rule.factor(slo.window) * slo.objective.allowed)


def _short(rule: BurnRule) -> int:
    return rule.short.seconds // step_of(rule)


def _long(rule: BurnRule) -> int:
    return rule.long.seconds // step_of(rule)
