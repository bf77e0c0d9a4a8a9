"""Figures of a report in words: rounded against us, as everywhere, and a dash where there is nothing to say."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from ...slo import PARTS, figures, timestamp
from ...slo.local_time import to_local, zone_named
from ...slo.report import Figure, Outcome, Scorecard

NOTHING: Final = figures.NOTHING
_DIGITS: Final = 4
"""Of per cent: 99.99 % and what lies beyond can be told apart."""


def objective(text: str) -> str:
    """An objective, every digit of it: `99.99 %`."""
    return figures.percent(Fraction(text), digits=None)


def ratio(value: Fraction | None) -> str:
    """A result: `99.9912 %`, rounded down."""
    return NOTHING if value is None else figures.percent(value, _DIGITS)


def left(outcome: Outcome) -> str:
    """What is left of a budget: `12.5 %`, below 0 where it is over-spent, rounded down."""
    return NOTHING if outcome.remaining_ratio is None else figures.percent(outcome.remaining_ratio)


def burnt(value: Fraction | None) -> str:
    """A share of a budget that was spent, rounded up to a tenth of a per cent: `3.1 %`."""
    return NOTHING if value is None else figures.percent(Fraction(math.ceil(value * 1000), 1000))


def bad_of(outcome: Outcome) -> str:
    """`12 of 10,000`; of shares, in slices: `1.5 of 44,640`."""
    bad, total = outcome.total - outcome.good, outcome.total
    if outcome.one == PARTS:
        return f"{figures.parts(Fraction(bad, PARTS), up=True)} of {figures.parts(Fraction(total, PARTS))}"
    return f"{figures.count(bad)} of {figures.count(total)}"


def kept(value: bool | None) -> str:  # noqa: FBT001 - what it is asked to say
    """`kept`, `missed`."""
    return NOTHING if value is None else ("kept" if value else "missed")


def seconds(value: Fraction | int | None) -> str:
    """A length of time, rounded up: `4 min 19 s`."""
    return NOTHING if value is None else figures.duration(value, up=True)


def moment(second: int | None, zone: str) -> str:
    """A moment on clocks of a zone, to the minute: `2026-10-04 13:05`."""
    return NOTHING if second is None else f"{to_local(second, zone_named(zone)):%Y-%m-%d %H:%M}"


def day(second: int, zone: str) -> str:
    """A day on clocks of a zone."""
    shown: datetime = to_local(second, zone_named(zone))
    return f"{shown:%Y-%m-%d}"


def made(second: int) -> str:
    """A moment as everybody understands it."""
    return timestamp(second)


def _rounded(value: Fraction) -> str:
    """To three figures, and no power of ten."""
    number = float(value)
    if not number:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(number))))
    return f"{number:,.{digits}f}"


def money(figure: Figure, currency: str) -> str:
    """An amount to the cent, rounded up: `1,204.50 EUR`."""
    if figure.value is None:
        return NOTHING
    cents = Decimal(math.ceil(figure.value * 100)).scaleb(-2)
    return f"{cents:,.2f} {currency}".rstrip()


def card_lines(card: Scorecard) -> tuple[tuple[str, str, str], ...]:
    """The scorecard: what each figure is called, the figure, and why there is none."""
    lines: tuple[tuple[str, Figure, str], ...] = (
        ("concurrent users", card.concurrent_users, _number(card.concurrent_users)),
        ("mean response time", card.mean_response_seconds, seconds(card.mean_response_seconds.value)),
        ("uptime", card.uptime_ratio, ratio(card.uptime_ratio.value)),
        ("deployment time", card.deployment_seconds, seconds(card.deployment_seconds.value)),
        ("monthly cost", card.monthly_cost, money(card.monthly_cost, card.currency)),
        ("releases a day", card.releases_per_day, _number(card.releases_per_day)),
        ("incident response: until taken on", card.seconds_to_answer, seconds(card.seconds_to_answer.value)),
        ("incident response: until over", card.seconds_to_resolve, seconds(card.seconds_to_resolve.value)),
    )
    return tuple((name, said, figure.why) for name, figure, said in lines)


def _number(figure: Figure) -> str:
    return NOTHING if figure.value is None else _rounded(figure.value)
