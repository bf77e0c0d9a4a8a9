"""Burn rates and the rules that page on them (Google SRE Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts").

burn(w) = bad / total / (1 - target): 1 spends exactly the whole budget in exactly the budget's window. A rule is a pair of windows
and the share of the budget that may go in the long one; its factor follows, f = share x window / long, and is never written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Final

from .calendar_window import TimeWindow
from .errors import InvalidValue
from .events import EventCount
from .window import DAY, HOUR, MINUTE, Window


class Severity(Enum):
    """A page wakes somebody now; a ticket waits for working hours."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class BurnRule:
    """Alert when both windows burn so fast that `budget_share` of the budget goes within `long`. `InvalidValue` unless short < long."""

    severity: Severity
    budget_share: Fraction
    long: Window
    short: Window

    def __post_init__(self) -> None:
        if not self.short < self.long:
            raise InvalidValue(
                f"a short window is shorter than its long one, and {self.short} is not shorter than {self.long}"
            )
        if not 0 < self.budget_share <= 1:
            raise InvalidValue(f"a share of the budget lies between 0 and 1, not {self.budget_share}")

    def factor(self, window: TimeWindow, now: float | None = None) -> Fraction:
        """The burn rate above which the rule holds for a budget over `window`: 14.4 for 2 % in 1 h of 30 d.

        A calendar's period is as long as it is at `now`; without `now`, as its longest.
        """
        return self.budget_share * (window.seconds if now is None else window.length(now)) / self.long.seconds


def _rule(severity: Severity, percent: int, long: int, short: int) -> BurnRule:
    return BurnRule(severity, Fraction(percent, 100), Window(long), Window(short))


WORKBOOK: Final = (
    _rule(Severity.PAGE, 2, HOUR, 5 * MINUTE),
    _rule(Severity.PAGE, 5, 6 * HOUR, 30 * MINUTE),
    _rule(Severity.TICKET, 10, DAY, 2 * HOUR),
    _rule(Severity.TICKET, 10, 3 * DAY, 6 * HOUR),
)
"""The workbook's table 5-8, with the 1 d pair of its example rules: https://sre.google/workbook/alerting-on-slos/"""


def burn_rate(count: EventCount, allowed: Fraction, scale: Fraction = Fraction(1)) -> Fraction | None:
    """How many times faster than allowed the budget goes, where the share `allowed` of events may be bad; None without traffic.

    `scale` is window / covered for a window not yet covered: its unseen time counts as traffic at the seen rate, without failures.
    """
    if count.total == 0:
        return None
    return Fraction(count.bad) / (count.total * scale) / allowed
