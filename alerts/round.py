"""What one evaluation changes about the alerts: made in memory first, then written, and in force only once it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..slo import Evaluation, Status
from .alert import Alert, AlertKey, AlertKind
from .change import AlertChange
from .conditions.condition import Judgement
from .messages.writer import Writer
from .news import news_of
from .notice import Notice
from .notification import Action, Notification
from .past import Past
from .stages.inhibition import ESCALATED
from .stages.stage import AlertCase, AlertStage, walk
from .state import ConditionState, Reason, Transition, step


class Facts:
    """What is known of an alert's subject, looked up when somebody asks: the exact fractions of a status are what a round costs."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        self._last: tuple[int, Status] | None = None

    def status(self, row: int | None) -> Status | None:
        """That of a row; made once for the page and the ticket of an SLO."""
        if row is None:
            return None
        if self._last is None or self._last[0] != row:
            self._last = row, self._evaluation.status(row)
        return self._last[1]


class Round:
    """One evaluation's worth of changes. `open` is what will be open once they are written, `changes` what happened to each.

    `rewritten` are the alerts of which nothing happened but that something else is known of them: what the stages decided. Whoever
    depends on another is taken after it, and a ticket after its page.
    """

    def __init__(
        self,
        open_: Mapping[AlertKey, Alert],
        past: Past,
        writer: Writer,
        stages: Sequence[AlertStage],
        now: float,
        facts: Facts | None = None,
    ) -> None:
        self.open = dict(open_)
        self.changes: list[AlertChange] = []
        self.rewritten: set[AlertKey] = set()
        self._past = past
        self._writer = writer
        self._stages = stages
        self._now = now
        self._facts = facts

    def take_some(self, judgements: Iterator[Judgement], most: int) -> bool:
        """Takes one after another until so many alerts changed; whether that was all of them."""
        for judgement in judgements:
            self.take(judgement)
            if len(self.changes) >= most:
                return False
        return True

    def take(self, judgement: Judgement) -> None:
        """Runs one alert's machine, and sends it through the stages."""
        before = self.open.get(judgement.key)
        hold = judgement.key.kind.hold_seconds
        transition = step(before.firing if before else None, judgement.condition, self._now, hold)
        if before is None and transition.firing is None:
            return
        if before is None:
            alert, reason = self._opened(judgement, transition)
        else:
            alert, reason = self._moved(before, transition), transition.reason
        self._settle(alert, before, judgement, reason)

    def withdraw(self, key: AlertKey) -> None:
        """Ends an alert whose subject is gone."""
        alert = self.open[key]
        self._settle(alert, alert, Judgement(key, ConditionState.UNKNOWN, None), Reason.WITHDRAWN)

    def _opened(self, judgement: Judgement, transition: Transition) -> tuple[Alert, Reason]:
        """A new alert; or one that ended lately, as it is now."""
        assert transition.firing is not None, "an alert that was not there can't end"
        made = self._writer.opened(judgement.key, self._status(judgement), transition.firing, judgement.words)
        again = self._past.lately(judgement.key, self._now)
        if again is None:
            return made, transition.reason
        alert = replace(
            made,
            number=again.number,
            first=again.began,
            notes=again.notes,
            opened_again=again.opened_again + 1,
            flaps=again.flaps + 1,
        )
        return alert, Reason.OPENED_AGAIN

    def _moved(self, before: Alert, transition: Transition) -> Alert:
        """An open alert after its machine's step; an acknowledgement that has run out is none."""
        taken = before.acknowledged
        if taken is not None and not taken.holds(self._now):
            before = replace(before, acknowledged=None)
        if transition.firing is None or transition.firing == before.firing:
            return before
        met_again = transition.reason is Reason.MET_AGAIN
        return replace(before, firing=transition.firing, flaps=before.flaps + met_again)

    def _settle(self, alert: Alert, before: Alert | None, judgement: Judgement, reason: Reason) -> None:
        """Asks the stages, and keeps what follows."""
        case = AlertCase(alert, judgement.condition, reason, self.open, self._now)
        notice, decisions = walk(self._stages, case)
        after = self._told(alert if decisions is alert.decisions else replace(alert, decisions=decisions), notice)
        if reason.ends:
            del self.open[alert.key]
        else:
            self.open[alert.key] = after
        if reason.changes or notice.action is not None:
            notification = self._notification(after, alert, notice, judgement)
            self.changes.append(AlertChange(after, reason, notice, notification))
        elif after != before:
            self.rewritten.add(alert.key)

    def _told(self, alert: Alert, notice: Notice) -> Alert:
        """The alert once a notice is out."""
        if notice.wakes:
            since = self._ticket_since(alert)
            return replace(alert, told=True, told_at=self._now, hushed="", escalated_since=since)
        match notice:
            case Notice.ESCALATED:
                return replace(alert, hushed=ESCALATED, acknowledged=None)
            case Notice.GOES_ON:
                return replace(alert, hushed="")
            case Notice.HUSHED:
                return replace(alert, hushed=alert.decisions[-1].reason)
            case _:
                return alert

    def _ticket_since(self, page: Alert) -> float | None:
        """Since when the ticket fires that a page makes urgent, if people know of that."""
        if page.escalated_since is not None:
            return page.escalated_since
        kinds = (kind for kind in AlertKind if kind.escalates_to is page.key.kind)
        tickets = (self.open.get(AlertKey(kind, page.key.name)) for kind in kinds)
        return next((ticket.firing.since for ticket in tickets if ticket is not None and ticket.told), None)

    def _status(self, judgement: Judgement) -> Status | None:
        return None if self._facts is None else self._facts.status(judgement.row)

    def _notification(self, after: Alert, alert: Alert, notice: Notice, judgement: Judgement) -> Notification | None:
        action = notice.action
        if action is None:
            return None
        words, news = judgement.words, news_of(notice, alert, after.decisions[-1].reason)
        if action is Action.RESOLVE:
            return self._writer.resolves(after, self._status(judgement), self._now, words)
        if action is Action.TRIGGER:
            return self._writer.triggers(after, self._status(judgement), words, news)
        return self._writer.updates(after, news, last=self._past.last_said(after.number))
