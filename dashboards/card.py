"""One SLO as the page says it: every figure already words. Templates only place them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from ..slo import figures
from ..slo.burn import BurnRule, Severity
from ..slo.slo import SLO, Origin
from ..slo.status import State, Status
from ..slo.window import Window
from .face import Face, face_of
from .links import dashboard, owner, runbook
from .svg import Limit, budget_bar, burn_bar

AlertJson = Mapping[str, Any]
"""An alert as the API says it."""

_SEVERITY_WORDS: Final = {"page": "Page", "ticket": "Ticket"}
_HEADROOM: Final = 1.3
"""How far the scale of calm burn rates reaches beyond the highest limit."""
_SHRINKING: Final = frozenset({Face.BURNING, Face.AT_RISK, Face.HEALTHY})
"""Faces whose budget's end can be told: of the others it is spent, or nothing recent is known."""


@dataclass(frozen=True, slots=True)
class Burn:
    """One window's burn rate in words, its bar, and the limits it is held against."""

    window: str
    rate: str
    limits: tuple[str, ...]
    tone: str
    above: str
    bar: Markup


@dataclass(frozen=True, slots=True)
class Card:
    """One SLO, ready to be placed."""

    name: str
    path: str
    service: str
    promise: str
    declared: str
    face: Face
    rate: str
    headline: str
    reason: str
    left: str
    left_words: str
    left_detail: str
    left_bar: Markup
    empty_in: str
    burns: tuple[Burn, ...]
    age: str
    coverage: str
    estimated: str
    alerts: tuple[str, ...]
    runbook: str | None
    dashboard: str | None
    owner: str


def card_of(
    status: Status,
    since: float | None,
    alerts: Sequence[AlertJson],
    now: float,
    *,
    stale: bool,
    whole: bool = True,
) -> Card:
    """What the page says about one SLO: `whole`, or without the burn rates, for a line.

    `since` is when its state began, None where nobody knows; `stale` whether the evaluation itself is old.
    """
    age = None if status.data_age is None else status.data_age + max(0.0, now - status.now)
    face = face_of(status.state, silent=status.silent, age=age, stale=stale)
    ratio = status.budget.remaining_ratio
    heard = face is not Face.NEVER_HEARD
    rate = figures.burn(current_rate(status)) if face in (Face.BURNING, Face.AT_RISK) else ""
    return Card(
        name=status.slo.name,
        path=slo_path(status.slo.name),
        service=status.slo.service,
        promise=f"{figures.objective(status.slo.objective)} over {status.slo.window}",
        declared="declared by the service" if status.slo.origin is Origin.DECLARED else "",
        face=face,
        rate=rate,
        headline=_headline(face, rate, since, now),
        reason=_reason(face, status),
        left=figures.percent(ratio) if heard else figures.NOTHING,
        left_words="of the error budget" if heard and ratio < 0 else "of the error budget left",
        left_detail=left_detail(status) if heard else "",
        left_bar=budget_bar(float(ratio) if heard else 0.0, face.tone),
        empty_in=empty_in(status) if face in _SHRINKING else "",
        burns=burns_of(status) if whole else (),
        age=_age(age),
        coverage=_coverage(status) if heard else "",
        estimated=_estimated(status),
        alerts=tuple(_alert(alert, now) for alert in alerts),
        runbook=runbook(status.slo),
        dashboard=dashboard(status.slo),
        owner=owner(status.slo),
    )


def slo_path(name: str) -> str:
    """The address of an SLO's own page."""
    return f"/slo/{quote(name, safe='')}"


def current_rate(status: Status) -> Fraction | None:
    """The burn rate that says how it is now: the short window of the rule that holds, else the shortest of all."""
    short = next((rule.rule.short for rule in status.rules if rule.rule is not None), min(status.burn))
    return status.burn[short]


def left_detail(status: Status) -> str:
    """The budget left in time and requests; over-spent where it is negative, which is rounded up."""
    budget = status.budget
    if budget.remaining_ratio < 0:
        time = figures.duration(-budget.remaining_seconds, up=True)
        return f"over-spent by {time} of outage, {figures.requests(-budget.remaining_events, up=True)} too many"
    time = figures.duration(budget.remaining_seconds)
    return f"{time} of outage or {figures.requests(budget.remaining_events)}"


def empty_in(status: Status) -> str:
    """How long the budget lasts if failures go on as they are."""
    seconds = status.exhausted_in_seconds
    if seconds is None:
        return "not shrinking"
    if seconds == 0:
        return "spent"
    if seconds > status.slo.window.seconds:
        return f"not within {status.slo.window}"
    return f"empty in {figures.duration(seconds)}"


