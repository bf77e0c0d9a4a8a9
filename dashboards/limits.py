"""The burn rates that rules begin at, and whom each of them wakes."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from ..slo import SLO, BurnRule, Severity, TimeWindow


class Limit(NamedTuple):
    """The burn rate above which a rule holds, and its severity."""

    factor: Fraction
    severity: Severity


def limits_of(rules: Iterable[BurnRule], window: TimeWindow, now: float | None = None) -> tuple[Limit, ...]:
    """Those of `rules` for a budget over `window`, exact, lowest first; one that a page and a ticket share is the page's.

    A calendar's period is as long as it is at `now`; without `now`, as its longest.
    """
    pages_last = sorted(rules, key=lambda rule: rule.severity is Severity.PAGE)
    severities = {rule.factor(window, now): rule.severity for rule in pages_last}
    return tuple(Limit(factor, severities[factor]) for factor in sorted(severities))


def quickest_window(slo: SLO) -> TimeWindow:
    """The long window of its quickest page rule; of any rule where none pages; its own where it has no rules."""
    pages = [rule.long for rule in slo.rules if rule.severity is Severity.PAGE]
    return min(pages or [rule.long for rule in slo.rules], default=slo.window)
