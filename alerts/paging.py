"""The paging side of a collector as one object: evaluations go in, messages come out, and both survive a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from ..slo import Evaluation, Severity, State
from .alert import Alert, AlertKey
from .alert_verdict import AlertVerdict
from .audit import Audit, unaudited
from .conditions.condition import Condition
from .ended_alerts import EndedAlert
from .engine import AlertEngine
from .errors import AlertsError
from .messages.sources import Sources
from .names import METRIC_NOTIFICATION_OLDEST, METRIC_NOTIFICATIONS
from .notification import Receiver
from .notifier import Notifier
from .open_alerts import OpenAlerts
from .outbox import Outbox
from .pager import Pager
from .silences.hold import Holder

LAST_PAGES_SECONDS: Final = 3.0
"""How long a stopping collector still tries to send pages; what is left then is sent after the next start."""
MOST_NAMED: Final = 20
"""So many alerts are named in a line of the log."""

_log = logging.getLogger(__name__)


class Paging:
    """Engine, outbox and pager over the tables of one ledger's file. Raises AlertsError where they can't be used.

    `notifiers` are the ways to the receivers, `public_url` is where people find the pages, `now` gives epoch seconds, and
    `registry` takes the outbox's gauges; `sources` know what messages say besides, `holder` keeps alerts quiet, `audit` writes
    down what people do, `conditions` are further things that can be wrong.
    """

    def __init__(
        self,
        path: Path,
        notifiers: Mapping[Receiver, Notifier],
        public_url: str,
        now: Callable[[], float],
        registry: CollectorRegistry,
        sources: Sources | None = None,
        holder: Holder | None = None,
        audit: Audit = unaudited,
        conditions: Sequence[Condition] = (),
    ) -> None:
        self._notifiers = notifiers
        self._names = frozenset(receiver.name for receiver in notifiers)
        self._outbox = Outbox.open(path)
        self._pager = Pager(self._outbox, notifiers, now)
        wake, receivers = self._pager.wake, list(notifiers)
        self._engine = AlertEngine(path, receivers, public_url, wake, sources, holder, audit, conditions)
        self._notifications = Gauge(
            METRIC_NOTIFICATIONS,
            "Notifications kept, by receiver and where they stand",
            ("receiver", "state"),
            registry=registry,
        )
        self._say_left_open()
        self._now = now
        self._fault = ""
        self._oldest = Gauge(
            METRIC_NOTIFICATION_OLDEST,
            "Seconds that the oldest notification that is not sent yet has waited; 0 when none waits",
            ("receiver",),
            registry=registry,
        )

    def _say_left_open(self) -> None:
        """Whoever closes incidents by hand has to know of those that nobody else will close."""
        for receiver, keys in self._outbox.left_open(self._names).items():
            _log.error(
                "%s is no longer configured and never hears that %d alerts it was told of are over; close them there by hand,"
                " or give it its name back: %s",
                receiver,
                len(keys),
                ", ".join(keys[:MOST_NAMED]) + (", ..." if len(keys) > MOST_NAMED else ""),
            )

    def judge(self, evaluation: Evaluation) -> None:
        """Takes an evaluation of all SLOs into account; what follows is in the outbox once this returns."""
        try:
            retired = self._engine.retire(evaluation.slos, evaluation.now)
            for change in [*retired, *self._engine.evaluate(evaluation, evaluation.now)]:
                _log.info("%s", change)
        except AlertsError as error:
            self._fault = str(error)
            _log.error("alerts wait for the ledger: %s", error)
        else:
            self._fault = ""

    @property
    def fault(self) -> str:
        """Why what followed from the last evaluation could not be kept; empty where it was."""
        return self._fault

    def waiting(self) -> dict[str, float]:
        """Since when the oldest message that is not sent yet waits, by receiver (epoch seconds). `StoreError` where nobody can tell."""
        return self._outbox.oldest()

    def since(self, name: str, state: State) -> float | None:
        """When that state of an SLO began."""
        return self._engine.since(name, state)

    def alerts(self) -> OpenAlerts:
        """The open alerts, and what became of their messages as far as that can be read."""
        try:
            return replace(self._engine.open, sendings=self._outbox.sendings(self._names))
        except AlertsError as error:
            _log.warning("what became of messages is not known: %s", error)
            return self._engine.open

    def firing(self) -> set[tuple[str, Severity]]:
        """The open alerts, by SLO and severity."""
        return {(each.alert.slo, each.alert.severity) for each in self._engine.open}

    def acknowledge(self, key: AlertKey, by: str, until: float, note: str, now: float) -> Alert:
        """Somebody takes an alert on until then: see `AlertEngine.acknowledge`."""
        return self._engine.acknowledge(key, by, until, note, now)

    def unacknowledge(self, key: AlertKey, by: str, note: str, now: float) -> Alert:
        """Takes an acknowledgement back: see `AlertEngine.unacknowledge`."""
        return self._engine.unacknowledge(key, by, note, now)

    def note(self, key: AlertKey, by: str, text: str, now: float) -> Alert:
        """Writes something down about an alert: see `AlertEngine.note`."""
        return self._engine.note(key, by, text, now)

    def judge_ended(self, number: int, verdict: AlertVerdict) -> EndedAlert:
        """Keeps whether an alert that is over was useful: see `AlertEngine.judge_ended`."""
        return self._engine.judge_ended(number, verdict)

    def measure(self) -> None:
        """Brings the gauges up to date."""
        try:
            counts, waiting = self._outbox.counts(), self._outbox.oldest()
        except AlertsError as error:
            _log.warning("notifications are not counted: %s", error)
            return
        self._notifications.clear()
        for (receiver, stage), count in counts.items():
            self._notifications.labels(receiver, stage.value).set(count)
        now = self._now()
        for name in (receiver.name for receiver in self._notifiers):
            self._oldest.labels(name).set(max(0.0, now - waiting.get(name, now)))

    async def run(self) -> None:
        """Delivers until cancelled."""
        await self._pager.run()

    async def finish(self) -> None:
        """Sends what is due a last time; to be called when `run` has ended."""
        try:
            await asyncio.wait_for(self._pager.deliver_due(), LAST_PAGES_SECONDS)
        except (TimeoutError, AlertsError) as error:
            _log.warning(
                "pages that are not sent yet stay in the outbox until the next start: %s", str(error) or "no time left"
            )
        for notifier in self._notifiers.values():
            await notifier.close()

    def close(self) -> None:
        """Closes its connections; what is open stays open in the file."""
        self._engine.close()
        self._outbox.close()
