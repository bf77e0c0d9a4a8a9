"""What is tested of an SLO's alerts: the series that are given, and which of its alerts fire."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from ...slo import MINUTE, SLO, BurnRule, Severity, State, Unit, metric_names
from ...slo.annotations import alerts_off
from ...slo.window import Window
from .. import names
from .course import Course, Segment
from .courses import MANY, Tested
from .further_alerts import EXHAUSTED
from .promql import selector
from .slo_rules import FAST_UP_TO, SLOW, is_counted
from .tested import Case, Expected, values

_CALM: Final = 8
"""Minutes after which an alert is over, and a little more."""

_MOST_STEPS: Final = 600


def calm_name(group: SLO) -> str:
    """What the group is called that is well beside another."""
    return f"{group.name}-calm"


def counted(slo: SLO, tested: Tested) -> Case:
    """A course of the collector's counters."""
    return _of_course(slo, tested.name, tested.course, _burns(slo, tested.severity, tested.course, fires=tested.fires))


def told(slo: SLO, rule: BurnRule, step: int) -> Iterator[Case]:
    """Burn rates as the collector tells them."""
    factor = float(rule.factor(slo.window))
    over, under = 1.1 * factor, 0.9 * factor
    both = {rule.short: over, rule.long: over}
    enough = rule.severity is not Severity.PAGE or _is_enough(slo, rule.long, over)
    if enough:
        yield _steady(slo, rule, step, "fires above its factor", both, fires=True)
        yield _resolved(slo, rule, step, both)
    yield _steady(slo, rule, step, "is silent at 0.9 of it", {rule.short: under, rule.long: under}, fires=False)
    yield _steady(slo, rule, step, "is silent when only the short window burns", {rule.short: over}, fires=False)
    yield _steady(slo, rule, step, "is silent when only the long window burns", {rule.long: over}, fires=False)


def silent(slo: SLO) -> Iterator[Case]:
    """That nothing is known."""
    heard = {_metric(slo, metric_names.EVENTS) if is_counted(slo) else _rate(slo, slo.window.rolling): "5x10"}
    never = {_metric(slo, metric_names.EVENTS): "0x10"}
    both, one = ({_silent(slo, 1): "1x10", _silent(slo, 2): second} for second in ("1x10", "0x10"))
    for name, series, fires in (
        ("no data: nothing is there", {}, True),
        ("no data: all collectors say so", heard | both, True),
        ("no data: one collector hears something", heard | one, False),
        ("no data: nobody ever heard it", never | both, False),
    ):
        early, late = (
            Expected(at, _labels(slo, names.ALERT_NO_DATA), wanted)
            for at, wanted in ((MINUTE, False), (4 * MINUTE, fires))
        )
        yield Case(name, MINUTE, series, (early, late))


def spent(slo: SLO) -> Iterator[Case]:
    """More and less than the budget."""
    if EXHAUSTED in alerts_off(slo):
        return
    for name, share, fires in (("exhausted: all is spent", 1.6, True), ("exhausted: something is left", 0.6, False)):
        labels = _labels(slo, names.ALERT_EXHAUSTED)
        if not is_counted(slo):
            if not fires or _is_enough(slo, slo.window.rolling, share):
                series = {_rate(slo, slo.window.rolling): f"{share}x10"}
                yield _case(slo, name, MINUTE, series, Expected(10 * MINUTE, labels, fires))
        elif slo.window.rolling > FAST_UP_TO and (steps := _steps_of_spending(slo)) <= _MOST_STEPS:
            ratio = share * float(slo.objective.allowed) * slo.window.seconds / (steps * SLOW.seconds)
            course = Course(MINUTE, (Segment(steps, ratio, MANY),))
            yield _of_course(slo, name, course, Expected(steps * MINUTE, labels, fires))


