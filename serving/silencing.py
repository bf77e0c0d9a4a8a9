"""Silences of a running collector: those made by hand, and beside them what its settings say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ..alerts.matching import Matchers
from ..alerts.names import LABEL_ALERTNAME, LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO
from ..alerts.silences.hold import LABEL_KIND
from ..alerts.silences.maintenance import Maintenance, MaintenanceWindow
from ..alerts.silences.quiet_hours import QuietHours
from ..alerts.silences.silence import Silence
from ..alerts.silences.silencer import Silencer
from ..alerts.silences.silences import Silences
from ..settings import Settings
from ..slo import SLO

_OF_ALERTS: Final = frozenset({LABEL_ALERTNAME, LABEL_KIND, LABEL_SEVERITY})
"""What is known of an alert alone, and not of its SLO."""


class Silencing:
    """Silences made and ended by hand: in force once this returns, and each in the audit log. Raises `StoreError` while none can be kept.

    `now` gives epoch seconds; `changed` is called after every change, so that who waits is told at once.
    """

    def __init__(self, silences: Silences, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self._silences = silences
        self._now = now
        self._changed = changed

    def known(self, past: int) -> Sequence[Silence]:
        """Those in force, the oldest first, and behind them so many of those that are over, the newest first."""
        now = self._now()
        return [*self._silences.in_force(now), *(self._silences.past(now, past) if past else ())]

    def of(self, slo: SLO) -> Sequence[Silence]:
        """Those in force or to come that may hold one of an SLO's alerts, the oldest first."""
        labels = {**slo.labels, LABEL_SLO: slo.name, LABEL_SERVICE: slo.service}
        return [each for each in self._silences.in_force(self._now()) if each.matchers.may_match(labels, _OF_ALERTS)]

    def add(self, silence: Silence) -> Silence | None:
        """Makes a silence; None where there is no room for more, `InvalidSilence` where it can't be made now."""
        made = self._silences.add(silence, self._now())
        self._changed()
        return made

    def end(self, number: int, author: str, reason: str) -> Silence | None:
        """Ends a silence; None where it is over already, `UnknownSilence` where there is none of that number."""
        ended = self._silences.end(number, author, reason, self._now())
        self._changed()
        return ended


def silencer_of(settings: Settings, silences: Silences) -> Silencer:
    """Who is asked whether somebody is told now: silences by hand, then maintenance, then quiet hours."""
    windows = [MaintenanceWindow(Matchers.of(each.patterns), each.correction) for each in settings.maintenance]
    return Silencer(silences, Maintenance(windows), QuietHours([each.hours for each in settings.quiet_hours]))
