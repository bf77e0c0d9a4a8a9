"""The first screen about one SLO: seven questions, in the order in which whoever was woken asks them.

1 is it real and still going on, 2 how bad is it and for how long, 3 which alert and why, 4 what fails, 5 what changed, 6 what to do,
7 what else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple
from urllib.parse import urlencode

from ..alerts.messages.context import Context, Rollout
from ..slo import HOUR, BurnRule, Explanation, Interval, Severity, Status, explain_by_subject, figures
from .burns import Burn
from .card import Card
from .changes import Change, change_of
from .history import Chart, History
from .on_call_page import on_call_path
from .onset import onset
from .others import Others
from .steps import STEPS

CHANGES_SECONDS: Final = 3 * HOUR
"""So far back the first screen looks for what changed: as far as the slowest page pair reaches for its onset."""

_CAUSES: Final = 5
_CHANGES: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What is known of an SLO beside its numbers: what failed lately, what was deployed, and its recent past, to be drawn.

    `context` is as its alerts' messages have it. `rollouts` are of all services, the newest first.
    """

    context: Context | None = None
    rollouts: Sequence[tuple[str, Rollout]] = ()
    recent: History | None = None


class Blame(NamedTuple):
    """One cause of failures, in words: what they have in common, and their share and number."""

    what: str
    share: str
    failed: str
    tone_width: float


@dataclass(frozen=True, slots=True, eq=False)
class Brief:
    """The seven answers about one SLO, each in words. `others` is what else is not well."""

    card: Card
    beside: Beside
    others: Others = Others()  # noqa: RUF009 - immutable
    how: bool = False
    """Whether each figure says beside it how it was computed."""

    @property
    def pair(self) -> tuple[Burn, ...]:
        """The burn over the windows of the rule that holds, or of the quickest page rule where none does."""
        rule = leading_rule(self.card.status)
        if rule is None:
            return ()
        windows = {str(rule.long), str(rule.short)}
        return tuple(burn for burn in self.card.burns if burn.window in windows)

    @property
    def onset(self) -> Chart | None:
        """Failures of the last hours, and what went out meanwhile, on one axis."""
        recent = self.beside.recent
        if recent is None:
            return None
        marks = [(rollout.began, service == self.card.service) for service, rollout in self.beside.rollouts]
        return onset(recent, marks)

    @property
    def causes(self) -> tuple[Blame, ...]:
        """What most failures have in common."""
        context = self.beside.context
        if context is None or not context.failed:
            return ()
        return tuple(_blames(context))[:_CAUSES]

    @property
    def where(self) -> str:
        """The instance with most of it."""
        context = self.beside.context
        if context is None or not context.instances or not context.failed:
            return ""
        name, failed = max(context.instances.items(), key=lambda pair: pair[1])
        share = figures.percent(Fraction(failed, context.failed), 0)
        return f"all on {name}" if failed == context.failed else f"most on {name} ({share})"

    @property
    def failing_since(self) -> str:
        """Of what time the causes are told."""
        context = self.beside.context
        return "" if context is None else f"since {figures.clock(context.interval.start, self.card.now)}"

    @property
    def changes(self) -> tuple[Change, ...]:
        """What went out in the last hours, its own service's first; where nothing did, what went out last."""
        now, service = self.card.now, self.card.service
        rollouts = sorted(self.beside.rollouts, key=lambda pair: (pair[0] != service, -pair[1].began))
        found = tuple(change_of(of, rollout, now) for of, rollout in rollouts[:_CHANGES])
        last = self.beside.context.rollout if self.beside.context else None
        if last is not None and not any(of == service for of, _ in rollouts):
            found = (change_of(service, last, now), *found[: _CHANGES - 1])
        return found

    @property
    def example(self) -> str:
        """The page of a kept trace that shows the failure; empty where none is kept."""
        found = self.beside.context.example if self.beside.context else None
        return "" if found is None else f"/traces/{found.trace}"

    @property
    def traces(self) -> str:
        """The page of the kept traces of who is measured."""
        slo = self.card.status.slo
        state = "failed" if slo.sli.threshold is None else "slow"
        return "/traces?" + urlencode({"service": slo.sli.service, "state": state})

    @property
    def on_call(self) -> str:
        """Where its alerts are answered and silenced."""
        return on_call_path(self.card.name)

    @property
    def steps(self) -> tuple[str, ...]:
        """What usually pays off."""
        return STEPS[self.card.face]

    @property
    def explained(self) -> Explanation:
        """How each figure came about."""
        return explain_by_subject(self.card.status, self.card.since)


def leading_rule(status: Status) -> BurnRule | None:
    """The rule that holds, pages first; where none does the quickest that pages; None where there are no rules."""
    held = next((each.rule for each in status.rules if each.rule is not None), None)
    if held is not None:
        return held
    pages = [rule for rule in status.slo.rules if rule.severity is Severity.PAGE]
    return min(pages or status.slo.rules, key=lambda rule: rule.long, default=None)


def failing_interval(status: Status, now: float) -> Interval:
    """Whole minutes of which failures tell what fails now: the short window of the rule that holds, or the last hour."""
    held = next((each.rule for each in status.rules if each.rule is not None), None)
    seconds = HOUR if held is None else held.short.seconds
    return Interval(max(0, int(now - seconds) // 60 * 60), int(now) // 60 * 60 + 60)


def _blames(context: Context) -> Iterator[Blame]:
    named = sum(cause.failed for cause in context.causes)
    for cause in context.causes:
        yield _blame(cause_words(cause.route, cause.status, cause.error, cause.version), cause.failed, context.failed)
    if context.failed > named:
        yield _blame("all others", context.failed - named, context.failed)


def _blame(what: str, failed: int, of: int) -> Blame:
    share = Fraction(failed, of)
    return Blame(what, figures.percent(share, 0), figures.count(failed), float(share))


def cause_words(route: str, status: str, error: str, version: str) -> str:
    """`POST /pay, status 500, TimeoutError, version 1.4.2`: what some failures said of themselves."""
    said = (
        route,
        f"status {status}" if status else "",
        "" if error == status else error,
        f"version {version}" if version else "",
    )
    return ", ".join(filter(None, said)) or "requests that say nothing of themselves"
