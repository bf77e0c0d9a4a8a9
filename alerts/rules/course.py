"""A made course of events, step by step, and what burn rules must make of it: worked out here without PromQL."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from ...slo import SLO, BurnRule, Severity
from ..state import KEEP_FIRING_SECONDS


class Segment(NamedTuple):
    """So many steps in each of which `total` events come, of which the share `ratio` fails."""

    steps: int
    ratio: float
    total: float


@dataclass(frozen=True, slots=True)
class Course:
    """Segments after each other, in steps of `step` seconds; before the first nothing was ever seen."""

    step: int
    segments: tuple[Segment, ...]

    @property
    def steps(self) -> int:
        """How many there are."""
        return sum(each.steps for each in self.segments)

    def increments(self, *, bad: bool) -> Iterator[tuple[int, float]]:
        """What a counter of bad or of good events grows by: so many steps, each by so much."""
        for steps, ratio, total in self.segments:
            yield steps, total * (ratio if bad else 1 - ratio)

    def verdict(self, slo: SLO, severity: Severity, only: BurnRule | None = None) -> bool | None:
        """Whether the alert fires at the end, of `only` this rule where one is given; None where a sample more or less would decide."""
        rules = [rule for rule in slo.rules if rule.severity is severity and only in (None, rule)]
        recent = range(max(1, self.steps - math.ceil(KEEP_FIRING_SECONDS / self.step) - 1), self.steps + 1)
        now = [self._met(slo, rule, self.steps) for rule in rules]
        if any(each is True for each in now):
            return True
        before = [self._met(slo, rule, step) for rule in rules for step in recent]
        return None if any(each is not False for each in before) else False

    def _met(self, slo: SLO, rule: BurnRule, at: int) -> bool | None:
        """Whether a rule holds at a step; None where it depends on how many samples a window is said to hold."""
        limit = float(rule.factor(slo.window) * slo.objective.allowed)
        low, high = zip(*(self._range(window.seconds, at) for window in (rule.short, rule.long)), strict=True)
        fewest, most = self._failed(rule.long.seconds, at)
        guard = slo.min_bad_events if rule.severity is Severity.PAGE else 0
        if min(low) > limit * 1.02 and fewest >= guard * 1.1:
            return True
        return None if min(high) >= limit * 0.98 and most >= guard * 0.94 else False

    def _range(self, seconds: int, at: int) -> tuple[float, float]:
        """The share of bad events over a window, by as many steps as it holds, and by one less."""
        ratios = [self._over(steps, at) for steps in self._counts(seconds)]
        shares = [bad / total if total else 0.0 for bad, total in ratios]
        return min(shares), max(shares)

    def _failed(self, seconds: int, at: int) -> tuple[float, float]:
        failed = [self._over(steps, at)[0] for steps in self._counts(seconds)]
        return min(failed), max(failed)

    def _counts(self, seconds: int) -> Sequence[int]:
        held = seconds // self.step
        return max(1, held - 1), held

    def _over(self, steps: int, at: int) -> tuple[float, float]:
        """Bad and all events of the last `steps` steps until `at`."""
        bad = total = 0.0
        ends = list(accumulate(each.steps for each in self.segments))
        for end, (length, ratio, each) in zip(ends, self.segments, strict=True):
            inside = max(0, min(end, at) - max(end - length, at - steps))
            bad, total = bad + inside * each * ratio, total + inside * each
        return bad, total
