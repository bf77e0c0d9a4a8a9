"""Alerts that are over, for whoever asks."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from ..alerts import EndedAlert, EndedPlace, ended_alert, ended_alerts
from ..collector import Ledger


class LookingBack:
    """Reads the ended alerts of a ledger. Of use from any thread. Raises `StoreError` where they can't be read."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def ended(
        self, since: float, until: float, slo: str, service: str, limit: int, before: EndedPlace | None = None
    ) -> Sequence[EndedAlert]:
        """Those that were open at any time in [since, until) (epoch seconds) and are over: see `ended_alerts`."""
        with contextlib.closing(self._ledger.reader()) as connection:
            return ended_alerts(connection, since, until, slo=slo, service=service, limit=limit, before=before)

    def found(self, number: int) -> EndedAlert | None:
        """The incident of that number; None where it is not over, or not kept."""
        with contextlib.closing(self._ledger.reader()) as connection:
            return ended_alert(connection, number)
