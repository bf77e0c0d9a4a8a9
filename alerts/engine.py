"""The alert engine: evaluation in; alerts, their notifications and the times of states out, in one transaction.

    Evaluation -> conditions -> state machine -> stages (route, silence, inhibition, ...) -> rows of `alert`, `outbox`, `slo_state`

Only rows whose condition is met, whose service is silent or whose alert is open are looked at; texts are made only for what
changes. A round is kept whole or not at all, so a restart neither forgets an alert nor tells it twice. Where thousands change at once
an evaluation is taken in several rounds: the first page waits for a few others, not for all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from ..slo import SLO, Evaluation, State
from .acknowledgement import Acknowledgement
from .alert import Alert, AlertKey, AlertKind, Subject
from .alert_verdict import AlertVerdict
from .audit import Audit, unaudited
from .by_hand import Deed, acknowledge, give_back, judged, write_down
from .change import AlertChange
from .conditions.burning import Burning
from .conditions.condition import Condition
from .conditions.stopped_reporting import StoppedReporting
from .dependencies import Dependencies, KnownDependencies
from .ended_alerts import EndedAlert, ended_alert
from .errors import InvalidReceiver, UnknownAlert
from .keeping import Keeping
from .messages.explaining import Explainer
from .messages.sources import Sources
from .messages.writer import Writer
from .note import Note
from .notification import Notification, Receiver
from .open_alerts import OpenAlerts
from .outbox import Outbox
from .past import Past
from .round import Facts, Round
from .schema import connect, transaction
from .silences.hold import Holder, NobodyHolds
from .stages.stages import Stages
from .state_times import StateTimes
from .store import AlertStore, StateSince

FIRST_ROUND: Final = 16
"""Changes after which the first round of an evaluation is kept, and its messages go out; each that follows has twice as many."""


class AlertEngine:
    """Keeps the alerts of a ledger's file on a connection of its own. Calls may come from any thread, one at a time goes through.

    `receivers` are told; `public_url` is where people find the pages; `on_queued` is called after something was put into the
    outbox for good; `sources` know what messages say besides; `holder` keeps alerts quiet; `audit` writes down what people do;
    `conditions` are judged after those of every SLO, a page before its ticket.
    `StoreError` when the file can't be used, `InvalidReceiver` when two receivers have one name.
    """

    def __init__(
        self,
        path: Path | str,
        receivers: Sequence[Receiver] = (),
        public_url: str = "http://127.0.0.1:8400",
        on_queued: Callable[[], None] | None = None,
        sources: Sources | None = None,
        holder: Holder | None = None,
        audit: Audit = unaudited,
        conditions: Sequence[Condition] = (),
    ) -> None:
        if len({receiver.name for receiver in receivers}) != len(receivers):
            raise InvalidReceiver("two receivers have one name")
        self._public_url = public_url
        self._sources = sources or Sources()
        self._on_queued = on_queued or (lambda: None)
        self._audit = audit
        self._connection = connect(path)
        self._store = AlertStore(self._connection)
        outbox = Outbox(self._connection)
        self._past = Past(self._store, outbox)
        self._keeping = Keeping(self._store, outbox, receivers)
        self._open = self._keeping.known(self._store.open_alerts())
        self._times = StateTimes(self._store.states())
        self._dependencies = KnownDependencies()
        self._conditions: Sequence[Condition] = (StoppedReporting(), Burning(self._dependencies), *conditions)
        self._stages = Stages(receivers, holder or NobodyHolds())
        self._kept: Sequence[SLO] | None = None
        self._judging = threading.Lock()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes its connection; what is open stays open in the file."""
        with self._lock:
            self._connection.close()

    @property
    def open(self) -> OpenAlerts:
        """The alerts that are open now."""
        return OpenAlerts(self._open)

    def evaluate(self, evaluation: Evaluation, now: float) -> list[AlertChange]:
        """Takes an evaluation of all SLOs, or of some of them, into account; returns what changed.

        Alerts of SLOs that are not in it are left alone: see `retire`. `StoreError` when a round can't be kept; the next
        one then starts from where this one did.
        """
        with self._judging:
            open_ = self._open
            judgements = chain.from_iterable(each.judgements(evaluation, open_) for each in self._conditions)
            silent = {evaluation.slos[row].name for row in np.flatnonzero(evaluation.observation.silent).tolist()}
            rounds = self._rounds(now, self._dependencies.of(evaluation.layout), silent, Facts(evaluation))
            changes: list[AlertChange] = []
            whole, most = False, FIRST_ROUND
            while not whole:
                with self._lock:
                    round_ = next(rounds)
                    whole = round_.take_some(judgements, most)
                    self._keep(round_, now, begun=self._times.changed(evaluation, now) if whole else ())
                changes += self._announce(round_.changes)
                most *= 2
        return changes

    def retire(self, slos: Sequence[SLO], now: float) -> list[AlertChange]:
        """To be called when the set of SLOs changed, and after a start: ends the alerts of SLOs that are not among `slos`.

        Calling it again with the same object costs nothing.
        """
        if slos is self._kept:
            return []
        names, services = {slo.name for slo in slos}, {slo.sli.service for slo in slos}
        with self._lock:
            round_ = next(self._rounds(now))
            for key in self._open:
                if key.kind not in _PROBED and key.name not in (names if key.kind.subject is Subject.SLO else services):
                    round_.withdraw(key)
            self._keep(round_, now, gone=self._times.names() - names)
            self._kept = slos
        return self._announce(round_.changes)

    def acknowledge(self, key: AlertKey, by: str, until: float, note: str, now: float) -> Alert:
        """Somebody takes an alert on: nobody is told again, nor reminded, before `until` (epoch seconds). Those who know of it hear who.

        Raises `UnknownAlert` where none of that key is open, `StoreError` when it can't be kept.
        """
        return self._do(key, lambda alert: acknowledge(alert, Acknowledgement(by, now, until, note)), now)

    def unacknowledge(self, key: AlertKey, by: str, note: str, now: float) -> Alert:
        """Takes an acknowledgement back: people are told again if its condition is still met.

        Raises as `acknowledge` does, and `Unacknowledged` where nobody has it.
        """
        return self._do(key, lambda alert: give_back(alert, by, note, now), now)

    def note(self, key: AlertKey, by: str, text: str, now: float) -> Alert:
        """Writes something down about an alert; those who know of it read it. Raises as `acknowledge` does."""
        return self._do(key, lambda alert: write_down(alert, Note(now, by, text)), now)

    def judge_ended(self, number: int, verdict: AlertVerdict) -> EndedAlert:
        """Keeps whether an alert that is over was useful; what was said of it before is forgotten, but for the audit log.

        Raises `UnknownAlert` where no incident of that number is over, `StoreError` when it can't be kept.
        """
        with self._lock, transaction(self._connection):
            ended = ended_alert(self._connection, number)
            if ended is None:
                raise UnknownAlert(f"no alert of number {number} is over")
            self._store.judge(number, verdict)
            self._audit(self._connection, judged(ended, verdict))
        return replace(ended, verdict=verdict)

    def since(self, name: str, state: State) -> float | None:
        """When that state of an SLO began (epoch seconds); None where it was last in another, or never evaluated."""
        return self._times.since(name, state)

    def _rounds(
        self,
        now: float,
        dependencies: Dependencies | None = None,
        silent: Collection[str] = (),
        facts: Facts | None = None,
    ) -> Iterator[Round]:
        """One round after another, each of the alerts that are open by then."""
        stages, writer = self._stages.at(dependencies or Dependencies(()), silent), self._writer(now)
        while True:
            yield Round(self._open, self._past, writer, stages, now, facts)

    def _writer(self, now: float) -> Writer:
        explainer = Explainer(self._times, self._sources.foresee)
        return Writer(self._public_url, explainer.explained, now, self._sources)

    def _do(self, key: AlertKey, deed_of: Callable[[Alert], Deed], now: float) -> Alert:
        with self._lock:
            if key not in self._open:
                raise UnknownAlert(f"no alert {key.dedup} is open")
            deed = deed_of(self._open[key])
            self._keep_deed(deed, now)
            self._open = {**self._open, key: deed.alert}
        if deed.alert.told:
            self._on_queued()
        return deed.alert

    def _keep_deed(self, deed: Deed, now: float) -> None:
        """Writes what somebody did, the line of the audit log and what people hear of it, all of it or nothing."""
        notification = self._said_of(deed, now)
        with transaction(self._connection):
            self._store.update(deed.alert)
            if deed.note is not None:
                self._store.note(deed.alert, deed.note)
            if notification is not None:
                self._keeping.queue(deed.alert, deed.notice, notification, now)
            self._audit(self._connection, deed.line)

    def _said_of(self, deed: Deed, now: float) -> Notification | None:
        """What those hear who know of the alert; None where nobody does."""
        if not deed.alert.told:
            return None
        last = self._past.last_said(deed.alert.number)
        return self._writer(now).updates(deed.alert, deed.news, acknowledged=deed.acknowledges, last=last)

    def _keep(
        self, round_: Round, now: float, begun: Collection[tuple[str, StateSince]] = (), gone: Collection[str] = ()
    ) -> None:
        """Writes a round, the states that began and those of SLOs that are gone; all of it holds once it is written."""
        if not (round_.changes or round_.rewritten or begun or gone):
            return
        with transaction(self._connection):
            self._keeping.keep(round_, now)
            self._store.save_states(begun)
            self._store.forget_states(gone)
        self._times.take(begun)
        self._times.forget(gone)
        self._open = round_.open

    def _announce(self, changes: list[AlertChange]) -> list[AlertChange]:
        if any(change.notification for change in changes):
            self._on_queued()
        return changes


_PROBED = frozenset({AlertKind.CERTIFICATE, AlertKind.CERTIFICATE_PAGE})
"""What is known from probes, whether an SLO has their service or not: its condition says itself when it is over."""
