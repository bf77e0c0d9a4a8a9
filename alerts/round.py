"""What one evaluation changes about the alerts: made in memory first, then written, and in force only once it is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ..slo import Evaluation, Status
from .alert import Alert, AlertKey
from .conditions.condition import Judgement
from .dependencies import Dependencies
from .messages import compose
from .notice import Notice, decide
from .notification import Notification, Receiver
from .open_alerts import inhibitor
from .outbox import Outbox
from .state import ConditionState, Firing, Reason, Transition, step
from .store import AlertStore


@dataclass(frozen=True, slots=True)
class AlertChange:
    """One thing that happened to one alert, why, and who was told. `notification` is what goes out, if anything does."""

    alert: Alert
    reason: Reason
    notice: Notice
    notification: Notification | None = None

    def __str__(self) -> str:
        """For the log: `slo/payments-availability/page: its condition is met; told: it fires`."""
        return f"{self.alert.key.dedup}: {self.reason.value}; {self.notice.value}"


class Round:
    """One evaluation's worth of changes. `open` is what will be open once `store` is committed, `changes` what happened to each.

    `explain` says how a status came about. `dependencies` hold pages back, but those of SLOs in `silent`; whoever depends on another is
    taken after it.
    """

    def __init__(
        self,
        open_: Mapping[AlertKey, Alert],
        public_url: str,
        now: float,
        explain: Callable[[Status], str],
        dependencies: Dependencies | None = None,
        silent: Collection[str] = (),
    ) -> None:
        self.open = dict(open_)
        self.changes: list[AlertChange] = []
        self._dependencies = dependencies or Dependencies(())
        self._silent = silent
        self._explain = explain
        self._public_url = public_url
        self._now = now
        self._last: Status | None = None

    def take(self, judgement: Judgement, evaluation: Evaluation) -> None:
        """Runs one alert's machine and decides who is told."""
        key, condition, row, _ = judgement
        before = self.open.get(key)
        transition = step(before.firing if before else None, condition, self._now)
        notice = self._notice(key, condition, transition.reason)
        if transition.reason.changes or notice is Notice.TRIGGER:
            in_words = before is None or notice.sends
            self._change(
                key, transition, notice, self._status(evaluation, row) if in_words and row is not None else None
            )

    def withdraw(self, key: AlertKey) -> None:
        """Ends an alert whose SLO is gone."""
        notice = self._notice(key, ConditionState.UNKNOWN, Reason.WITHDRAWN)
        self._change(key, Transition(None, Reason.WITHDRAWN), notice, None)

    def _notice(self, key: AlertKey, condition: ConditionState, reason: Reason) -> Notice:
        told = key in self.open and self.open[key].told
        inhibited = inhibitor(key, self.open) is not None
        return decide(condition, reason, told=told, inhibited=inhibited, held_back=self._holder(key) is not None)

    @property
    def holders(self) -> Mapping[AlertKey, Alert]:
        """The page that holds each open one back."""
        return {key: holder for key in self.open if (holder := self._holder(key)) is not None}

    def _holder(self, key: AlertKey) -> Alert | None:
        return self._dependencies.holder(key, self.open, self._silent)

    def _status(self, evaluation: Evaluation, row: int) -> Status:
        """Made once for the page and the ticket of an SLO: its exact fractions are what a round of many alerts costs."""
        if self._last is None or self._last.slo.name != evaluation.slos[row].name:
            self._last = evaluation.status(row)
        return self._last

    def _change(self, key: AlertKey, transition: Transition, notice: Notice, status: Status | None) -> None:
        alert = self._after(key, transition.firing, status)
        notification = self._notification(alert, notice, status)
        alert = replace(alert, told=alert.told or notice is Notice.TRIGGER)
        if transition.reason.ends:
            del self.open[key]
        else:
            self.open[key] = alert
        self.changes.append(AlertChange(alert, transition.reason, notice, notification))

    def _after(self, key: AlertKey, firing: Firing | None, status: Status | None) -> Alert:
        """The alert as it is then; one that ends stays as it was."""
        before = self.open.get(key)
        if before is not None:
            return before if firing is None else replace(before, firing=firing)
        assert status is not None, "only an evaluated SLO opens an alert"
        assert firing is not None, "an alert that was not there can't end"
        return compose.opened(key, status, firing)

    def _notification(self, alert: Alert, notice: Notice, status: Status | None) -> Notification | None:
        if notice is Notice.RESOLVE:
            explanation = "" if status is None else self._explain(status)
            return compose.resolves(alert, status, self._now, self._public_url, explanation)
        if notice is Notice.TRIGGER:
            assert status is not None, "only an evaluated SLO triggers"
            return compose.triggers(alert, status, self._public_url, self._explain(status))
        return None

    def store(self, store: AlertStore, outbox: Outbox, receivers: Sequence[Receiver]) -> None:
        """Writes every change, in the caller's transaction."""
        self.changes = [self._stored(change, store, outbox, receivers) for change in self.changes]

    def _stored(
        self, change: AlertChange, store: AlertStore, outbox: Outbox, receivers: Sequence[Receiver]
    ) -> AlertChange:
        alert = change.alert
        if alert.number == 0:
            alert = self.open[alert.key] = store.add(alert)
        elif change.reason.ends:
            store.resolve(alert, self._now)
        else:
            store.update(alert)
        if change.notification is not None:
            for name in _told(change.notice, alert, outbox, receivers):
                outbox.add(change.notification, name, alert.number, self._now)
        return replace(change, alert=alert)


def _told(notice: Notice, alert: Alert, outbox: Outbox, receivers: Sequence[Receiver]) -> list[str]:
    """An end goes to those who were told of the beginning, and to nobody else."""
    if notice is Notice.RESOLVE:
        told = outbox.told(alert.number)
        return [receiver.name for receiver in receivers if receiver.name in told]
    return [receiver.name for receiver in receivers if alert.severity in receiver.severities]
