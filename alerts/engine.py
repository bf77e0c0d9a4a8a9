"""The alert engine: evaluation in; alerts, their notifications and the times of states out, in one transaction.

    Evaluation -> judgements (what is known of each condition) -> state machine -> notice -> rows of `alert`, `outbox`, `slo_state`

Only rows whose condition is met, whose service is silent or whose alert is open are looked at; texts are made only for what
changes. A round is kept whole or not at all, so a restart neither forgets an alert nor tells it twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..slo import SLO, Evaluation, State
from .alert import Alert, AlertKey, Subject
from .conditions.burning import Burning
from .conditions.condition import Condition
from .conditions.stopped_reporting import StoppedReporting
from .dependencies import KnownDependencies
from .errors import InvalidReceiver
from .messages.explaining import Explainer, Foresee, nobody_knows
from .notification import Receiver
from .open_alerts import OpenAlerts
from .outbox import Outbox
from .round import AlertChange, Round
from .schema import connect, transaction
from .state_times import StateTimes
from .store import AlertStore, StateSince


class AlertEngine:
    """Keeps the alerts of a ledger's file on a connection of its own. Calls may come from any thread, one at a time goes through.

    `receivers` are told; `public_url` is where people find the pages; `on_queued` is called after something was put into the
    outbox for good; `foresee` looks ahead for what messages explain.
    `StoreError` when the file can't be used, `InvalidReceiver` when two receivers have one name.
    """

    def __init__(
        self,
        path: Path | str,
        receivers: Sequence[Receiver] = (),
        public_url: str = "http://127.0.0.1:8400",
        on_queued: Callable[[], None] | None = None,
        foresee: Foresee = nobody_knows,
    ) -> None:
        if len({receiver.name for receiver in receivers}) != len(receivers):
            raise InvalidReceiver("two receivers have one name")
        self._receivers = tuple(receivers)
        self._public_url = public_url
        self._foresee = foresee
        self._on_queued = on_queued or (lambda: None)
        self._connection = connect(path)
        self._store = AlertStore(self._connection)
        self._outbox = Outbox(self._connection)
        self._open = self._store.open_alerts()
        self._holders: Mapping[AlertKey, Alert] = {}
        self._times = StateTimes(self._store.states())
        self._dependencies = KnownDependencies()
        self._conditions: Sequence[Condition] = (StoppedReporting(), Burning(self._dependencies))
        self._kept: Sequence[SLO] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes its connection; what is open stays open in the file."""
        with self._lock:
            self._connection.close()

    @property
    def open(self) -> OpenAlerts:
        """The alerts that are open now."""
        return OpenAlerts(self._open, self._holders)

    def evaluate(self, evaluation: Evaluation, now: float) -> list[AlertChange]:
        """Takes an evaluation of all SLOs, or of some of them, into account; returns what changed.

        Alerts of SLOs that are not in it are left alone: see `retire`. `StoreError` when the round can't be kept; the next
        one then starts from where this one did.
        """
        with self._lock:
            slos, silent = evaluation.slos, np.flatnonzero(evaluation.observation.silent).tolist()
            dependencies = self._dependencies.of(evaluation.layout)
            explainer = Explainer(self._times, self._foresee)
            held = dependencies, {slos[row].name for row in silent}
            round_ = Round(self._open, self._public_url, now, explainer.explained, *held)
            for condition in self._conditions:
                for judgement in condition.judgements(evaluation, self._open):
                    round_.take(judgement, evaluation)
            self._keep(round_, begun=self._times.changed(evaluation, now))
            self._holders = round_.holders
        return self._announce(round_.changes)

    def retire(self, slos: Sequence[SLO], now: float) -> list[AlertChange]:
        """To be called when the set of SLOs changed, and after a start: ends the alerts of SLOs that are not among `slos`.

        Calling it again with the same object costs nothing.
        """
        if slos is self._kept:
            return []
        names, services = {slo.name for slo in slos}, {slo.sli.service for slo in slos}
        with self._lock:
            round_ = Round(self._open, self._public_url, now, Explainer(self._times, self._foresee).explained)
            for key in self._open:
                if key.name not in (names if key.kind.subject is Subject.SLO else services):
                    round_.withdraw(key)
            self._keep(round_, gone=self._times.names() - names)
            self._kept = slos
        return self._announce(round_.changes)

    def since(self, name: str, state: State) -> float | None:
        """When that state of an SLO began (epoch seconds); None where it was last in another, or never evaluated."""
        return self._times.since(name, state)

    def _keep(self, round_: Round, begun: Collection[tuple[str, StateSince]] = (), gone: Collection[str] = ()) -> None:
        """Writes a round, the states that began and those of SLOs that are gone; all of it holds once it is written."""
        if not (round_.changes or begun or gone):
            return
        with transaction(self._connection):
            round_.store(self._store, self._outbox, self._receivers)
            self._store.save_states(begun)
            self._store.forget_states(gone)
        self._times.take(begun)
        self._times.forget(gone)
        self._open = round_.open

    def _announce(self, changes: list[AlertChange]) -> list[AlertChange]:
        if any(change.notification for change in changes):
            self._on_queued()
        return changes
