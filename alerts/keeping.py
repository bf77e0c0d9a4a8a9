"""From a round in memory to rows: alerts, and the messages that go out because of them, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .alert import Alert, AlertKey
from .change import AlertChange
from .notice import Notice
from .notification import Notification, Receiver
from .outbox import Outbox
from .round import Round
from .stages.route import RouteStage
from .store import AlertStore


class Keeping:
    """Writes rounds. `receivers` are told."""

    def __init__(self, store: AlertStore, outbox: Outbox, receivers: Sequence[Receiver]) -> None:
        self._store = store
        self._outbox = outbox
        self._names = [receiver.name for receiver in receivers]
        self._route = RouteStage(receivers)

    def known(self, alerts: Mapping[AlertKey, Alert]) -> dict[AlertKey, Alert]:
        """Open alerts as the receivers of today know them: one that only those were told of who are gone, or have another name, was never
        told.
        """
        return {key: alert if self._is_known(alert) else replace(alert, told=False) for key, alert in alerts.items()}

    def _is_known(self, alert: Alert) -> bool:
        return not alert.told or not self._names or not self._outbox.told(alert.number).isdisjoint(self._names)

    def keep(self, round_: Round, now: float) -> None:
        """Writes every change of a round, which then knows the numbers of what was new."""
        round_.changes = [self._kept(change, round_, now) for change in round_.changes]
        for key in round_.rewritten & round_.open.keys():
            self._store.update(round_.open[key])
        if any(change.reason.ends for change in round_.changes):
            self._store.forget(now)

    def queue(self, alert: Alert, notice: Notice, notification: Notification, now: float) -> None:
        """Puts a message about an alert into the outbox."""
        for name in self._told(notice, alert):
            self._outbox.add(notification, name, alert.number, now)

    def _kept(self, change: AlertChange, round_: Round, now: float) -> AlertChange:
        alert = change.alert
        if change.reason.ends:
            self._store.resolve(alert, now)
        elif change.reason.opens:
            alert = round_.open[alert.key] = self._store.open(alert)
        else:
            self._store.update(alert)
        if change.notification is not None:
            self.queue(alert, change.notice, change.notification, now)
        return replace(change, alert=alert)

    def _told(self, notice: Notice, alert: Alert) -> list[str]:
        """A beginning goes to whoever takes it; all that follows, and what is told again, to those who were told of that."""
        told = self._outbox.told(alert.number)
        taking = self._route.taking(alert) if notice.wakes else ()
        return [name for name in self._names if name in told or name in taking]
