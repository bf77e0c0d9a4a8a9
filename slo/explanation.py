"""How an SLO's numbers came about, in sentences anybody understands: the same on its page, in the API and in its alerts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from . import figures
from .budget import ErrorBudget
from .burn import BurnRule, Severity
from .calendar_window import CalendarWindow, TimeWindow
from .correction import merged
from .forecast import Chance, Exhaustion, exhaustion
from .local_time import to_local, zone_named
from .measure import amount, amount_failed, counts_shares, is_one, number
from .promise import over, period, promise
from .slo import SLO
from .status import Status
from .window import MINUTE, Interval

_FUTURES: Final = 1_000_000
"""A chance is a share of fewer futures: 99 of 100 are 99 %, whatever a float makes of them."""


class Explanation(NamedTuple):
    """The arithmetic behind a status by subject, each in sentences; a subject that has nothing to say is empty."""

    state: str
    promised: str
    counted: str
    budget: str
    further: str
    burning: str
    alerted: str
    outlook: str


def explain(status: Status, since: float | None = None, chance: Chance | None = None) -> str:
    """The arithmetic behind a status, a line a subject; `since` is when its state began (epoch seconds), where that is known.

    `chance` is that of the promise, where it was asked for.

    Every figure is the status's own, rounded as `figures` says, so whoever recomputes what is said comes to what is said.
    """
    return "\n".join(filter(None, explain_by_subject(status, since, chance)))


def explain_by_subject(status: Status, since: float | None = None, chance: Chance | None = None) -> Explanation:
    """The same by subject."""
    return Explanation(
        state=_state(status, since),
        promised=" ".join(_promised(status)),
        counted=" ".join(_counted(status)),
        budget=" ".join(_budget(status)),
        further=" ".join(_further(status)),
        burning=" ".join(_burning(status)),
        alerted=" ".join(_alerted(status)),
        outlook=outlook(status, chance),
    )


def outlook(status: Status, chance: Chance | None) -> str:
    """What is to come: how long the budget lasts, with a range, and the chance that the promise is kept; empty where nothing is known."""
    return " ".join((*_lasting(status), *_kept(chance, status.slo)))


def _state(status: Status, since: float | None) -> str:
    began = "" if since is None else f" {figures.since(since, status.now)}"
    return f"{status.slo.name}: {status.state.value.replace('_', ' ')}{began}. {_sentence(status.reason)}"


def _promised(status: Status) -> Iterator[str]:
    slo, window = status.slo, status.slo.window
    yield _sentence(f"{promise(slo)}, {over(window)}")
    if isinstance(window, CalendarWindow):
        begins, ends = (_local(second, window.zone) for second in window.period(status.now))
        yield f"This one is from {begins} to {ends}."
    yield f"That allows {figures.duration(status.budget.seconds_allowed)} of total outage."


def _counted(status: Status) -> Iterator[str]:
    slo, events = status.slo, status.events
    one, within = slo.unit.one, _within(slo.window)
    failed = amount_failed(slo, Fraction(events.bad, one))
    seen = "" if counts_shares(slo) else f"of {amount(slo, Fraction(events.total, one))} seen "
    yield _sentence(f"{seen}{within}{', ' if seen else ' '}{failed}")
    if status.estimated_bad:
        estimated = Fraction(status.estimated_bad, one)
        are = "is" if is_one(slo, estimated) else "are"
        yield f"{number(slo, estimated, up=True)} of these {are} estimated: expected while {slo.sli.service} was silent."
    if 0 < status.coverage < 1:
        watched = figures.duration(int(status.coverage * slo.window.length(status.now)))
        yield f"Watched for {watched} of it: the rest counts as usual traffic without failures."
    yield from _corrected(status)


def _corrected(status: Status) -> Iterator[str]:
    within = status.slo.window.interval(status.now)
    width = max(MINUTE, status.slo.window.width)
    taken = [(each, each.intervals(within, width)) for each in status.slo.corrections]
    out = sum(each.seconds for each in merged(interval for _, intervals in taken for interval in intervals))
    if out:
        reasons = (f"{each.reason} ({each.author}, {_when(intervals)})" for each, intervals in taken if intervals)
        yield f"Taken out of it are {figures.duration(out)}: {'; '.join(dict.fromkeys(reasons))}."


def _when(intervals: Sequence[Interval]) -> str:
    """When that was, in UTC: from its beginning to its end, or how often and when for the last time."""
    *before, last = intervals
    began = f"{figures.moment(last.start, with_date=True)} UTC"
    lasted = figures.duration(last.seconds)
    return f"{len(intervals)} times, the last at {began} for {lasted}" if before else f"{began} for {lasted}"


def _budget(status: Status) -> Iterator[str]:
    slo, budget = status.slo, status.budget
    if not budget.allowed:
        yield "Nothing was asked of it, so nothing of its error budget is spent."
        return
    share = figures.percent(budget.seconds_allowed / slo.window.length(status.now), digits=None)
    fail = "to fail" if slo.slices is None else "to be bad"
    yield f"The objective allows {amount(slo, budget.allowed)} {fail} at this traffic ({share})."
    spent, allowed = number(slo, budget.spent, up=True), number(slo, budget.allowed)
    yield f"Budget left = 1 {figures.MINUS} {spent} / {allowed} = {_left(slo, budget)}."


def _left(slo: SLO, budget: ErrorBudget) -> str:
    """What is left of a budget, or what is too much: as a share, in time, and in what the SLO counts."""
    share = figures.percent(budget.remaining_ratio)
    if budget.remaining_ratio < 0:
        outage = figures.duration(-budget.remaining_seconds, up=True)
        return f"{share}, over-spent by {outage} of total outage or {amount(slo, -budget.remaining_events, up=True)}"
    return f"{share}, {figures.duration(budget.remaining_seconds)} of total outage or {amount(slo, budget.remaining_events)}"


def _further(status: Status) -> Iterator[str]:
    for window, budget in status.more_budgets.items():
        yield _sentence(f"{_within(window)} the budget left is {_left(status.slo, budget)}")


def _burning(status: Status) -> Iterator[str]:
    slo = status.slo
    yield f"A burn rate of 1x spends exactly the whole budget in exactly {_whole(slo)}."
    for rule in slo.rules:
        yield _held_against(rule, status)


def _whole(slo: SLO) -> str:
    return f"one {period(slo.window)}" if isinstance(slo.window, CalendarWindow) else str(slo.window)


def _held_against(rule: BurnRule, status: Status) -> str:
    limit = rule.factor(status.slo.window, status.now)
    rates = {window: status.burn[window] for window in (rule.long, rule.short)}
    said = " and ".join(f"{figures.burn(rate)} over {window}" for window, rate in rates.items())
    above = [str(window) for window, rate in rates.items() if rate is not None and rate > limit]
    held = ("neither is above", f"only {''.join(above)} is above", "both are above")[len(above)]
    return f"{rule.severity.value.capitalize()} above {figures.factor(limit)}x: {said}, {held}."


def _alerted(status: Status) -> Iterator[str]:
    slo = status.slo
    severities = {rule.severity for rule in slo.rules}
    if slo.group_by:
        yield f"It is the sum of its groups by {', '.join(slo.group_by)}: these burn and alert, each by itself."
    elif not severities:
        yield "It has no burn rules, so nobody is told when it burns."
    for each in status.rules:
        if each.severity in severities:
            yield f"{each.severity.value.capitalize() if each.met else f'No {each.severity.value}'}: {each.reason}."
    if Severity.PAGE in severities and not counts_shares(slo):
        yield f"A page waits until {amount_failed(slo, slo.min_bad_events)} in its long window."
    if slo.depends_on:
        yield f"It depends on {' and '.join(slo.depends_on)}: while one of them pages, its own page is held back."


def _lasting(status: Status) -> Iterator[str]:
    found = exhaustion(status)
    if found is None or status.exhausted_in_seconds == 0:
        return
    limit = status.slo.window.ahead(status.now)
    spent_in = _within_reach(status.exhausted_in_seconds, limit)
    seen = amount_failed(status.slo, found.failed) if found.failed else "nothing failed"
    lasts = (
        f"lasts longer than {_within(status.slo.window).removeprefix('in ')}"
        if spent_in is None
        else f"is empty in {figures.duration(spent_in)}"
    )
    yield f"In the last {found.window} {seen}: if that goes on the budget {lasts}{_range(found, limit)}."


def _range(found: Exhaustion, limit: float) -> str:
    """How sure that is: nothing is said of what lies beyond the window."""
    earliest, latest = _within_reach(found.earliest, limit), _within_reach(found.latest, limit)
    if earliest is None:
        return ""
    until = "or longer" if latest is None else f"to {figures.duration(latest)}"
    return f" (9 times in 10: {figures.duration(earliest)} {until})"


def likelihood(chance: Chance) -> str:
    """How likely it is that a promise is kept: never certain, nor hopeless."""
    kept = Fraction(chance.kept).limit_denominator(_FUTURES)
    return "more than 99 %" if kept * 100 > 99 else "less than 1 %" if kept * 100 < 1 else figures.percent(kept, 0)


def _within_reach(seconds: figures.Number | None, limit: float) -> figures.Number | None:
    """None for what lies beyond the limit, or never comes."""
    return None if seconds is None or seconds > limit else seconds


def _kept(chance: Chance | None, slo: SLO) -> Iterator[str]:
    if chance is None:
        return
    ahead = (
        f"at the end of this {period(slo.window)}"
        if isinstance(slo.window, CalendarWindow)
        else f"over the next {slo.window}"
    )
    past, likely = figures.duration(chance.seconds), likelihood(chance)
    yield f"If it goes on as in the last {past}, the promise is kept {ahead} with a chance of {likely}."


def _within(window: TimeWindow) -> str:
    return f"in this {period(window)}" if isinstance(window, CalendarWindow) else f"in {window}"


def _local(second: int, zone: str) -> str:
    local = to_local(second, zone_named(zone))
    return f"{local.day} {local:%b %H:%M}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
