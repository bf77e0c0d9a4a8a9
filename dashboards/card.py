"""One SLO as the page says it: every figure already words. Templates only place them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from markupsafe import Markup

from ..alerts import OpenAlert
from ..alerts.links import slo_path
from ..slo import DASHBOARD, OWNER, RUNBOOK, Origin, State, Status, figures, link, timestamp
from ..slo.measure import amount, is_one
from .alert_line import alert_line
from .burns import Burn, burns_of
from .face import Face, face_of
from .svg import budget_bar

_SHRINKING: Final = frozenset({Face.BURNING, Face.AT_RISK, Face.HEALTHY})
"""Faces whose budget's end can be told: of the others it is spent, or nothing recent is known."""


@dataclass(frozen=True, eq=False)
class Card:
    """What the page says about one SLO, made as it is placed.

    `since` is when its state began, None where nobody knows; `open_alerts` its alerts; `stale` whether the
    evaluation itself is old.
    """

    status: Status
    now: float
    since: float | None
    open_alerts: Sequence[OpenAlert]
    stale: bool

    @property
    def name(self) -> str:
        """Its own."""
        return self.status.slo.name

    @property
    def service(self) -> str:
        """Who made the promise."""
        return self.status.slo.service

    @property
    def path(self) -> str:
        """Its own page."""
        return slo_path(self.name)

    @property
    def promise(self) -> str:
        """`99.99 % over 30d`."""
        return f"{figures.objective(self.status.slo.objective)} over {self.status.slo.window}"

    @property
    def declared(self) -> str:
        """Where the promise stands, if it is in code."""
        return "declared by the service" if self.status.slo.origin is Origin.DECLARED else ""

    @property
    def owner(self) -> str:
        """Who keeps the promise, as the file says it."""
        return self.status.slo.annotations.get(OWNER, "")

    @property
    def runbook(self) -> str | None:
        """What to do; None where nobody wrote it."""
        return link(self.status.slo, RUNBOOK)

    @property
    def dashboard(self) -> str | None:
        """The team's own."""
        return link(self.status.slo, DASHBOARD)

    @cached_property
    def face(self) -> Face:
        """What it looks like."""
        return face_of(self.status.state, silent=self.status.silent, age=self._data_age, stale=self.stale)

    @property
    def rate(self) -> str:
        """Where the burn is what is wrong: that of the short window of the rule that holds, which says how it is now."""
        if self.face not in (Face.BURNING, Face.AT_RISK):
            return ""
        burn = self.status.burn
        return figures.burn(burn[next((each.rule.short for each in self.status.rules if each.rule), min(burn))])

    @property
    def headline(self) -> str:
        """The figure that matters and since when, beside the face's word."""
        if self.face is Face.NEVER_HEARD:
            return "nothing received yet"
        if self.face is Face.STALE:
            return "its last data is too old to believe"
        began = "now" if self.since is None else figures.since(self.since, self.now)
        return f"{self.rate} {began}".lstrip()

    @property
    def began(self) -> str:
        """When its state began, as a machine reads it; empty where that is not what the headline says."""
        told = self.since is not None and self.face not in (Face.NEVER_HEARD, Face.STALE)
        return timestamp(self.since) if told and self.since is not None else ""

    @property
    def reason(self) -> str:
        """Why it looks so, where that says more than the word."""
        match self.face:
            case Face.HEALTHY:
                return ""
            case Face.STALE:
                return f"when last seen: {self.status.state.value.replace('_', ' ')}"
            case Face.NO_DATA if self.status.state is State.NO_DATA:
                return f"{self.status.slo.sli.service} stopped reporting without a good-bye: it may be down"
            case _:
                return self.status.reason

    @property
    def left(self) -> str:
        """Share of the error budget."""
        return figures.percent(self._remaining) if self._was_heard else figures.NOTHING

    @property
    def left_words(self) -> str:
        """What the share is one of; a negative one is not left."""
        return "of the error budget" if self._was_heard and self._remaining < 0 else "of the error budget left"

    @property
    def left_detail(self) -> str:
        """In time and requests; over-spent where it is negative, which is rounded up."""
        if not self._was_heard:
            return ""
        budget = self.status.budget
        if self._remaining < 0:
            time = figures.duration(-budget.remaining_seconds, up=True)
            return (
                f"over-spent by {time} of outage, {amount(self.status.slo, -budget.remaining_events, up=True)} too many"
            )
        return f"{figures.duration(budget.remaining_seconds)} of outage or {amount(self.status.slo, budget.remaining_events)}"

    @property
    def left_bar(self) -> Markup:
        """The share, drawn."""
        return budget_bar(float(self._remaining) if self._was_heard else 0.0, self.face.tone)

    @property
    def empty_in(self) -> str:
        """How long the budget lasts if failures go on as they are."""
        seconds, window = self.status.exhausted_in_seconds, self.status.slo.window
        if self.face not in _SHRINKING:
            return ""
        if seconds is None:
            return "not shrinking"
        if seconds == 0:
            return "spent"
        if seconds > window.ahead(self.status.now):
            return f"not within {window}"
        return f"empty in {figures.duration(seconds)}"

    @property
    def burns(self) -> tuple[Burn, ...]:
        """One for each window."""
        return burns_of(self.status)

    @property
    def age(self) -> str:
        """How old its data is."""
        return "never heard" if self._data_age is None else f"data {figures.duration(int(self._data_age))} old"

    @property
    def coverage(self) -> str:
        """How much of its window was seen, where that is not all."""
        if not self._was_heard or self.status.coverage >= 1:
            return ""
        window = self.status.slo.window
        seen = figures.duration(int(self.status.coverage * window.length(self.status.now)))
        return f"watched for {seen} of {window}; the rest counts as usual traffic without failures"

    @property
    def estimated(self) -> str:
        """How many failures nobody sent."""
        slo, bad = self.status.slo, self.status.estimated_bad
        estimated = Fraction(bad, slo.unit.one)
        said, are = amount(slo, estimated, up=True), "is" if is_one(slo, estimated) else "are"
        return f"{said} of the failed {are} estimated: expected while the service was silent" if bad else ""

    @property
    def alerts(self) -> tuple[str, ...]:
        """The open ones, one a line."""
        return tuple(alert_line(alert, self.now) for alert in self.open_alerts)

    @property
    def _data_age(self) -> float | None:
        """Seconds since its service's last export; the data ages on after the evaluation."""
        age = self.status.data_age
        return None if age is None else age + max(0.0, self.now - self.status.now)

    @property
    def _was_heard(self) -> bool:
        return self.face is not Face.NEVER_HEARD

    @cached_property
    def _remaining(self) -> Fraction:
        return self.status.budget.remaining_ratio
