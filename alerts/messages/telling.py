"""From an alert, the status of its SLO and what else is known to the wording of its message."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

from ...slo import BurnRule, NoData, Severity, Status, Window, figures, promise, timestamp
from ...slo.measure import amount, is_one
from ..alert import Alert, AlertKind, Subject
from ..words import Words
from .context import Context
from .failing import changed, cost, example, fails
from .plain import name, plain
from .wording import Wording

BURNS: Final = frozenset({AlertKind.PAGE, AlertKind.TICKET})
"""The kinds that a burn rule is behind."""

_TENTH: Final = Fraction(1, 10)
"""Of less than this a tenth of a per cent is said."""

_GONE: Final = "Its SLO is no longer there."

_CONSEQUENCES: Final = {
    NoData.BAD: "The events expected of it are booked as failed.",
    NoData.GOOD: "The events expected of it are booked as good.",
    NoData.IGNORE: "Its error budgets stand still, and nothing can be said about its promises.",
}


def beginning(
    alert: Alert, status: Status | None, context: Context | None, words: Words | None, news: str = ""
) -> Wording:
    """The wording of an alert that fires, in the words of its own condition where that has some."""
    wording = _course(alert, "trigger", news)
    if status is not None and alert.key.kind in BURNS and words is None:
        wording = _burning(wording, status, alert.severity)
    elif status is not None and alert.key.kind is AlertKind.NO_DATA:
        wording = _silent(wording, status)
    wording = _worded(wording, words)
    return wording if status is None or context is None else _known(wording, alert, status, context)


def end(alert: Alert, status: Status | None, context: Context | None, words: Words | None, now: float) -> Wording:
    """The wording of an alert's end; `status` is None where its SLO is gone."""
    lasted = figures.duration(max(0.0, now - alert.began), compact=True)
    wording = replace(_worded(_course(alert, "resolve"), words), opening=plain(alert.summary), lasted=lasted)
    if status is None:
        return replace(wording, over=wording.over or (_GONE if alert.key.kind.subject is Subject.SLO else ""))
    wording = _promised(wording, status)
    if context is None:
        return wording
    cost_ = cost(status, context) if alert.key.kind in BURNS else ""
    return replace(_known(wording, alert, status, context), cost=cost_)


def budget_left(status: Status) -> str:
    """What is left, as share, time and requests; or by how much it is over-spent."""
    budget = status.budget
    if budget.remaining_ratio < 0:
        over = _duration(-budget.remaining_seconds, up=True)
        return f"over-spent by {over} of outage ({amount(status.slo, -budget.remaining_events, up=True)})"
    digits = 0 if budget.remaining_ratio >= _TENTH else 1
    left = f"{_duration(budget.remaining_seconds)} of outage, {amount(status.slo, budget.remaining_events)}"
    return f"{figures.percent(budget.remaining_ratio, digits)} of the budget left ({left})"


def rule_met(status: Status, severity: Severity) -> BurnRule | None:
    """The rule because of which an alert of that severity fires; None where none holds now."""
    return next((each.rule for each in status.rules if each.severity is severity), None)


def caveats(status: Status) -> str:
    """What the numbers leave out: the part of a window that nobody watched, and what is estimated."""
    said = []
    if status.coverage < 1:
        window = status.slo.window
        seen = _duration(status.coverage * window.length(status.now))
        said.append(f"Only {seen} of the {window} are observed yet; the rest counts as free of failures.")
    if status.estimated_bad:
        bad = Fraction(status.estimated_bad, status.slo.unit.one)
        are = "is" if is_one(status.slo, bad) else "are"
        said.append(f"{amount(status.slo, bad, up=True)} of a silent service {are} estimated.")
    return " ".join(said)


def _course(alert: Alert, action: str, news: str = "") -> Wording:
    """What became of the alert so far."""
    held = alert.acknowledged
    since = alert.escalated_since
    return Wording(
        action=action,
        kind=alert.key.kind.value,
        severity=alert.severity.value,
        slo=name(alert.slo),
        service=name(alert.service),
        since=timestamp(alert.firing.since),
        news=plain(news),
        escalated="" if since is None else f"its ticket fires since {timestamp(since)}",
        again=_again(alert),
        acknowledged="" if held is None else plain(held.words),
        opening=plain(alert.summary),
    )


def _again(alert: Alert) -> str:
    """How often it came again."""
    if alert.opened_again:
        return f"it fires for the {_ordinal(alert.opened_again + 1)} time since {timestamp(alert.began)}"
    return ""


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _promised(wording: Wording, status: Status) -> Wording:
    window = str(status.slo.window)
    return replace(wording, promise=plain(promise(status.slo)), window=window, left=budget_left(status))


def _burning(wording: Wording, status: Status, severity: Severity) -> Wording:
    rule = rule_met(status, severity)
    assert rule is not None, "only an alert whose condition is met is put into words"
    left = status.exhausted_in_seconds
    return replace(
        _promised(wording, status),
        rate=_rate(status, rule.short),
        rates=" and ".join(f"{_rate(status, window)} over {window}" for window in (rule.long, rule.short)),
        limit=f"{figures.factor(rule.factor(status.slo.window, status.now))}x",
        empty_in=_duration(left) if left and left <= status.slo.window.ahead(status.now) else "",
        caveats=caveats(status),
    )


def _silent(wording: Wording, status: Status) -> Wording:
    service = name(status.slo.sli.service)
    age = "" if status.data_age is None else f" for {_duration(status.data_age)}"
    what = f"No instance of {service} has reported{age}, and none said good-bye (noticed {wording.since})."
    said = f"{service} stopped reporting{age}: no data"
    return replace(wording, said=said, said_more=f"{what} {_CONSEQUENCES[status.slo.no_data]}")


def _worded(wording: Wording, words: Words | None) -> Wording:
    if words is None:
        return wording
    more = {name(key): plain(text) for key, text in words.details.items()}
    return replace(
        wording, said=plain(words.summary), said_more=plain(words.description, 2_000), over=plain(words.over), more=more
    )


def _known(wording: Wording, alert: Alert, status: Status, context: Context) -> Wording:
    return replace(
        wording,
        fails=fails(context, status.now),
        changed=changed(context.rollout, alert.began),
        example=example(context.example, status.now),
    )


def _duration(seconds: figures.Number, *, up: bool = False) -> str:
    return figures.duration(seconds, up=up, compact=True)


def _rate(status: Status, window: Window) -> str:
    return figures.burn(status.burn[window])
