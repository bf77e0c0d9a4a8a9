"""What a page says: which promise, how fast it burns, what is left of the budget, and how long that lasts."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

from ...slo import BurnRule, NoData, Severity, Status, Window, figures, promise, timestamp
from ...slo.measure import amount

_TENTH: Final = Fraction(1, 10)
"""Of less than this a tenth of a per cent is said."""


class Message(NamedTuple):
    """The line on a phone's lock screen, and the paragraph behind it."""

    summary: str
    description: str


def burning(status: Status, severity: Severity, since: float) -> Message:
    """The message of a burn alert that fires since `since` (epoch seconds)."""
    rule = _met(status, severity)
    parts = [
        f"The promise: {promise(status.slo)}, over {status.slo.window}.",
        f"Since {timestamp(since)} {_rates(status, rule)}.",
        f"Over {status.slo.window}: {budget_left(status)}{_exhaustion(status)}.",
        _caveat(status),
    ]
    summary = f"{status.slo.name} burns {_rate(status, rule.short)}, {budget_left(status)}{_exhaustion(status)}"
    return Message(summary, " ".join(part for part in parts if part))


def silent(status: Status, since: float) -> Message:
    """The message of a service that stopped reporting; `status` is that of the strictest SLO it feeds."""
    service = status.slo.sli.service
    age = "" if status.data_age is None else f" for {_duration(status.data_age)}"
    consequence = {
        NoData.BAD: "The events expected of it are booked as failed.",
        NoData.GOOD: "The events expected of it are booked as good.",
        NoData.IGNORE: "Its error budgets stand still, and nothing can be said about its promises.",
    }[status.slo.no_data]
    description = f"No instance of {service} has reported{age}, and none said good-bye (noticed {timestamp(since)}). {consequence}"
    return Message(f"{service} stopped reporting{age}: no data", description)


def resolved(opening: str, status: Status | None, since: float, now: float) -> Message:
    """The message of an alert's end; `opening` is its summary when it fired, `status` None when its SLO is gone."""
    lasted = f"fired for {_duration(max(0.0, now - since))}"
    if status is None:
        return Message(f"Over: {opening}", f"Its SLO is no longer there; the alert {lasted}.")
    return Message(f"Over: {opening}", f"It {lasted}. Over {status.slo.window}: {budget_left(status)}.")


def budget_left(status: Status) -> str:
    """What is left, as share, time and requests; or by how much it is over-spent."""
    budget = status.budget
    if budget.remaining_ratio < 0:
        over = _duration(-budget.remaining_seconds, up=True)
        return f"over-spent by {over} of outage ({amount(status.slo, -budget.remaining_events, up=True)})"
    digits = 0 if budget.remaining_ratio >= _TENTH else 1
    left = f"{_duration(budget.remaining_seconds)} of outage, {amount(status.slo, budget.remaining_events)}"
    return f"{figures.percent(budget.remaining_ratio, digits)} of the budget left ({left})"


def _duration(seconds: figures.Number, *, up: bool = False) -> str:
    return figures.duration(seconds, up=up, compact=True)


def _exhaustion(status: Status) -> str:
    left = status.exhausted_in_seconds
    return f", empty in {_duration(left)}" if left and left <= status.slo.window.ahead(status.now) else ""


def _met(status: Status, severity: Severity) -> BurnRule:
    rule = next(rule.rule for rule in status.rules if rule.severity is severity)
    assert rule is not None, "only an alert whose condition is met is put into words"
    return rule


def _rate(status: Status, window: Window) -> str:
    return figures.burn(status.burn[window])


def _rates(status: Status, rule: BurnRule) -> str:
    rates = " and ".join(f"{_rate(status, window)} over {window}" for window in (rule.long, rule.short))
    return f"it burns {rates}, above {figures.factor(rule.factor(status.slo.window, status.now))}x"


def _caveat(status: Status) -> str:
    said = []
    if status.coverage < 1:
        window = status.slo.window
        seen = _duration(status.coverage * window.length(status.now))
        said.append(f"Only {seen} of the {window} are observed yet; the rest counts as free of failures.")
    if status.estimated_bad:
        estimated = amount(status.slo, Fraction(status.estimated_bad, status.slo.unit.one))
        said.append(f"{estimated} of a silent service are estimated.")
    return " ".join(said)
