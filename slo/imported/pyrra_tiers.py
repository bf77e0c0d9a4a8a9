"""Pyrra's four alerts (`Windows` of slo/rules.go, https://github.com/pyrra-dev/pyrra): windows grow with the SLO's, factors stay."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final, NamedTuple

from ..burn import BurnRule, Severity
from ..window import MINUTE, Window

_PERCENT_DECIMALS: Final = 10**8
"""A file holds a share of the budget in percent with six decimals."""


class PyrraTier(NamedTuple):
    """One of them: its wait and its windows are these parts of the SLO's window, in whole minutes."""

    severity: Severity
    factor: int
    wait: int
    long: int
    short: int

    def seconds(self, window: int) -> tuple[int, int, int]:
        """How long it waits, its long and its short window, of an SLO of so many seconds; the short one is 0 for less than 2.8 d."""
        wait, long, short = (_minutes(Fraction(window, part)) for part in (self.wait, self.long, self.short))
        return wait, long, short

    def rule(self, window: Window) -> BurnRule:
        """As a burn rule, whose share of the budget is rounded up to what a file can hold; its short window is a minute or longer."""
        _, long, short = self.seconds(window.seconds)
        share = Fraction(self.factor * long, window.seconds)
        held = Fraction(math.ceil(share * _PERCENT_DECIMALS), _PERCENT_DECIMALS)
        return BurnRule(self.severity, held, Window(long), Window(max(MINUTE, short)))


PYRRA_TIERS: Final = (
    PyrraTier(Severity.PAGE, 14, 28 * 24 * 30, 28 * 24, 28 * 24 * 12),
    PyrraTier(Severity.PAGE, 7, 28 * 24 * 4, 28 * 4, 28 * 24 * 2),
    PyrraTier(Severity.TICKET, 2, 28 * 24, 28, 28 * 12),
    PyrraTier(Severity.TICKET, 1, 28 * 8, 7, 28 * 4),
)


def _minutes(seconds: Fraction) -> int:
    """To the next minute, halves up."""
    return math.floor(seconds / MINUTE + Fraction(1, 2)) * MINUTE
