"""The alert engine: evaluation in; alerts, their notifications and the times of states out, in one transaction.

    Evaluation -> judgements (what is known of each condition) -> state machine -> notice -> rows of `alert`, `outbox`, `slo_state`

Only rows whose condition is met, whose service is silent or whose alert is open are looked at; texts are made only for what
changes. A round is kept whole or not at all, so a restart neither forgets an alert nor tells it twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..slo import SLO, Evaluation, State, Status
from . import compose
from .alert import Alert, Key, Kind
from .errors import InvalidReceiver
from .judgement import Judge, Judgement
from .notice import Notice, decide
from .notification import Notification, Receiver
from .outbox import Outbox
from .schema import connect, transaction
from .since import StateTimes
from .state import Condition, Reason, Transition, step
from .store import AlertStore


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to one alert, why, and who was told. `notification` is what goes out, if anything does."""

    alert: Alert
    reason: Reason
    notice: Notice
    notification: Notification | None = None

    def __str__(self) -> str:
        """For the log: `slo/payments-availability/page: its condition is met; told: it fires`."""
        return f"{self.alert.key.dedup}: {self.reason.value}; {self.notice.value}"


class AlertEngine:
    """Keeps the alerts of a ledger's file on a connection of its own. Calls may come from any thread, one at a time goes through.

    `receivers` are told; `public_url` is where people find the pages; `on_queued` is called after something was put into the
    outbox for good. `StoreError` when the file can't be used, `InvalidReceiver` when two receivers have one name.
    """

    def __init__(
        self,
        path: Path | str,
        receivers: Sequence[Receiver] = (),
        public_url: str = "http://127.0.0.1:8400",
        on_queued: Callable[[], None] | None = None,
    ) -> None:
        if len({receiver.name for receiver in receivers}) != len(receivers):
            raise InvalidReceiver("two receivers have one name")
        self._receivers = tuple(receivers)
        self._public_url = public_url
        self._on_queued = on_queued or (lambda: None)
        self._connection = connect(path)
        self._store = AlertStore(self._connection)
        self._outbox = Outbox(self._connection)
        self._open = self._store.open_alerts()
        self._times = StateTimes(self._store.states())
        self._judge = Judge()
        self._kept: Sequence[SLO] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes its connection; what is open stays open in the file."""
        with self._lock:
            self._connection.close()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The open alerts, oldest first."""
        return tuple(self._open.values())

    def evaluate(self, evaluation: Evaluation, now: float) -> list[Change]:
        """Takes an evaluation of all SLOs, or of some of them, into account; returns what changed.

        Alerts of SLOs that are not in it are left alone: see `retire`. `StoreError` when the round can't be kept; the next
        one then starts from where this one did.
        """
        with self._lock:
            round_ = _Round(dict(self._open), self._public_url, now)
            for judgement in self._judge.judgements(evaluation, self._open):
                round_.take(judgement, evaluation)
            times = self._times.changed(evaluation, now)
            if round_.changes or times:
                with transaction(self._connection):
                    round_.store(self._store, self._outbox, self._receivers)
                    self._store.save_states(times)
                self._times.take(times)
                self._open = round_.open
        return self._announce(round_.changes)

    def retire(self, slos: Sequence[SLO], now: float) -> list[Change]:
        """To be called when the set of SLOs changed, and after a start: ends the alerts of SLOs that are not among `slos`.

        Calling it again with the same object costs nothing.
        """
        if slos is self._kept:
            return []
        names, services = {slo.name for slo in slos}, {slo.sli.service for slo in slos}
        with self._lock:
            round_ = _Round(dict(self._open), self._public_url, now)
            for key in list(self._open):
                if key.name not in (services if key.kind is Kind.NO_DATA else names):
                    round_.withdraw(key)
            gone = self._times.names() - names
            if round_.changes or gone:
                with transaction(self._connection):
                    round_.store(self._store, self._outbox, self._receivers)
                    self._store.forget_states(gone)
                self._times.forget(gone)
                self._open = round_.open
            self._kept = slos
        return self._announce(round_.changes)

    def since(self, name: str, state: State | None = None) -> float | None:
        """When the state of an SLO began (epoch seconds); None for one that was never evaluated, or last in another than `state`."""
        return self._times.since(name, state)

    def alerts_json(self) -> list[dict[str, Any]]:
        """Every open alert as `/api/v1/alerts` says it, pages first, then oldest first."""
        open_ = self._open
        found = sorted(open_.values(), key=lambda alert: (alert.key.kind is Kind.TICKET, alert.firing.since))
        return [alert.as_json(inhibited=inhibited(alert.key, open_)) for alert in found]

    def alerts_json_of(self, slo: SLO) -> list[dict[str, Any]]:
        """The open alerts of one SLO, that of the service that feeds it included, as its own JSON object says them."""
        open_ = self._open
        keys = (Key(Kind.PAGE, slo.name), Key(Kind.TICKET, slo.name), Key(Kind.NO_DATA, slo.sli.service))
        found = [open_[key] for key in keys if key in open_]
        return [alert.as_json(inhibited=inhibited(alert.key, open_)) for alert in found]

    def _announce(self, changes: list[Change]) -> list[Change]:
        if any(change.notification for change in changes):
            self._on_queued()
        return changes