def burns_of(status: Status) -> tuple[Burn, ...]:
    """Every window of the rules, shortest first, against the limits of the rules it takes part in."""
    limits = limits_of(status.slo)
    rates = [float(rate) for rate in status.burn.values() if rate is not None]
    top = max([1.0, *rates, *(limit.value * _HEADROOM for each in limits.values() for _, limit in each)])
    return tuple(_burn(window, rate, limits.get(window, ()), top) for window, rate in status.burn.items())


def limits_of(slo: SLO) -> dict[Window, tuple[tuple[Fraction, Limit], ...]]:
    """Each window's limits, lowest first: the exact factors of the rules it is part of, and how they are drawn."""
    return _limits(slo.rules, slo.window)


@lru_cache(maxsize=256)
def _limits(rules: tuple[BurnRule, ...], budget: Window) -> dict[Window, tuple[tuple[Fraction, Limit], ...]]:
    found: dict[Window, dict[Fraction, str]] = {}
    for rule in sorted(rules, key=lambda rule: rule.severity is Severity.PAGE):
        for window in (rule.long, rule.short):
            found.setdefault(window, {})[rule.factor(budget)] = rule.severity.value
    return {
        window: tuple((factor, Limit(float(factor), severity)) for factor, severity in sorted(each.items()))
        for window, each in found.items()
    }


def _burn(window: Window, rate: Fraction | None, limits: Sequence[tuple[Fraction, Limit]], top: float) -> Burn:
    exceeded = [limit for factor, limit in limits if rate is not None and rate > factor]
    worst = "page" if any(limit.severity == "page" for limit in exceeded) else "ticket" if exceeded else "calm"
    drawn = tuple(limit for _, limit in limits)
    return Burn(
        window=str(window),
        rate=figures.burn(rate),
        limits=tuple(f"{limit.value:g}x {limit.severity}" for limit in drawn),
        tone=worst,
        above=f"above {exceeded[-1].value:g}x" if exceeded else "",
        bar=burn_bar(float(rate or 0), drawn, top, worst),
    )


def _headline(face: Face, rate: str, since: float | None, now: float) -> str:
    if face is Face.NEVER_HEARD:
        return "nothing received yet"
    if face is Face.STALE:
        return "its last data is too old to believe"
    began = f"since {figures.clock(since, now)} ({_for(since, now)})" if since is not None else "now"
    return f"{rate} {began}".lstrip()


def _for(since: float, now: float) -> str:
    return figures.duration(Fraction(max(0, int(now) - int(since))))


def _reason(face: Face, status: Status) -> str:
    match face:
        case Face.HEALTHY:
            return ""
        case Face.STALE:
            return f"when last seen: {status.state.value.replace('_', ' ')}"
        case Face.NO_DATA if status.state is State.NO_DATA:
            return f"{status.slo.sli.service} stopped reporting without a good-bye: it may be down"
        case _:
            return status.reason


def _age(age: float | None) -> str:
    return "never heard" if age is None else f"data {figures.duration(int(age))} old"


def _coverage(status: Status) -> str:
    if status.coverage >= 1:
        return ""
    seen = figures.duration(int(status.coverage * status.slo.window.seconds))
    return f"watched for {seen} of {status.slo.window}; the time before counts as usual traffic without failures"


def _estimated(status: Status) -> str:
    if not status.estimated_bad:
        return ""
    return (
        f"{figures.requests(status.estimated_bad)} of the failed are estimated: expected while the service was silent"
    )


def _alert(alert: AlertJson, now: float) -> str:
    severity = str(alert.get("severity", ""))
    word = _SEVERITY_WORDS.get(severity, severity or "Alert")
    held = ", held back by the page" if alert.get("inhibited") else ""
    return f"{word} {alert.get('state', 'firing')}{_alert_since(alert.get('since'), now)}{held}"


def _alert_since(since: object, now: float) -> str:
    if not isinstance(since, str):
        return ""
    try:
        began = datetime.fromisoformat(since).timestamp()
    except ValueError:
        return ""
    return f" since {figures.clock(began, now)} ({_for(began, now)})"


def alerts_by_slo(alerts: Iterable[AlertJson]) -> dict[str, list[AlertJson]]:
    """The alerts of each SLO, pages first, then as they came."""
    found: dict[str, list[AlertJson]] = {}
    for alert in sorted(alerts, key=lambda alert: str(alert.get("severity", ""))):
        found.setdefault(str(alert.get("slo", "")), []).append(alert)
    return found