def _steps_of_spending(slo: SLO) -> int:
    """After how many evaluations nearly everything failing spends 1.6 times the budget: each is taken for one of the slow group."""
    return max(8, math.ceil(1.6 * float(slo.objective.allowed) * slo.window.seconds / SLOW.seconds / 0.95))


def _is_enough(slo: SLO, window: Window, burn: float) -> bool:
    """Whether so much burns of slices that the guard lets it pass."""
    if slo.unit is not Unit.SLICES or slo.slices is None:
        return True
    return (
        burn * float(slo.objective.allowed * Fraction(window.seconds, slo.slices.window.seconds)) > slo.min_bad_events
    )


def _of_course(slo: SLO, name: str, course: Course, *expected: Expected) -> Case:
    series = {
        _metric(slo, metric_names.EVENTS, result=result): values(course.increments(bad=result == metric_names.BAD))
        for result in (metric_names.GOOD, metric_names.BAD)
    }
    return _case(slo, name, course.step, series, *expected)


def _case(slo: SLO, name: str, step: int, series: Mapping[str, str], *expected: Expected) -> Case:
    """A group is one as long as the case lasts, and beside it another has a hundred times as many events, of which none fails."""
    if not slo.group_of:
        return Case(name, step, series, expected)
    lasts = max(each.at for each in expected) // step
    calm = replace(slo, name=calm_name(slo))
    known = {_metric(one, metric_names.GROUP_INFO, group_of=slo.group_of): f"1x{lasts}" for one in (slo, calm)}
    well = {_metric(calm, metric_names.EVENTS, result=metric_names.GOOD): f"0+{100 * MANY}x{lasts}"}
    return Case(name, step, {**series, **known, **(well if is_counted(slo) else {})}, expected)


def _steady(slo: SLO, rule: BurnRule, step: int, name: str, rates: Mapping[Window, float], *, fires: bool) -> Case:
    course = Course(step, (Segment(5, 0, 0),))
    series = {_rate(slo, window): f"{rates.get(window, 0.0)!r}x5" for window in _windows(slo)}
    return _case(slo, _titled(rule, name), step, series, _burns(slo, rule.severity, course, fires=fires))


def _resolved(slo: SLO, rule: BurnRule, step: int, rates: Mapping[Window, float]) -> Case:
    calm = _CALM * MINUTE // step + 2
    series = {_rate(slo, window): f"{rates.get(window, 0.0)!r}x5 0x{calm}" for window in _windows(slo)}
    early, late = (Course(step, (Segment(steps, 0, 0),)) for steps in (5, 6 + calm))
    expected = _burns(slo, rule.severity, early, fires=True), _burns(slo, rule.severity, late, fires=False)
    return _case(slo, _titled(rule, "resolves"), step, series, *expected)


def _windows(slo: SLO) -> list[Window]:
    return sorted({window.rolling for window in slo.windows})


def _titled(rule: BurnRule, name: str) -> str:
    return f"{rule.severity.value} {rule.long} {rule.short}, told: {name}"


def _burns(slo: SLO, severity: Severity, course: Course, *, fires: bool) -> Expected:
    labels = {**_labels(slo, names.ALERT_BURN), names.LABEL_SEVERITY: severity.value}
    return Expected(course.steps * course.step, labels, fires)


def _labels(slo: SLO, alert: str) -> dict[str, str]:
    return {names.LABEL_ALERTNAME: alert, names.LABEL_SLO: slo.name}


def _silent(slo: SLO, collector: int) -> str:
    return _metric(slo, metric_names.STATE, state=State.NO_DATA.value, collector=str(collector))


def _rate(slo: SLO, window: Window) -> str:
    own = next(each for each in sorted(slo.windows) if each.rolling == window)
    return _metric(slo, metric_names.BURN_RATE, window=str(own))


def _metric(slo: SLO, name: str, **more: str) -> str:
    return selector(name, {names.LABEL_SLO: slo.name, names.LABEL_SERVICE: slo.service, **more})