def inhibited(key: Key, open_: dict[Key, Alert]) -> bool:
    """Whether nobody is told of this alert for now: a ticket while the page of the same SLO fires."""
    return key.kind is Kind.TICKET and Key(Kind.PAGE, key.name) in open_


class _Round:
    """One evaluation's worth of changes, made in memory first. `open` is what will be open if it can be stored."""

    def __init__(self, open_: dict[Key, Alert], public_url: str, now: float) -> None:
        self.open = open_
        self.changes: list[Change] = []
        self._public_url = public_url
        self._now = now
        self._last: Status | None = None

    def take(self, judgement: Judgement, evaluation: Evaluation) -> None:
        """Runs one alert's machine and decides who is told."""
        key, condition = judgement.key, judgement.condition
        before = self.open.get(key)
        transition = step(before.firing if before else None, condition, self._now)
        if transition.reason is Reason.QUIET:
            return
        reason = transition.reason
        tells = condition is Condition.MET and not (before and before.told) and not inhibited(key, self.open)
        if reason.changes or tells:
            in_words = reason is Reason.FIRED or reason.ends or tells
            self._change(
                key, before, transition, condition, self._status(evaluation, judgement.row) if in_words else None
            )

    def _status(self, evaluation: Evaluation, row: int) -> Status:
        """Made once for the page and the ticket of an SLO: its exact fractions are what a round of many alerts costs."""
        if self._last is None or self._last.slo.name != evaluation.slos[row].name:
            self._last = evaluation.status(row)
        return self._last

    def withdraw(self, key: Key) -> None:
        """Ends an alert whose SLO is gone."""
        self._change(key, self.open[key], Transition(None, Reason.WITHDRAWN), Condition.UNKNOWN, None)

    def _change(
        self, key: Key, before: Alert | None, transition: Transition, condition: Condition, status: Status | None
    ) -> None:
        alert = self._after(key, before, transition, status)
        notice = decide(alert, condition, transition.reason, inhibited=inhibited(key, self.open))
        notification = self._notification(alert, notice, status)
        alert = replace(alert, told=alert.told or notice is Notice.TRIGGER)
        if transition.reason.ends:
            del self.open[key]
        else:
            self.open[key] = alert
        self.changes.append(Change(alert, transition.reason, notice, notification))

    def _after(self, key: Key, before: Alert | None, transition: Transition, status: Status | None) -> Alert:
        if before is not None:
            return before if transition.firing is None else replace(before, firing=transition.firing)
        assert status is not None, "only an evaluated SLO opens an alert"
        assert transition.firing is not None, "an alert that was not there can't end"
        return compose.opened(key, status, transition.firing)

    def _notification(self, alert: Alert, notice: Notice, status: Status | None) -> Notification | None:
        if notice is Notice.RESOLVE:
            return compose.resolves(alert, status, self._now, self._public_url)
        if notice is Notice.TRIGGER:
            assert status is not None, "only an evaluated SLO triggers"
            return compose.triggers(alert, status, self._public_url)
        return None

    def store(self, store: AlertStore, outbox: Outbox, receivers: Sequence[Receiver]) -> None:
        """Writes every change, in the caller's transaction."""
        self.changes = [self._stored(change, store, outbox, receivers) for change in self.changes]

    def _stored(self, change: Change, store: AlertStore, outbox: Outbox, receivers: Sequence[Receiver]) -> Change:
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
